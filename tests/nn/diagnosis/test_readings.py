"""Every other convention in which a gradient is right is found, and none in which it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn import matrix
from nn.diagnosis.dialects import DIALECTS
from nn.diagnosis.equations import Problem
from nn.diagnosis.readings import fitting, readings

PROBLEM = Problem.random((4, 5, 3), samples=7, loss="mse", l2=0.2)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scale": 1.0}, "the loss is the sum over the samples"),
        ({"summed_outputs": True}, "the loss is the sum over the outputs"),
        ({"loss": "half_mse"}, "the loss is half the square"),
        ({"l2": 0.4}, "the penalty is strength * sum(W * W)"),
        ({"l2": 0.2 / 7}, "the penalty is strength / (2 * m) * sum(W * W)"),
    ],
)
def test_a_convention_is_found(fields, said):
    found = fitting(PROBLEM, replace(PROBLEM, **fields).right, "rows")
    assert [reading.sentence.startswith(said) for reading in found] == [True]


def test_two_differences_at_once_and_weights_turned():
    both = replace(PROBLEM, scale=1.0, l2=0.4).right
    assert [len(reading.differences) for reading in fitting(PROBLEM, both, "rows")] == [2]
    turned = matrix.from_rows(PROBLEM.right, "torch")
    assert [r.sentence for r in fitting(PROBLEM, turned, "rows")] == ["weights are (outputs, inputs)"]


def test_what_is_right_in_none():
    wrong = PROBLEM.right | {"layers.0.b": PROBLEM.right["layers.0.b"] + 1.0}
    assert fitting(PROBLEM, wrong, "rows") == []
    assert fitting(PROBLEM, {name: 3.0 * x for name, x in PROBLEM.right.items()}, "rows") == []


def test_a_cost_tells_the_convention():
    other = replace(PROBLEM, scale=1.0)
    assert next(r.sentence for r in readings(PROBLEM, "rows") if r.costs(other.value)).startswith("the loss is the sum")
    value = matrix.value_and_gradients(PROBLEM.params, PROBLEM.X, PROBLEM.t, activation="tanh", loss="mse", l2=0.2)[0]
    assert PROBLEM.value == pytest.approx(value)


def test_habits_are_the_dialect_s():
    dialect = DIALECTS["cs231n"]
    habits = [r.sentence for r in readings(PROBLEM, "rows", dialect) if r.is_habit]
    assert habits == ["the penalty is 0.5 * reg * sum(W * W)"]


def test_slopes():
    problem = Problem.random((4, 5, 3), samples=7, activation="leaky_relu")
    steep = replace(problem, kinds=("leaky_relu(0.2)", "identity"))
    assert [np.round(len(r.differences)) for r in fitting(problem, steep.right, "rows")] == [1]
