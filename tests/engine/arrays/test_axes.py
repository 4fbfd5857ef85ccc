"""Which axes are meant: one, several, all; what is none is refused."""

from __future__ import annotations

import pytest

from engine.arrays.axes import axes_in_order, axes_of


def test_axes_are_counted_from_either_end_and_sorted_for_a_reduction():
    assert axes_of(None, 3) == [0, 1, 2]
    assert axes_of(-1, 3) == axes_of((2,), 3) == [2]
    assert axes_of((-1, 0), 3) == [0, 2]
    assert axes_in_order((-1, 0), 3) == [2, 0]
    assert axes_of((), 3) == []


def test_a_number_has_no_axis_and_is_as_good_as_one():
    assert axes_of(None, 0) == axes_of(0, 0) == axes_of(-1, 0) == []
    with pytest.raises(ValueError, match="axis 1 is none of an array of 0 dimensions"):
        axes_of(1, 0)


def test_what_is_no_axis_is_refused():
    with pytest.raises(ValueError, match="axis 2 is none of an array of 2 dimensions; give one from -2 to 1"):
        axes_of(2, 2)
    with pytest.raises(ValueError, match=r"axis=\(0, -2\) names an axis twice"):
        axes_of((0, -2), 2)
    with pytest.raises(TypeError):
        axes_of(1.5, 2)
