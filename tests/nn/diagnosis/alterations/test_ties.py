"""At a kink or a tie the derivative of either side is right; both at once are not."""

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.ties import at_ties, branches

ZEROS = np.array([0.0, 1.0, -2.0, 3.0, 0.0])
TIED = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 1.0]])
RIGHT = {
    "x > 0": (lambda x: np.maximum(0, x), lambda d, x: d * (x > 0)),
    "x >= 0": (lambda x: np.maximum(x, 0), lambda d, x: d * (x >= 0)),
    "a half": (lambda x: np.maximum(0, x), lambda d, x: d * ((x > 0) + 0.5 * (x == 0))),
    "between": (lambda x: np.clip(x, 0, 3), lambda d, x: d * ((x > 0) & (x < 3))),
    "at the ends too": (lambda x: np.clip(x, 0, 3), lambda d, x: d * ((x >= 0) & (x <= 3))),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_slope_of_either_side_is_right(name):
    assert nn.check_backward(*RIGHT[name], ZEROS).ok


def chosen(index):
    def backward(d, x):
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), index(x)] = d
        return dx

    return backward


@pytest.mark.parametrize("index", [lambda x: x.argmax(axis=1), lambda x: 3 - x[:, ::-1].argmax(axis=1)])
def test_the_first_or_the_last_of_the_largest_is_right(index):
    said = nn.check_backward(lambda x: x.max(axis=1), chosen(index), TIED)
    assert said.ok and "kink" in said.remarks[0]


def test_all_of_the_largest_are_not():
    said = nn.check_backward(
        lambda x: x.max(axis=1), lambda d, x: d[:, None] * (x == x.max(axis=1, keepdims=True)), TIED
    )
    assert not said.ok


def test_a_function_of_an_array_has_its_ties_too():
    x = np.array([3.0, 1.0, 3.0])
    assert nn.diagnose_function(lambda x: x.max(), x, np.array([1.0, 0.0, 0.0])).ok
    assert not nn.diagnose_function(lambda x: x.max(), x, np.array([1.0, 0.0, 1.0])).ok


def test_where_nothing_is_equal_there_is_one_gradient():
    assert at_ties(lambda x: np.maximum(x, 0.0).sum() + x.max(), [("x", np.array([1.0, -2.0]))]) == []
    assert at_ties(lambda x: float(x.sum()), [("x", np.zeros(2))]) == []


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.maximum(x - 1.0, 0.0),
        lambda x: np.abs(x - 1.0),
        lambda x: x * (x > 1.0),
        lambda x: np.where(x > 1.0, x, x**2),
        lambda x: np.max(x, axis=0),
        lambda x: x[np.argmax(x, axis=0), np.arange(2)],
    ],
)
def test_the_branches_of_a_function_differ_where_a_comparison_turns_out_otherwise(f):
    def same(a, b):
        return all(map(np.array_equal, *(branches(lambda x: f(x).sum(), [("x", x)]) for x in (a, b))))

    low, high = np.array([[0.2, 1.5], [0.4, 1.6]]), np.array([[0.2, 1.6], [0.4, 1.5]])
    assert same(low, low * 1.01) and not (same(low, high) and same(low, low[:, ::-1]))


def test_a_smooth_function_has_one_branch_even_where_it_saturates():
    def f(x):
        return np.tanh(np.exp(x) * 2.0).sum()

    few, many = (branches(f, [("x", np.array(x))]) for x in ([0.1, -3.0], [9.0, 3.0]))
    assert len(few) == len(many) and all(map(np.array_equal, few, many))
    assert branches(lambda x: None, [("x", np.ones(2))]) == []
