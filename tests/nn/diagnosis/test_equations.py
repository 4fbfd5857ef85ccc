"""A network's backward pass as edges: the right ones are right, and alterations compose."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.equations import Problem, backward_pass, times, within

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
    for name, gradient in problem.right.items():
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
    twice = {"error": times(2.0)}
    made = backward_pass(problem, twice, twice).gradients()
    assert all(np.allclose(made[name], 4.0 * right) for name, right in problem.right.items())


def test_an_alteration_sees_what_is_computed_above_it_altered_as_that_is():
    problem = Problem.random((3, 4, 4, 2), samples=4)
    lost = {"back": within(frozenset([1]), lambda at, g: at.right(at.error))}
    halved = {"error": times(0.5)}
    one, both = (backward_pass(problem, *several).gradients() for several in ([lost], [halved, lost]))
    assert all(np.allclose(both[name], 0.5 * one[name]) for name in one)
    assert not np.allclose(one["layers.0.W"], problem.right["layers.0.W"])
    np.testing.assert_array_equal(one["layers.1.W"], problem.right["layers.1.W"])


def test_a_pass_computes_what_it_is_asked_for():
    problem = Problem.random((3, 4, 2), samples=4)

    def never(at, g):
        raise AssertionError("nobody asked for the layer below")

    name, gradient = next(iter(backward_pass(problem, {"back": lambda right: never}).backward()))
    assert name == "layers.1.b"
    np.testing.assert_array_equal(gradient, problem.right[name])


def test_the_edges_are_steps_of_the_recorded_loss():
    problem = Problem.random((3, 4, 2), samples=5)
    sweep = backward_pass(problem)
    for (name, layer), edge in sweep.network.edges.items():
        assert edge.parent is edge.step.operands[edge.operand], (name, layer)
        g, rng = sweep.cotangent(edge.step), np.random.default_rng(layer)
        t = rng.normal(size=edge.parent.value.shape)
        pulled = edge.right(g)
        assert pulled.shape == t.shape
        assert np.vdot(pulled, t) == pytest.approx(np.vdot(g, edge.push(t, edge.saved)), abs=1e-14)
