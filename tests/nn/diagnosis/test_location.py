"""Where in a network a difference without a name sits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem

PROBLEM = Problem.random((5, 4, 3), samples=6, l2=0.1)


def changed(**gradients):
    return {**PROBLEM.right, **{name.replace("_", "."): value for name, value in gradients.items()}}


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda g: g[2].__iadd__(1.0), "only in input 2; rank 1"),
        (lambda g: g[:, 1].__iadd__(1.0), "only in unit 1; rank 1"),
        (lambda g: g[3].__setitem__(slice(0, 2), 9.0), "only in input 3 and only in units 0, 1; rank 1"),
    ],
)
def test_an_unnamed_difference_is_described(change, note):
    wrong = PROBLEM.right["layers.0.W"].copy()
    change(wrong)
    said = diagnose_problem(PROBLEM, changed(layers_0_W=wrong))
    assert said.verdict == "unnamed"
    assert said.parameters[0].note.startswith(note)


def test_a_difference_along_one_sample_is_described():
    wrong = PROBLEM.right["layers.0.W"] + np.outer(PROBLEM.X[4], [0.3, 1.0, -2.0, 0.1])
    said = diagnose_problem(PROBLEM, changed(layers_0_W=wrong))
    assert "over inputs a multiple of the input of sample 4" in said.parameters[0].note


def test_columns_of_the_output_are_classes():
    wrong = PROBLEM.right["layers.1.W"].copy()
    wrong[:, 2] += 1.0
    said = diagnose_problem(PROBLEM, changed(layers_1_W=wrong))
    assert said.parameters[2].note.startswith("only in class 2; rank 1")


def test_where_lower_layers_may_only_inherit():
    rng = np.random.default_rng(0)
    noise = {k: v + rng.normal(size=v.shape) for k, v in PROBLEM.right.items()}
    said = diagnose_problem(PROBLEM, noise)
    assert "the first difference is in layers.1; the layers below it may only inherit it" in said.remarks


def test_dead_units_are_mentioned():
    problem = Problem.random((3, 4, 2), samples=5, activation="relu")
    params = dict(problem.params) | {"layers.0.b": np.array([0.0, -99.0, 0.0, 0.0])}
    problem = replace(problem, params=params)
    wrong = dict(problem.right) | {"layers.0.W": np.ones((3, 4))}
    assert "units 1 are dead on this data" in diagnose_problem(problem, wrong).parameters[0].note
