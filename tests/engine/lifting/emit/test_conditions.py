"""Conditions of branches: an array's are returned together, in whichever order the branches came."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import GuardError
from engine.lifting.emit.conditions import by_guard

X = np.random.default_rng(3).normal(size=(6, 4))
W = [engine.Value(x, f"w[{k}]") for k, x in enumerate(np.random.default_rng(4).normal(size=24))]


def two_layers(x):
    """Branches of the first layer and of the second come in turns, one sample after the other."""
    total = 0.0
    for row in X:
        h = [engine.dot(W[4 * j : 4 * j + 4], row) * x for j in range(4)]
        h = [v if v > 0 else 0.1 * v for v in h]
        z = [engine.dot(W[16 + 4 * j : 20 + 4 * j], h) for j in range(2)]
        total = total + sum(v * v if v > 0 else -v for v in z)
    return total


def smallest(x):
    """Which differences are compared depends on the branches before."""
    total = 0.0
    for row in X:
        best = row[0] * x
        for v in row[1:]:
            if v * x < best:
                best = v * x
        total = total + best * best
    return total


def twice(x):
    return engine.total([v if v > 0.1 else 2.0 * v for v in x]) * engine.total(
        [v * v if v > 0.1 else v for v in x[::-1]]
    )


def some_of_many(x):
    """Of an array, elements that lie apart."""
    return engine.total([v * v if k % 3 == 1 or k > 30 else v for k, v in enumerate(x) if k % 5 or x[k] * 2.0 > 0.3])


@pytest.mark.parametrize("f", [two_layers, smallest])
def test_whichever_branch_came_first(f):
    program = engine.lift(f)
    for x in (1.0, -1.0, 2.0, -0.3):
        value, gradient = program.value_and_grad(x, wrt="inputs")
        slope = engine.grad(f)(x)
        assert value == pytest.approx(f(x).data if f is two_layers else f(x), rel=1e-13)
        assert gradient.inputs[0] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("f", [twice, some_of_many])
def test_conditions_that_are_asked_twice_or_lie_apart(f):
    program, rng = engine.lift(f), np.random.default_rng(7)
    for _ in range(6):
        x = rng.normal(size=40).round(1)
        value, gradient = program.value_and_grad(x, wrt="inputs")
        assert value == pytest.approx(float(f(x.tolist())), rel=1e-13)
        np.testing.assert_allclose(gradient.inputs[0], engine.grad(f)(x), rtol=1e-12)


def test_arrays_are_few_conditions():
    program = engine.lift(two_layers)
    program(1.0)
    (returned,) = [line for line in program.source().splitlines() if "return float" in line]
    assert returned.count(",") <= 6 and len(program.latest.guards) == 36


def test_a_batch_names_the_row_and_the_branch():
    program = engine.lift(lambda x: engine.total([v if v > 0 else -v for v in x]), batch=True)
    program(np.ones((3, 6)))
    with pytest.raises(GuardError, match="is False for row 1"):
        program(np.array([[1.0] * 6, [1.0, -1.0] * 3, [1.0] * 6]))


def test_they_are_put_in_the_guards_order():
    assert by_guard((True, 0.0), 2, None) == (True, 0.0)
    assert by_guard((np.array([1.0, 0.0]), True), 3, None) == [1.0, 0.0, True]
    assert by_guard((np.array([1.0, 0.0]), 5.0), 4, np.array([2, 0, 1, 2])) == [5.0, 1.0, 0.0, 5.0]
