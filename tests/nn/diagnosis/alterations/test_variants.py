import numpy as np
import pytest

from nn.diagnosis.alterations.variants import (
    along,
    at_one_place,
    exchanged_axes,
    moved_by,
    products_of,
    shifts,
    variant,
)

A, B = np.arange(6.0).reshape(2, 3), np.arange(9.0).reshape(3, 3)


def test_entries_moved():
    assert moved_by(A, 1, 2).tolist() == [[0, 0, 0], [0, 0, 3]] and not moved_by(A, 0, 5).any()
    assert [text for text, _ in shifts(A)][:2] == ["one late along axis 0", "one early along axis 0"]
    assert along(A[0], 0) == ""


def test_axes_exchanged():
    kinds = dict(exchanged_axes(B))
    assert np.array_equal(kinds["axes 0 and 1 exchanged"], B.T) and np.array_equal(kinds["reversed"], B[::-1, ::-1])
    assert variant(exchanged_axes, A, "transposed, then reshaped").tolist() == A.T.reshape(2, 3).tolist()
    with pytest.raises(ValueError, match="axes 0 and 1"):
        variant(exchanged_axes, A, "axes 0 and 1 exchanged")


def test_one_place():
    masks = dict(at_one_place(A))
    assert masks["index -1 along axis 1"].sum() == 2.0 and len(masks) == 5
    assert list(at_one_place(A[0])) == []


def test_products_of_a_shape():
    for text, product in products_of(A, B, (2, 3)):
        assert product(A, B).shape == (2, 3)
        wanted = {"g @ s": A @ B, "g @ s.T": A @ B.T}[text]
        np.testing.assert_array_equal(product(A, B), wanted)
