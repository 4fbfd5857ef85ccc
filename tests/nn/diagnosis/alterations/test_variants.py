import numpy as np

from nn.diagnosis.alterations.variants import (
    along,
    axes_text,
    moved_by_one,
    rearranged,
    shifts,
    some_axes,
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
