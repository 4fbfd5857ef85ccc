"""Sums, products, extremes: one node each, of every axis, mask and initial value."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_gradient, same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

A = np.random.default_rng(8).normal(size=(2, 3, 2))
AXES = st.one_of(st.none(), st.integers(-3, 2), st.lists(st.integers(0, 2), min_size=1, unique=True).map(tuple))


@given(st.sampled_from([np.sum, np.prod, np.max, np.min]), AXES, st.booleans())
def test_values_and_shapes_are_numpys(f, axis, keepdims):
    same_value(lambda a: f(a, axis=axis, keepdims=keepdims), A)
    same_value(lambda a: f(a, axis=axis, keepdims=keepdims, where=A > -1.0, initial=0.5), A)


@pytest.mark.parametrize("f", [np.sum, np.prod, np.max, np.min, np.ptp])
def test_gradients_are_those_of_differences(f):
    same_gradient(lambda a: f(a, axis=(0, 2)) if f is not np.ptp else f(a, axis=1), A)


def test_they_are_single_nodes():
    x = engine.array([Value(1.0), Value(2.0), 3.0])
    assert [np.sum(x).op, np.max(x).op, x.sum().op, sum(x).op] == ["total", "largest", "total", "add"]
    assert len(np.sum(x).parents) == 3


def test_truth_is_a_bool_eagerly():
    x = engine.array([[Value(1.0), 0.0], [2.0, 3.0]])
    assert np.any(x, axis=0).tolist() == [True, True]
    assert np.all(x, axis=1, keepdims=True).tolist() == [[False], [True]]
    assert np.all(x) is False


def test_other_types_are_refused():
    with pytest.raises(TypeError, match=r"np.sum\(dtype=int64\) is not defined for arrays of Values"):
        np.sum(engine.array([Value(1.0)]), dtype=np.int64)
    assert np.sum(engine.array([Value(1.0)]), dtype=float).data == 1.0
