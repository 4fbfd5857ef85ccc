"""Jacobians, Hessians and samples' gradients of programs: by JAX, by closed forms, dense and sparse."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import Layers, alike, rosenbrock

import engine
from engine import MissingExtraError
from engine.lifting.run import matrices


def second_differences(n):
    return lambda x: np.array([x[i - 1] - 2.0 * x[i] + x[i + 1] ** 2 for i in range(1, n - 1)])


def test_a_sparse_jacobian_is_scipys():
    sparse = pytest.importorskip("scipy.sparse")
    program, x = engine.lift(second_differences(60)), np.linspace(0.0, 1.0, 60)
    J = program.jacobian(x)
    assert isinstance(J, sparse.csr_array)
    assert J.shape == (58, 60)
    assert J.nnz == 3 * 58
    assert J.has_sorted_indices
    wanted = np.zeros((58, 60))
    for i in range(58):
        wanted[i, i : i + 3] = 1.0, -2.0, 2.0 * x[i + 2]
    np.testing.assert_array_equal(J.toarray(), wanted)
    np.testing.assert_array_equal(program.jacobian(x, sparse=False), wanted)


def test_small_or_full_ones_are_dense_unless_asked_for():
    sparse = pytest.importorskip("scipy.sparse")
    program = engine.lift(rosenbrock)
    assert isinstance(program.hessian(np.ones(5)), np.ndarray)
    assert isinstance(program.hessian(np.ones(5), sparse=True), sparse.csr_array)
    assert isinstance(program.hessian(np.ones(40)), sparse.csr_array)
    A = np.random.default_rng(1).normal(size=(40, 40))
    assert isinstance(engine.lift(lambda x: A @ x).jacobian(np.ones(40)), np.ndarray)


def test_without_scipy_all_are_dense(monkeypatch):
    monkeypatch.setattr(matrices, "_scipy_sparse", lambda: None)
    program = engine.lift(rosenbrock)
    assert isinstance(program.hessian(np.ones(40)), np.ndarray)
    with pytest.raises(MissingExtraError, match="needs SciPy: pip install scipy, or leave out sparse=True"):
        program.hessian(np.ones(40), sparse=True)


def test_rosenbrocks_hessian():
    optimize = pytest.importorskip("scipy.optimize")
    program = engine.lift(rosenbrock)
    for n in (2, 5, 60):
        x = np.linspace(-1.3, 1.9, n)
        alike(program.hessian(x), optimize.rosen_hess(x), rtol=1e-13)
        v = np.cos(np.arange(n))
        alike(program.hvp(x, v), optimize.rosen_hess_prod(x, v))
        alike(program.value_and_grad(x)[1].inputs[0], optimize.rosen_der(x))


def test_logistic_regressions_hessian():
    A = np.random.default_rng(1).normal(size=(80, 12))
    program = engine.lift(lambda w: engine.total([engine.softplus(z) for z in A @ w]))
    w = np.linspace(-0.3, 0.3, 12)
    s = 1.0 / (1.0 + np.exp(-A @ w))
    alike(program.hessian(w), A.T @ ((s * (1.0 - s))[:, None] * A), rtol=1e-12)
    assert program.hessian.stats.array_operations < 20


def test_a_jacobian_by_complex_steps():
    def f(x):
        return [engine.exp(x[0]) * engine.sin(x[1]), x[2] ** 3 / x[0], engine.tanh(x[1] * x[2])]

    def plain(x):
        return np.array([np.exp(x[0]) * np.sin(x[1]), x[2] ** 3 / x[0], np.tanh(x[1] * x[2])])

    x = np.array([0.4, 1.3, -0.7])
    columns = [plain(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(3)]
    alike(engine.lift(f).jacobian(x), np.array(columns).T, rtol=1e-14)


def by_jax(reduction):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    layers = Layers()
    reduce = {"none": lambda z: z, "sum": lambda z: z.sum(0), "mean": lambda z: z.mean(0)}[reduction]

    def loss(theta):
        each = jax.vmap(lambda x, t: layers.loss_by(jax.numpy, theta, x, t))(layers.X, layers.T)
        return reduce(each)

    return layers, jax, loss


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_network_by_jax(reduction):
    layers, jax, loss = by_jax(reduction)
    program = engine.lift(layers.loss, batch=True, reduction=reduction)
    program(layers.X, layers.T)
    theta = program.pull()
    alike(program.jacobian(layers.X, layers.T), jax.jacobian(loss)(theta))
    alike(program.hessian(layers.X, layers.T), jax.hessian(loss)(theta))
    each = by_jax("none")[2]
    alike(program.sample_gradients(layers.X, layers.T), jax.jacobian(each)(theta))


def test_a_hessian_of_samples_row_by_row(monkeypatch):
    layers = Layers()
    wanted = engine.lift(layers.loss, batch=True).hessian(layers.X, layers.T)
    monkeypatch.setattr(matrices, "hessian_entries", lambda *_, **__: None)
    program = engine.lift(layers.loss, batch=True)
    alike(program.hessian(layers.X, layers.T), wanted)
    single = engine.lift(layers.loss, batch=True, reduction="none")
    alike(single.hessian(layers.X, layers.T).mean(axis=0), wanted)
    monkeypatch.undo()
    of_inputs = engine.lift(layers.loss, batch=True, reduction="none").hessian(layers.X, layers.T, argnums=0)
    monkeypatch.setattr(matrices, "hessian_entries", lambda *_, **__: None)
    again = engine.lift(layers.loss, batch=True, reduction="none")
    alike(again.hessian(layers.X, layers.T, argnums=0), of_inputs)


def test_gradients_of_samples_by_an_argument():
    program = engine.lift(lambda x, y: x[0] ** 2 * y, batch=True)
    X, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
    assert program.sample_gradients(X, y).tolist() == [[10.0, 0.0], [36.0, 0.0]]
    assert program.sample_gradients(X, y, argnums=1) == [1.0, 9.0]


def test_float32():
    program = engine.lift(rosenbrock, dtype=np.float32)
    H = program.hessian(np.ones(4))
    assert H.dtype == np.float32
    alike(H, engine.hessian(rosenbrock)(np.ones(4)), rtol=1e-5)


def test_a_networks_samples_by_complex_steps():
    layers = Layers()
    program = engine.lift(layers.loss, batch=True)
    program(layers.X, layers.T)
    theta = program.pull()
    steps = [theta + 1e-30j * unit for unit in np.eye(len(theta))]
    by_sample = [[layers.loss_by(np, s, x, t).imag / 1e-30 for s in steps] for x, t in zip(layers.X, layers.T)]
    alike(program.sample_gradients(layers.X, layers.T), by_sample, rtol=1e-12)
    alike(program.jacobian(layers.X, layers.T), np.mean(by_sample, axis=0), rtol=1e-12)
    outputs = engine.lift(layers.outputs, batch=True, reduction="none")
    columns = [[layers.outputs_by(np, s, x).imag / 1e-30 for s in steps] for x in layers.X]
    alike(outputs.jacobian(layers.X), np.swapaxes(columns, 1, 2), rtol=1e-12)
