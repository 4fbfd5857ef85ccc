"""Differences whose step crosses the kink of a rectifier are no mistake; a wrong mask is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.kinks import kinks, without_kinks

from .injection import gradients, numerical


def at_a_kink(activation, distance):
    """A network in which one sample's unit is as near to its kink as that."""
    problem = Problem.random((4, 5, 5, 3), samples=6, activation=activation)
    b = problem.params["layers.0.b"].copy()
    b[2] -= problem.forward[0][0][3, 2] - distance
    return replace(problem, params={**problem.params, "layers.0.b": b})


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("distance", [3e-6, -3e-6])
def test_differences_across_a_kink_are_right(activation, distance):
    problem = at_a_kink(activation, distance)
    candidate = numerical(problem)
    assert (0, 3, 2) in kinks(problem)
    assert np.abs(candidate["layers.0.b"] - problem.right["layers.0.b"]).max() > 1e-5
    said = diagnose_problem(problem, candidate)
    assert said.ok
    assert "numerical difference" in said.remarks[0]


@pytest.mark.parametrize("name", ["mask-inverted", "no-slope", "sign-of-bias"])
def test_a_mistake_beside_a_kink_is_a_mistake(name):
    problem = at_a_kink("relu", 3e-6)
    assert diagnose_problem(problem, gradients(problem, {name: 0}, {})).names == [name]


def test_what_is_exact_elsewhere_is_excused_by_no_kink():
    problem = at_a_kink("relu", 3e-6)
    turned = {**problem.right, "layers.0.b": numerical(problem)["layers.0.b"]}
    assert not diagnose_problem(problem, turned).ok


def test_without_kinks_nothing_changes():
    problem = Problem.random((3, 4, 2), samples=5)
    assert kinks(problem) == []
    assert without_kinks(problem, problem.right) == problem.right
