"""Reductions over any axes, with masks and initial values; ties share, NaN stays."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.arrays.along import along, by_lines, largest_of, product_of, reduction, smallest_of, sum_of

A = np.arange(24.0).reshape(2, 3, 4)
AXES = st.one_of(st.none(), st.integers(-3, 2), st.lists(st.integers(0, 2), unique=True).map(tuple))


@given(AXES, st.booleans())
def test_axes_and_kept_dimensions_are_numpys(axis, keepdims):
    want = np.sum(A, axis=axis, keepdims=keepdims)
    got = along(sum, A, axis, keepdims)
    assert got.shape == np.shape(want)
    np.testing.assert_array_equal(got.astype(float), want)


@given(AXES, st.integers(0, 2**12 - 1))
def test_masks_and_initial_values_are_numpys(axis, bits):
    mask = np.array([bits >> k & 1 for k in range(12)], bool).reshape(3, 4)
    want = np.max(A, axis=axis, where=mask, initial=-1.0)
    got = along(max, A, axis, where=mask, initial=-1.0)
    np.testing.assert_array_equal(got.astype(float), want)


def test_reductions_are_one_node_where_there_is_a_rule():
    xs = [Value(1.0), 2.0, Value(3.0)]
    assert sum_of(xs).op == "total"
    assert largest_of(xs).op == "largest"
    assert product_of(xs).data == 6.0
    assert (sum_of([]), product_of([])) == (0.0, 1.0)
    assert reduction("logaddexp")(xs).op == "logsumexp"
    assert reduction("hypot")([3.0, 4.0]) == 5.0
    with pytest.raises(TypeError, match=r"np\.frexp\.reduce is not defined"):
        reduction("frexp")


def test_ties_share_evenly_and_nan_stays():
    assert engine.grad(np.max)(np.array([2.0, 1.0, 2.0, 2.0])).tolist() == pytest.approx([1 / 3, 0.0, 1 / 3, 1 / 3])
    assert engine.grad(np.min)(np.array([1.0, 1.0])).tolist() == [0.5, 0.5]
    for f in (np.max, np.min, np.sum, np.maximum.reduce):
        assert math.isnan(f(engine.array([Value(1.0), Value(math.nan), 0.0])).data)


def test_of_no_numbers_there_is_no_largest():
    with pytest.raises(
        ValueError, match=r"np.maximum of no numbers has no result. Pass at least one, or give initial="
    ):
        largest_of([])
    with pytest.raises(ValueError, match="np.minimum of no numbers"):
        smallest_of([])
    with pytest.raises(ValueError, match="np.hypot of no numbers"):
        reduction("hypot")([])
    assert np.max(engine.array([]), initial=2.0) == 2.0


def test_lines_keep_their_places():
    np.testing.assert_array_equal(by_lines(sorted, A[:, ::-1], axis=1), A)
    np.testing.assert_array_equal(by_lines(sorted, A[::-1], axis=None), A.ravel())
    with pytest.raises(ValueError, match="axis 3 is none"):
        by_lines(sorted, A, axis=3)
