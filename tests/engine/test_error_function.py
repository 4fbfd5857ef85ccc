"""The error function of arrays, with and without SciPy, beside Python's own."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import engine
from engine import error_function
from engine.error_function import by_polynomials

X = np.concatenate(
    [np.linspace(-7.0, 7.0, 4001), 10.0 ** np.arange(-300.0, 1.0, 7.0), [np.inf, -np.inf, 0.0, -0.0, np.nan]]
)
WANT = np.array([math.erf(x) for x in X.tolist()])


@pytest.mark.parametrize("few", [False, True], ids=["polynomials", "one by one"])
def test_it_is_right_to_a_few_roundings(few, monkeypatch):
    monkeypatch.setattr(error_function, "FEW", X.size + 1 if few else 0)
    got = by_polynomials(X)
    np.testing.assert_allclose(got, WANT, rtol=2 * 2.0**-52, atol=0.0)
    assert (np.signbit(got) == np.signbit(X))[:-1].all()


@pytest.mark.parametrize("compute", [by_polynomials, error_function.erf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.int64])
def test_types_shapes_and_places(compute, dtype):
    x = (np.arange(400).reshape(20, 20) % 7 - 3).astype(dtype)
    want = np.vectorize(math.erf)(x)
    for given in (x, x.T.copy().T, x[::2, ::3]):
        got = compute(given)
        assert got.dtype == np.result_type(dtype, np.float32)
        np.testing.assert_allclose(got, np.vectorize(math.erf)(given), rtol=1e-6 if dtype == np.float32 else 1e-15)
    out = np.empty((20, 40))[:, ::2]
    compute(x, out)
    np.testing.assert_allclose(out, want, rtol=1e-6 if dtype == np.float32 else 1e-15)
    if dtype != np.int64:
        compute(x, x)
        np.testing.assert_allclose(x, want, rtol=1e-6 if dtype == np.float32 else 1e-15)


@pytest.fixture
def no_scipy(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    error_function._implementation.cache_clear()
    yield
    error_function._implementation.cache_clear()


def test_lifted_without_scipy(no_scipy):
    program = engine.lift(lambda x: engine.total([engine.erf(v) ** 2 for v in x]))
    x = np.linspace(-2.0, 2.0, 300)
    value, gradient = program.value_and_grad(x, wrt="inputs")
    want = np.array([math.erf(v) for v in x])
    assert value == pytest.approx((want**2).sum(), rel=1e-14)
    np.testing.assert_allclose(gradient.inputs[0], 4.0 / math.sqrt(math.pi) * want * np.exp(-x * x), atol=1e-15)
    assert error_function._implementation() is by_polynomials


def test_an_array_of_no_axes_is_computed_in_its_own_type():
    for dtype in (np.float32, np.float64):
        result = engine.erf(np.array(-2.0, dtype))
        assert result.dtype == dtype
        assert result == pytest.approx(math.erf(-2.0), rel=2.0 * float(np.finfo(dtype).eps))
