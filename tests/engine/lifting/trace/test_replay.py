"""Whether two runs built the same graph."""

from __future__ import annotations

import math

import pytest

import engine
from engine import Value
from engine.graph import order
from engine.lifting.ir import Leaf
from engine.lifting.trace.replay import same_graph, uses_another_run

W = Value(2.0, "w")


def run(f):
    """A run: its result, and what its input leaf is."""
    x = Value(0.5, "x")
    return [f(x)], {x: Leaf("input")}


SAME = {
    "the same operations": (lambda x: engine.tanh(x * W), lambda x: engine.tanh(x * W)),
    "NaN is itself": (lambda x: x * math.nan, lambda x: x * math.nan),
    "a shared node": (lambda x: (lambda y: y * y)(x + 1.0), lambda x: (lambda y: y * y)(x + 1.0)),
}
DIFFERENT = {
    "another operation": (lambda x: engine.tanh(x), lambda x: engine.sin(x)),
    "more operands": (lambda x: engine.total([x, W]), lambda x: engine.total([x, W, W])),
    "another captured Value of the same number": (lambda x: x * W, lambda x: x * Value(2.0, "w")),
    "a captured Value for a number": (lambda x: x * W, lambda x: x * 2.0),
    "another number": (lambda x: x * 2.0, lambda x: x * 3.0),
    "a zero of another sign": (lambda x: x + 0.0, lambda x: x + -0.0),
    "another fixed number": (lambda x: x**2, lambda x: x**3),
    "an input for a number": (lambda x: W * x, lambda x: W * 0.5),
    "what was shared is computed twice": (lambda x: (lambda y: y * y)(x * W), lambda x: (x * W) * (x * W)),
}


@pytest.mark.parametrize("case", SAME)
def test_equal_runs(case):
    (first, inputs), (second, others) = (run(f) for f in SAME[case])
    assert same_graph(first, second, inputs, others)


@pytest.mark.parametrize("case", DIFFERENT)
def test_runs_that_differ(case):
    (first, inputs), (second, others) = (run(f) for f in DIFFERENT[case])
    assert not same_graph(first, second, inputs, others)


def test_a_run_with_more_guards_is_another():
    (first, inputs), (second, others) = (run(lambda x: x * W) for _ in range(2))
    assert not same_graph(first, [*second, *second], inputs, others)


def test_a_value_of_another_run_is_found_however_deep():
    (first, inputs), (second, others) = (run(lambda x: x * W) for _ in range(2))
    assert not uses_another_run(order(*first), others)
    assert uses_another_run(order(engine.tanh(first[0] + second[0])), others)
    assert uses_another_run(order(engine.tanh(first[0] + second[0])), inputs)


def test_two_runs_that_differ_in_the_sign_of_a_zero_differ() -> None:
    signs = iter([0.0, -0.0, 0.0, -0.0])
    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        engine.lift(lambda x: x + next(signs))(1.0)


def test_a_function_that_takes_turns_with_two_values_of_one_number_is_refused():
    turns = [Value(2.0, "a"), Value(2.0, "b")]

    def f(x):
        turns.reverse()
        return x * turns[0]

    with pytest.raises(engine.LiftError, match="did not compute the same twice"):
        engine.lift(f)(3.0)
