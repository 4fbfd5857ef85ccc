"""Which experiment would tell apart the explanations of an ambiguous gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nn.diagnosis.equations import Array, Problem, made
from nn.diagnosis.walk import Explanation


def experiment(problem: Problem, explanations: Sequence[Explanation]) -> str:
    """Return an experiment in which all explanations give different gradients."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=problem.X.shape)
    params = {name: rng.normal(size=x.shape) * (name not in problem.absent) for name, x in problem.params.items()}
    other = replace(problem, X=X, params=params)
    trials = {
        "take a random batch and random parameters of the same shapes": other,
        "add regularisation (a strength of 0.1)": replace(other, l2=problem.l2 + 0.1),
    }
    for sentence, trial in trials.items():
        gradients = [made(trial, [next(s.at(trial.network)) for s in path]) for path in explanations]
        if all(_differ(one, two) for k, one in enumerate(gradients) for two in gradients[:k]):
            return sentence
    return (
        "repeat with another number of samples, of outputs and of inputs, in a fresh process: the factor follows one "
        "of them, or stays"
    )


def _differ(one: dict[str, Array], two: dict[str, Array]) -> bool:
    return any(not np.allclose(one[name], two[name], rtol=1e-6, atol=0.0) for name in one)
