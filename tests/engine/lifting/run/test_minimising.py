"""Programs in SciPy's optimisers: they reach the optima that are known."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import Layers, alike, rosenbrock

import engine
from engine import LiftError, Value

optimize = pytest.importorskip("scipy.optimize")


@pytest.mark.parametrize(
    ("method", "hessian"),
    [("trust-krylov", "product"), ("Newton-CG", "product"), ("trust-exact", "matrix"), ("BFGS", "none")],
)
def test_rosenbrock(method, hessian):
    problem = engine.lift(rosenbrock).scipy(np.array([-1.2, 1.0, 0.7]), hessian=hessian)
    found = optimize.minimize(**problem, method=method, tol=1e-9)
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)


def test_a_sparse_hessian():
    problem = engine.lift(rosenbrock).scipy(np.linspace(-1.0, 1.0, 40), hessian="matrix")
    sparse = pytest.importorskip("scipy.sparse")
    assert isinstance(problem["hess"](problem["x0"]), sparse.csr_array)


def test_the_point_may_be_nested():
    program = engine.lift(lambda p, shift: (p["u"] - shift) ** 2 + (p["v"][0] + 1.0) ** 4)
    problem = program.scipy({"u": 5, "v": [0.5]}, 3.0)
    assert problem["x0"].tolist() == [5.0, 0.5]
    found = optimize.minimize(**problem, method="trust-ncg", tol=1e-8)
    np.testing.assert_allclose(found.x, [3.0, -1.0], atol=2e-2)


def test_residuals():
    program = engine.lift(lambda x: [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])
    problem = program.scipy(np.array([-1.2, 1.0]))
    assert sorted(problem) == ["fun", "jac", "x0"]
    np.testing.assert_allclose(optimize.least_squares(**problem).x, 1.0, atol=1e-8)
    np.testing.assert_allclose(optimize.root(**problem).x, 1.0, atol=1e-8)


def test_parameters_are_what_is_fitted_where_there_are_any():
    a, b = Value(0.5, "a"), Value(0.1, "b")
    t = np.linspace(0.0, 1.0, 20)
    y = 2.0 * np.exp(-1.3 * t)
    residuals = engine.lift(lambda t, y: [a * engine.exp(b * ti) - yi for ti, yi in zip(t, y)])
    found = optimize.least_squares(**residuals.scipy(t, y))
    residuals.push(found.x)
    assert (a.data, b.data) == (pytest.approx(2.0), pytest.approx(-1.3))
    a.data, b.data = 0.5, 0.1
    loss = engine.lift(lambda t, y: (a * engine.exp(b * t) - y) ** 2, batch=True)
    found = optimize.minimize(**loss.scipy(t, y), method="trust-krylov", tol=1e-9)
    assert sorted(found.x.tolist()) == [pytest.approx(-1.3, abs=1e-3), pytest.approx(2.0, abs=1e-3)]


# Functions that optimisers are tested with (Moré, Garbow and Hillstrom; Himmelblau; a mesh), as sums of squares: the
# residuals, where to begin, and the least sum of squares.
RESIDUALS = {
    "Powell's singular": (
        lambda x: [
            x[0] + 10 * x[1], 5**0.5 * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, 10**0.5 * (x[0] - x[3]) ** 2,
        ], [3.0, -1.0, 0.0, 1.0], 0.0),
    "Wood": (
        lambda x: [
            10 * (x[1] - x[0] ** 2), 1 - x[0], 90**0.5 * (x[3] - x[2] ** 2), 1 - x[2],
            10**0.5 * (x[1] + x[3] - 2), (x[1] - x[3]) / 10**0.5,
        ], [-3.0, -1.0, -3.0, -1.0], 0.0),
    "Beale": (
        lambda x: [y - x[0] * (1 - x[1] ** k) for k, y in ((1, 1.5), (2, 2.25), (3, 2.625))], [1.0, 1.0], 0.0),
    "helical valley": (
        lambda x: [
            10 * (x[2] - 10 * (engine.arctan(x[1] / x[0]) / (2 * np.pi) + (0.0 if x[0] > 0 else 0.5))),
            10 * (engine.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2],
        ], [-1.0, 0.0, 0.0], 0.0),
    "Box": (
        lambda x: [
            engine.exp(-t * x[0]) - engine.exp(-t * x[1]) - x[2] * (np.exp(-t) - np.exp(-10 * t))
            for t in np.arange(1, 8) / 10
        ], [0.0, 10.0, 20.0], 0.0),
    "Jennrich and Sampson": (
        lambda x: [2 + 2 * i - (engine.exp(i * x[0]) + engine.exp(i * x[1])) for i in range(1, 11)],
        [0.3, 0.4], 124.362),
    "Freudenstein and Roth": (
        lambda x: [
            -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1],
        ], [0.5, -2.0], 48.9842),
    "trigonometric": (
        lambda x: [
            len(x) - sum([engine.cos(v) for v in x]) + (i + 1) * (1 - engine.cos(x[i])) - engine.sin(x[i])
            for i in range(len(x))
        ], [0.1] * 5, 0.0),
    "Broyden's tridiagonal": (
        lambda x: [
            (3 - 2 * x[i]) * x[i] - (x[i - 1] if i else 0.0) - 2 * (x[i + 1] if i < len(x) - 1 else 0.0) + 1
            for i in range(len(x))
        ], [-1.0] * 40, 0.0),
    "Himmelblau": (lambda x: [x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7], [0.0, 0.0], 0.0),
    "springs": (
        lambda x: [engine.sqrt((x[i + 1] - x[i]) ** 2 + 0.25) - 0.6 for i in range(len(x) - 1)] + [x[0]],
        np.linspace(0.0, 1.0, 9).tolist(), 0.0),
}  # fmt: skip


QUICK = ("Beale", "springs")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in RESIDUALS]
)
def test_what_optimisers_are_tested_with(name):
    residuals, start, least = RESIDUALS[name]
    x = np.array(start)
    program = engine.lift(residuals)
    found = optimize.least_squares(**program.scipy(x), max_nfev=300, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    assert 2.0 * found.cost == pytest.approx(least, rel=1e-4, abs=1e-9)
    squares = engine.lift(lambda x: engine.total([r * r for r in residuals(x)]))
    alike(squares.hessian(x), engine.hessian(lambda x: engine.total([r * r for r in residuals(x)]))(x), rtol=1e-9)
    again = optimize.minimize(**squares.scipy(x, hessian="matrix" if len(x) < 9 else "product"), method="trust-ncg")
    assert again.fun <= squares(x)
    alike(squares.hvp(x, np.ones(len(x))), squares.hessian(x, sparse=False).sum(axis=1), rtol=1e-8)


def test_value_and_gradient_are_computed_together(monkeypatch):
    program = engine.lift(rosenbrock)
    problem = program.scipy(np.zeros(2))
    calls = []
    run = program.value_and_grad
    monkeypatch.setattr(program, "value_and_grad", lambda *x, **k: calls.append(x) or run(*x, **k))
    x = np.array([1.0, 2.0])
    problem["fun"](x), problem["jac"](x)
    assert len(calls) == 1
    x[0] = 3.0  # the optimiser's own array
    assert problem["fun"](x) == rosenbrock(x)


def test_what_is_refused():
    layers = Layers()
    cases = [
        (engine.lift(layers.loss, batch=True, reduction="none"), (layers.X, layers.T), "one number for each sample"),
        (engine.lift(lambda x: x * x, batch=True), (np.ones(3),), "no parameters, and its inputs are samples"),
        (engine.lift(lambda: 3.0), (), "no parameters and takes no inputs to minimise over"),
    ]
    for program, inputs, match in cases:
        with pytest.raises(LiftError, match=match):
            program.scipy(*inputs)
    with pytest.raises(ValueError, match="hessian='exact' is not known; use 'product', 'matrix' or 'none'"):
        engine.lift(rosenbrock).scipy(np.ones(2), hessian="exact")
