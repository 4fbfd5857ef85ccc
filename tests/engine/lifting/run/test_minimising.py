"""Programs in SciPy's optimisers: they reach the optima that are known."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import Layers, rosenbrock

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
