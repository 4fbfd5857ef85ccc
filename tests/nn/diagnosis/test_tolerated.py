"""Right gradients that look wrong: at a kink, and by rounding."""

import numpy as np
import pytest

import engine
from nn.diagnosis.comparison import Comparison
from nn.diagnosis.tolerated import at_kinks, with_spreads


def compared(right, given):
    leaves = [engine.Value(k + 1.0) for k in range(len(right))]
    return {0: Comparison(sum(leaf.sin() for leaf in leaves), leaves, np.asarray(right), np.asarray(given))}


def relu(x):
    return np.maximum(x, 0.0).sum()


@pytest.mark.parametrize(("slope", "is_right"), [(0.0, True), (1.0, True), (2.0, False), (-1.0, False)])
def test_at_a_kink_the_slope_of_either_side_is_right_and_no_other(slope, is_right):
    x = np.array([0.0, 1.0, -2.0])
    (said,) = at_kinks(compared([0.0, 1.0, 0.0], [slope, 1.0, 0.0]), relu, [("x", x)]).values()
    assert said.outcome.ok == is_right


def test_what_is_wrong_beside_a_kink_stays_wrong():
    x = np.array([0.0, 1.0, -2.0])
    (said,) = at_kinks(compared([0.0, 1.0, 0.0], [1.0, 1.0, 0.5]), relu, [("x", x)]).values()
    assert not said.outcome.ok


def test_what_other_roundings_move_as_far_is_right():
    right = np.array([1.0, 1e-7])
    off = compared(right, right + np.array([0.0, 1e-11]))
    (moved,) = with_spreads(off, lambda runs: {0: np.array([0.0, 1e-11]) * (runs > 0)}).values()
    (still,) = with_spreads(off, lambda runs: {0: np.zeros(2)}).values()
    assert moved.outcome.ok and not still.outcome.ok


def test_a_function_that_takes_no_such_arrays_leaves_the_comparison_as_it_was():
    def again(runs):
        raise TypeError("arrays of floats alone")

    off = compared([1.0, 1e-7], [1.0, 1.0001e-7])
    assert with_spreads(off, again)[0] is off[0]
