"""Choices at their edges: ties, NaN, bounds the wrong way round, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from array_truth import same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

FLOATS = st.floats(allow_nan=True, width=16)


@given(st.lists(FLOATS, min_size=1, max_size=3), FLOATS, FLOATS)
def test_numbers_are_clipped_as_numpy_does(xs, low, high):
    if not math.isnan(low + high):
        same_value(lambda x: np.clip(x, low, high), np.array(xs))


def test_bounds_belong_to_the_inside_and_none_is_no_bound():
    assert engine.grad(lambda x: np.sum(np.clip(x, 0.0, 1.0)))(np.array([0.0, 1.0, 2.0, -1.0])).tolist() == [1, 1, 0, 0]
    assert engine.grad(lambda x: np.sum(np.clip(x, None, 1.0)))(np.array([1.0, 2.0])).tolist() == [1.0, 0.0]
    assert engine.grad(lambda b: np.sum(np.clip(np.zeros(2), b, b + 1.0)))(np.array([0.5, -0.5])).tolist() == [1.0, 0.0]
    out = np.zeros(2, dtype=object)
    assert np.clip(engine.array([Value(3.0), 1.0]), 0.0, 2.0, out=out) is out


@given(st.lists(FLOATS, min_size=1, max_size=4))
def test_what_is_not_finite_is_replaced_as_numpy_does(xs):
    same_value(np.nan_to_num, np.array(xs))
    same_value(lambda x: np.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0), np.array(xs))
    ours = engine.array(list(map(Value, xs)))
    for f in (np.isfinite, np.isnan, np.isinf):
        assert f(ours).tolist() == f(np.array(xs)).tolist()
    assert np.signbit(ours).tolist() == [math.copysign(1.0, x) < 0.0 and x == x for x in xs]  # a NaN has no sign here


@given(st.lists(FLOATS, min_size=1, max_size=4), FLOATS, st.booleans())
def test_closeness_is_numpys(xs, y, equal_nan):
    with np.errstate(all="ignore"):
        want = np.isclose(np.array(xs), y, equal_nan=equal_nan)
    assert np.isclose(engine.array(list(map(Value, xs))), y, equal_nan=equal_nan).tolist() == want.tolist()
    assert np.allclose(engine.array(xs), y, equal_nan=equal_nan) is bool(want.all())


def test_whole_arrays_are_compared():
    x = engine.array([Value(1.0), math.nan])
    assert np.array_equal(x, x) is False
    assert np.array_equal(x, x, equal_nan=True) is True
    assert np.array_equal(x, x[:1]) is np.array_equiv(x, np.ones(3)) is False
    assert np.array_equiv(engine.array([Value(2.0)]), np.full((2, 1), 2.0)) is True


@given(st.floats(-3.0, 3.0))
def test_interpolation_is_numpys_at_and_between_knots(t):
    knots, heights = [-2.0, 0.0, 0.5, 2.0], [1.0, -1.0, 4.0, 0.0]
    same_value(lambda x: np.interp(x, knots, heights), np.array([t, *knots]))
    assert math.isnan(np.interp(Value(math.nan), knots, heights).data)


def test_pieces_and_selections_take_what_numpy_takes():
    x = np.array([-1.0, 0.5, 3.0])
    same_value(lambda a: np.piecewise(a, [a < 0.0, a > 1.0], [lambda b, k: b * k, -1.0, lambda b, k: b + k], 2.0), x)
    same_value(lambda a: np.piecewise(a, [[True, False, True]], [lambda b: b * b]), x)
    same_value(lambda a: np.select([a > 1.0, a > 0.0], [a, a * a]), x)
    values = engine.array(x)
    with pytest.raises(ValueError, match="needs a function for each condition; got 3 for 1"):
        np.piecewise(values, [values > 0.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="as many choices as conditions; got 1 and 2"):
        np.select([values > 0.0, values > 1.0], [values])
    with pytest.raises(TypeError, match="knots xp must be plain numbers"):
        np.interp(values, [Value(0.0), 1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="a height for each knot; got 1 for 2"):
        np.interp(values, [0.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="a condition and two choices"):
        np.where(values > 0.0, values)


def test_of_a_plain_mask_elements_are_moved():
    x = engine.array([Value(1.0), Value(2.0)])
    assert np.where(np.array([True, False]), x, 0.0)[0] is x[0]
    assert np.count_nonzero(x > 1.0) == 1
    assert np.count_nonzero(engine.array([[Value(0.0), 1.0]]), axis=1).tolist() == [1]
