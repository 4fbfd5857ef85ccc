"""Numbers are short and do not mislead."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.numbers import brief, number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_does_not_look_zero_or_change_sign_or_size(x):
    shown = float(number(x))
    assert (shown == 0) == (x == 0)
    assert shown == pytest.approx(x, rel=1e-3)
    assert math.copysign(1, shown) == math.copysign(1, x)


@given(st.floats(-999, 999).filter(lambda x: not x.is_integer()))
def test_what_is_not_whole_does_not_look_whole(x):
    assert not float(number(x)).is_integer() or float(number(x)) == x


@pytest.mark.parametrize(("x", "text"), [(math.inf, "inf"), (-math.inf, "-inf"), (1.2e-7, "1.2e-07"), (-0.0, "-0")])
def test_special_numbers(x, text):
    assert number(x) == text


def test_brief_numbers():
    assert [brief(x) for x in (0.0031, 250.0, 1e9, math.nan)] == ["3.1e-3", "250", "1.0e9", "nan"]
