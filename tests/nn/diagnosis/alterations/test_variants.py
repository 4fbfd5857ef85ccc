import numpy as np
import pytest

from nn.diagnosis.alterations.variants import (
    along,
    axes_text,
    moved_by_one,
    only_at,
    place,
    products_of,
    rearranged,
    shifts,
    single_places,
    some_axes,
    times_at,
)

A, B = np.arange(6.0).reshape(2, 3), np.arange(9.0).reshape(3, 3)


def test_entries_moved():
    assert moved_by_one(A, 1, 1).tolist() == [[0, 0, 1], [0, 3, 4]]
    assert moved_by_one(A, 1, -1, end=1.0).tolist() == [[1, 2, 2], [4, 5, 5]]
    assert [text for text, _ in shifts(A.shape)][:2] == ["one late along axis 0", "one early along axis 0"]
    assert along((3,), 0) == "" and list(shifts((1,))) == []


def test_axes_exchanged():
    kinds = {text: change(B) for text, change in rearranged(B.shape)}
    assert np.array_equal(kinds["axes 0 and 1 exchanged"], B.T) and np.array_equal(kinds["reversed"], B[::-1, ::-1])
    assert dict(rearranged(A.shape))["transposed, then reshaped"](A).tolist() == A.T.reshape(2, 3).tolist()
    assert "axes 0 and 1 exchanged" not in dict(rearranged(A.shape))


def test_choices_of_axes():
    assert list(some_axes(2)) == [(0,), (1,), (0, 1)]
    assert axes_text((0, 1)) == "axis 0, 1"


def test_one_place():
    masks = {text: only_at(np.ones(A.shape), where) for text, where in single_places(A.shape)}
    assert masks["index -1 along axis 1"].sum() == 2.0 and len(masks) == 5
    assert list(single_places((2,))) == []
    assert times_at(A, place(1, 0), -1.0).tolist() == [[0, 1, 2], [-3, 4, 5]]


@pytest.mark.parametrize("shape", [(2, 3), (3, 3)])
def test_products_of_a_shape(shape):
    a = B[: shape[0]]
    wanted = {"g @ s": a @ B, "g @ s.T": a @ B.T, "g * s": a * B[: shape[0]]}
    for text, product in products_of(a.shape, B.shape, shape):
        assert product(a, B).shape == shape
        if text in wanted:
            np.testing.assert_array_equal(product(a, B), wanted[text])
