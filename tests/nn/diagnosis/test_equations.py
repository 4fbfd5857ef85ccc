"""The backward pass as exchangeable equations: the right ones are right, and alterations compose."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.equations import RIGHT, Problem

from .wrong_backprop import Wrong


@pytest.mark.parametrize("loss", matrix.LOSSES)
def test_the_right_equations_are_those_of_the_matrix_path_and_of_independent_code(loss):
    problem = Problem.random(
        (4, 3, 2), samples=5, activation="gelu", output="tanh" if loss == "mse" else "identity", loss=loss, l2=0.2
    )
    by_matrix = matrix.value_and_gradients(
        problem.params, problem.X, problem.t, activation="gelu", output=problem.kinds[-1], loss=loss, l2=0.2
    )[1]
    others = Wrong(problem.params, problem.X, problem.t, problem.kinds, loss, l2=0.2).gradients()
    for name, gradient in RIGHT.gradients(problem).items():
        np.testing.assert_allclose(gradient, by_matrix[name], rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(gradient, others[name], rtol=1e-11, atol=1e-14)


def test_the_right_equations_are_the_scalar_engine_s():
    model = nn.MLP(4, [3, 2], activation="silu", seed=2)
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(5, 4)), rng.integers(0, 2, 5)
    nn.mean_loss(model, X, T).backward()
    problem = Problem(model.arrays(), X, matrix.one_hot(T, 2), ("silu", "identity"), "cross_entropy", 1 / 5)
    for name, gradient in model.arrays("grad").items():
        np.testing.assert_allclose(problem.right[name], gradient, rtol=1e-12, atol=1e-15)


def test_alterations_compose():
    problem = Problem.random((3, 3, 2), samples=4)
    twice = {"error": lambda right: lambda tape: 2.0 * right(tape)}
    made = RIGHT.altered(twice, twice).gradients(problem)
    assert all(np.allclose(made[name], 4.0 * right) for name, right in problem.right.items())
