"""A network's backward pass as edges: the right ones are right, and alterations compose."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.alterations.alteration import in_place, pulling, scaled, together
from nn.diagnosis.equations import Problem, edge_of, like_shaped, made, seeing

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
    twice = scaled((edge_of(problem.network, "error", 1),), 2.0, "doubled")
    composed = made(problem, [twice, twice])
    assert all(np.allclose(composed[name], 4.0 * right) for name, right in problem.right.items())


def test_an_alteration_sees_what_is_computed_above_it_altered_as_that_is():
    problem = Problem.random((3, 4, 4, 2), samples=4)
    back, error = (edge_of(problem.network, *at) for at in (("back", 1), ("error", 2)))
    lost = pulling("lost", (back,), seeing(lambda at, g: at.right(at.error), 1))
    halved = scaled((error,), 0.5, "halved")
    one, both = (made(problem, several) for several in ([lost], [halved, lost]))
    assert all(np.allclose(both[name], 0.5 * one[name]) for name in one)
    assert not np.allclose(one["layers.0.W"], problem.right["layers.0.W"])
    np.testing.assert_array_equal(one["layers.1.W"], problem.right["layers.1.W"])


def test_a_sweep_computes_what_it_is_asked_for():
    problem = Problem.random((3, 4, 2), samples=4)

    def never(edge, g):
        raise AssertionError("nobody asked for the layer below")

    alteration = pulling("never", (edge_of(problem.network, "back", 1),), never)
    sweep, pulls = together((alteration,), problem.network)
    name, gradient = next((step.name, g) for step, g in sweep.swept(*pulls) if not step.op)
    assert name == "layers.1.b"
    np.testing.assert_array_equal(gradient, problem.right[name])


@pytest.mark.parametrize("name", ["error", "slope", "back", "weight", "bias", "penalty"])
def test_the_edges_of_the_equations_lead_where_they_should(name):
    problem = Problem.random((3, 4, 2), samples=5, l2=0.1)
    edge, g = edge_of(problem.network, name, 1), np.random.default_rng(0)
    leads = {"error": "z2", "slope": "", "back": "a1", "weight": "layers.1.W", "bias": "layers.1.b"}
    if name == "slope":  # the last layer has no activation
        assert edge is None
        edge, leads = edge_of(problem.network, name, 0), leads | {name: "z1"}
    assert edge.parent.name == leads.get(name, "layers.1.W")
    t, g = (g.normal(size=step.value.shape) for step in (edge.parent, edge.step))
    assert np.vdot(edge.right(g), t) == pytest.approx(np.vdot(g, edge.push(t, edge.saved)), abs=1e-14)


def test_an_alteration_of_one_network_is_one_of_another():
    problem, other = (Problem.random((3, 4, 2), samples=n, seed=n) for n in (4, 9))
    alteration = scaled((edge_of(problem.network, "back", 1),), -1.0, "sign")
    turned = made(other, [in_place(alteration, problem.network, other.network)])
    np.testing.assert_array_equal(turned["layers.0.W"], -other.right["layers.0.W"])
    np.testing.assert_array_equal(turned["layers.1.W"], other.right["layers.1.W"])


def test_an_array_that_does_not_fit_is_no_mistake():
    with pytest.raises(ValueError, match=r"shape \(2,\) does not stand in place of one of \(3,\)"):
        like_shaped(np.ones(2), np.ones(3))
