"""`numpy.gradient` with steps of every kind, and at the edges of both orders."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import holds, same_value
from hypothesis import given
from hypothesis import strategies as st

import engine

RNG = np.random.default_rng(31)
ROW, X = RNG.normal(size=5), RNG.normal(size=(3, 4))
PLACES = np.array([0.0, 1.0, 3.0, 3.5, 6.0])


@pytest.mark.parametrize("edge", [1, 2])
@pytest.mark.parametrize("spacing", [(), (0.5,), (PLACES,)], ids=["1", "even", "uneven"])
def test_slopes_along_a_row(edge, spacing):
    holds(lambda a: np.gradient(a, *spacing, edge_order=edge), ROW)


def test_steps_and_places_may_be_values_too():
    holds(lambda a, h: np.gradient(a, h), ROW, np.float64(0.7))
    holds(lambda a, p: np.gradient(a, p, edge_order=2), ROW, PLACES)


@given(st.sampled_from([None, 0, 1, -1, (0, 1), (1, 0)]), st.sampled_from([1, 2]))
def test_axes(axis, edge):
    same_value(lambda a: np.gradient(a, axis=axis, edge_order=edge), X)
    if axis in (None, (0, 1)):
        same_value(lambda a: np.gradient(a, 0.5, PLACES[:4], axis=axis, edge_order=edge), X)
        holds(lambda a: list(np.gradient(a, 0.5, axis=axis)), X)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: np.gradient(a[:1]), ValueError, "2 points along an axis or more; axis 0 has 1"),
        (lambda a: np.gradient(a[:2], edge_order=2), ValueError, "3 points along an axis"),
        (lambda a: np.gradient(a, PLACES[:3]), ValueError, r"places of 5 points along axis 0; got shape \(3,\)"),
        (lambda a: np.gradient(a, 1.0, 2.0), TypeError, "one spacing, or one for each of 1 axes; got 2"),
        (lambda a: np.gradient(a, edge_order=3), ValueError, "edge_order is 3; use 1 or 2"),
        (lambda a: np.gradient(a, axis=2), ValueError, "axis 2"),
    ],
)
def test_wrong_arguments_say_so(f, error, message):
    with pytest.raises(error, match=message):
        f(engine.array(ROW))
