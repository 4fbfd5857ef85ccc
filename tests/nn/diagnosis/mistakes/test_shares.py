"""What edges hand on instead: arrays in the shapes of the right ones, in every place where they could first show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.diagnosis.equations import Problem, made
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes.shares import SHARES
from nn.diagnosis.walk import Walk

from ..injection import draw, outcome


@pytest.mark.parametrize("loss", ["svm", "hinge", "cross_entropy", "mse", "binary_cross_entropy"])
def test_every_share_that_is_proposed_makes_gradients_of_the_same_shapes(loss):
    problem = Problem.random((4, 4, 4, 4), samples=4, activation="relu", loss=loss, l2=0.1)
    for name in ("layers.2.b", "layers.2.W", "layers.1.b", "layers.1.W"):
        candidate = problem.right | {name: np.cos(problem.right[name])}
        e = Walk(problem, candidate, dict.fromkeys(problem.params, 1e-10)).departs()
        for propose in SHARES.values():
            for where, _, alteration in propose(e):
                assert "layer" in where or where == "the output"
                gradients = made(problem, [alteration])
                assert all(gradients[name].shape == right.shape for name, right in problem.right.items())


@pytest.mark.parametrize(("factor", "name"), [(1 / 5, "penalty-averaged"), (5, "penalty-not-averaged")])
def test_a_penalty_is_averaged_over_the_samples_given_whichever_are_seen(factor, name):
    problem = Problem.random((4, 5, 3), samples=5, l2=0.3)
    rows = [0, 1, 2, 3, 4, 2]
    seen = replace(problem, X=problem.X[rows], t=problem.t[rows], l2=problem.l2 * factor)
    assert set(diagnose_problem(problem, seen.right).names) == {"sample-doubled", name}


@pytest.mark.parametrize("activation", ["tanh", "identity"])
def test_weights_that_were_updated_too_early_are_seen_through_any_activation_or_none(activation):
    problem = Problem.random((3, 4, 2), samples=6, loss="mse", activation=activation)
    early = dict(problem.params)
    early["layers.1.W"] = early["layers.1.W"] - 0.1 * problem.right["layers.1.W"]
    a = problem.forward[1]
    error = (a[2] - problem.t) * (problem.right["layers.1.b"] / (a[2] - problem.t).sum(axis=0))
    slope = 1.0 - a[1] ** 2 if activation == "tanh" else 1.0
    below = (error @ early["layers.1.W"].T) * slope
    gradients = problem.right | {"layers.0.W": problem.X.T @ below, "layers.0.b": below.sum(axis=0)}
    assert diagnose_problem(problem, gradients).names == ["updated-weights"]
    assert not diagnose_problem(problem, gradients | {"layers.0.b": np.cos(below.sum(axis=0))}).ok


def test_weights_updated_too_early_are_looked_for_among_the_samples_that_count():
    case = draw(["sample-dropped", "bias-propagated-last"], np.random.default_rng(0), tries=5)
    said = diagnose_problem(case.problem, case.candidate)
    assert outcome(said, case.names) == "named"
