"""Products with a direction: by arguments and parameters, with samples and without, beside JAX's."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import NUMBERS, POINT, Layers, alike

import engine
from engine import ShapeError
from engine.lifting.run import parameters
from engine.lifting.verify.floats import Garbage


@pytest.mark.parametrize("f", NUMBERS, ids=lambda f: f.__name__)
def test_hessian_times_vector(f):
    v = np.array([0.3, -1.1, 0.4])
    program = engine.lift(f)
    alike(program.hvp(POINT, v), engine.hvp(f, POINT, v), rtol=1e-9)
    alike(program.hvp(POINT.tolist(), v.tolist()), engine.hvp(f, POINT.tolist(), v.tolist()), rtol=1e-9)


def test_a_direction_is_nested_as_what_it_is_of():
    program = engine.lift(lambda p, y: p["u"] * p["v"][0] * y)
    point = {"u": 2.0, "v": [3.0]}
    assert program.jvp(point, 5.0, {"u": 1.0, "v": [0.0]}) == (30.0, 15.0)
    assert program.vjp(point, 5.0, 2.0) == (30.0, {"u": 30.0, "v": [20.0]})
    assert program.hvp(point, 5.0, {"u": 1.0, "v": [0.0]}) == {"u": 0.0, "v": [5.0]}
    assert program.hvp(point, 5.0, 1.0, argnums=1) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_samples_by_jax(reduction):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    layers, draws = Layers(), np.random.default_rng(6)
    reduce = {"none": lambda z: z, "sum": lambda z: z.sum(0), "mean": lambda z: z.mean(0)}[reduction]
    each = jax.vmap(lambda theta, x: layers.outputs_by(jax.numpy, theta, x), (None, 0))

    def outputs(theta, X):
        return reduce(each(theta, X))

    program = engine.lift(layers.outputs, batch=True, reduction=reduction)
    program(layers.X)
    theta, X = program.pull(), layers.X
    v, vx = draws.normal(size=24), draws.normal(size=X.shape)

    def columns(z):
        return np.array(z).T if reduction == "none" else z

    alike(columns(program.jvp(X, v)[1]), jax.jvp(lambda t: outputs(t, X), (theta,), (v,))[1])
    alike(columns(program.jvp(X, vx, argnums=0)[1]), jax.jvp(lambda x: outputs(theta, x), (X,), (vx,))[1])
    primal, pullback = jax.vjp(outputs, theta, X)
    cotangent = draws.normal(size=primal.shape)
    mine = list(cotangent.T) if reduction == "none" else list(cotangent)
    of_theta, of_X = pullback(jax.numpy.asarray(cotangent))
    for argnums, wanted in ((None, of_theta), (0, of_X)):
        value, got = program.vjp(X, mine, argnums=argnums)
        alike(columns(value), primal)
        alike(got, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_hessians_of_samples_by_jax(reduction):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    layers, draws = Layers(), np.random.default_rng(6)
    program = engine.lift(layers.loss, batch=True, reduction=reduction)
    program(layers.X, layers.T)
    theta = program.pull()

    def loss(theta, X):
        each = jax.vmap(lambda x, t: layers.loss_by(jax.numpy, theta, x, t))(X, layers.T)
        return each.mean() if reduction == "mean" else each.sum()

    v, vx = draws.normal(size=24), draws.normal(size=layers.X.shape)
    wanted = jax.jvp(lambda t: jax.grad(loss)(t, layers.X), (theta,), (v,))[1]
    alike(program.hvp(layers.X, layers.T, v), wanted)
    wanted = jax.jvp(lambda X: jax.grad(loss, 1)(theta, X), (layers.X,), (vx,))[1]
    alike(program.hvp(layers.X, layers.T, vx, argnums=0), wanted)


def test_directions_of_another_shape_are_refused():
    program = engine.lift(lambda x: [x[0] * x[1], x[0]], batch=True, reduction="none")
    X = np.ones((3, 2))
    with pytest.raises(ShapeError, match="one entry for each of 3 samples; got an array of shape"):
        program.vjp(X, [np.ones(2), np.ones(3)])
    with pytest.raises(ShapeError, match="must have the structure of the function's result"):
        program.vjp(X, [np.ones(3)])
    with pytest.raises(ShapeError, match="must have the structure of what is differentiated by"):
        program.jvp(X, np.ones((3, 3)), argnums=0)


def test_arrays_that_are_read_move_in_no_direction(monkeypatch):
    """Cells of such arrays lie beside the parameters', and fresh memory may hold anything."""
    table, w = np.random.default_rng(2).normal(size=(100, 100)), [engine.Value(0.1 * k, f"w[{k}]") for k in range(3)]
    program = engine.lift(
        lambda x: engine.total([engine.tanh(engine.dot(w, row[:3])) * row[5] * x for row in table[:9]])
    )
    direction = np.array([1.0, 2.0, 3.0])
    want, along = program.hessian(1.0) @ direction, program.value_and_grad(1.0)[1].parameters @ direction
    monkeypatch.setattr(parameters, "np", Garbage())
    np.testing.assert_allclose(program.hvp(1.0, direction), want, rtol=1e-12)
    np.testing.assert_allclose(program.jvp(1.0, direction)[1], along, rtol=1e-12)
