"""Means, variances, covariances, with every argument, against NumPy; with NaN, of nothing, of ties, and lifted."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from array_truth import holds, numbers, same, same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

RNG = np.random.default_rng(21)
X, ROW = RNG.normal(size=(3, 4)), RNG.normal(size=4)
WEIGHTS, ALL_WEIGHTS = RNG.uniform(0.5, 2.0, size=4), RNG.uniform(0.5, 2.0, size=(3, 4))
MASK = X > -0.3
MASK[0] = True
HOLES = X.copy()
HOLES[0, 1] = HOLES[2, :3] = np.nan
NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"

FUNCTIONS = {
    "average": (np.average, X),
    "average, weighted along an axis": (lambda a, w: np.average(a, 1, w), X, WEIGHTS),
    "average, weighted": (lambda a, w: np.average(a, weights=w), X, ALL_WEIGHTS),
    "average and weight": (lambda a, w: np.average(a, 1, w, returned=True), X, WEIGHTS),
    "average, axes kept": (lambda a, w: np.average(a, 1, w, keepdims=True), X, WEIGHTS),
    "cov": (np.cov, X),
    "cov of two": (lambda a, b: np.cov(a, b), ROW, WEIGHTS),
    "cov of columns": (lambda a: np.cov(a, rowvar=False), X),
    "cov, biased": (lambda a: np.cov(a, bias=True), X),
    "cov, ddof": (lambda a: np.cov(a, ddof=2), X),
    "cov, frequencies": (lambda a: np.cov(a, fweights=[1, 2, 1, 3]), X),
    "cov, weights": (lambda a, w: np.cov(a, aweights=w), X, WEIGHTS),
    "cov, both": (lambda a, w: np.cov(a, fweights=[1, 2, 1, 3], aweights=w, ddof=0), X, WEIGHTS),
    "cov of one variable": (np.cov, ROW),
    "corrcoef": (np.corrcoef, X),
    "corrcoef of two": (lambda a, b: np.corrcoef(a, b)[0, 1], ROW, WEIGHTS),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_gradients_and_programs_are_right(name):
    f, *args = FUNCTIONS[name]
    holds(f, *args)


@pytest.mark.parametrize("name", ["mean", "var", "std", "nanmean", "nanvar", "nanstd", "nansum", "nanprod", "nanmax"])
def test_reductions_are_right_along_axes_and_lifted(name):
    f = getattr(np, name)
    holds(f, X)
    holds(lambda a: f(a, axis=1, keepdims=True), X)
    holds(lambda a: f(a, axis=0, where=MASK, **({"initial": -9.0} if name == "nanmax" else {})), X)


arrays = st.lists(st.sampled_from([1.0, 1.0, -2.0, 3.5, np.nan, np.inf]), min_size=6, max_size=6)
axes = st.sampled_from([None, 0, 1, -1, (0, 1)])


@given(arrays, axes, st.booleans(), st.sampled_from([0, 1, 2, 3]))
def test_every_argument_means_what_it_means_in_numpy(items, axis, keepdims, ddof):
    a = np.reshape(items, (2, 3))
    for name in ("mean", "nanmean", "nansum", "nanprod", "nanmax", "nanmin"):
        same_value(lambda a, name=name: getattr(np, name)(a, axis=axis, keepdims=keepdims), a)
    for name in ("var", "std", "nanvar", "nanstd"):
        same_value(lambda a, name=name: getattr(np, name)(a, axis=axis, ddof=ddof, keepdims=keepdims), a)


@pytest.mark.skipif(not NUMPY_2, reason="arguments that NumPy 2 has")
@pytest.mark.parametrize("name", ["var", "std"])
def test_a_mean_that_is_known_and_a_correction(name):
    f = getattr(np, name)
    holds(lambda a: f(a, axis=1, mean=a.mean(axis=1, keepdims=True)), X)
    holds(lambda a: f(a, axis=1, correction=1), X)
    holds(lambda a: getattr(a, name)(0), X)


@pytest.mark.parametrize("name", ["nanmean", "nanvar", "nanstd", "nansum", "nanprod", "nanmax", "nanmin"])
def test_nan_takes_no_part_and_has_no_gradient(name):
    f = getattr(np, name)
    same_value(f, HOLES)
    same_value(lambda a: f(a, axis=1), HOLES)
    gradient = engine.grad(lambda a: f(a))(HOLES)
    assert np.isfinite(gradient).all()
    assert (gradient[np.isnan(HOLES)] == 0.0).all()
    program = engine.lift(lambda a: f(a), batch=True, strict=True)
    assert program(np.stack([X, HOLES])) == pytest.approx((f(X) + f(HOLES)) / 2, rel=1e-10)


def test_of_nothing_or_of_nan_alone_they_are_nan_as_in_numpy():
    for name in ("mean", "var", "std"):
        assert np.isnan(numbers(getattr(np, name)(engine.array([]))))
        assert np.isnan(numbers(getattr(np, name)(engine.array([Value(np.nan), 1.0]))))
    for name in ("nanmean", "nanvar", "nanmax", "nanmin"):
        assert np.isnan(numbers(getattr(np, name)(engine.array([Value(np.nan), np.nan]))))


def test_where_all_are_equal_the_deviation_has_the_slope_zero():
    for f in (np.std, np.nanstd):
        np.testing.assert_array_equal(engine.grad(f)(np.ones(3)), np.zeros(3))
        np.testing.assert_array_equal(engine.grad(f)(np.ones(1)), np.zeros(1))


def test_results_are_written_where_they_are_wanted():
    out = engine.array(np.zeros(3))
    x = engine.array([[Value(i) for i in row] for row in X])
    assert np.mean(x, axis=1, out=out) is out
    same(numbers(out), X.mean(axis=1))
    with pytest.raises(TypeError, match=r"np.std writes into an array of float64: Values would be turned into floats"):
        np.std(x, axis=1, out=np.zeros(3))


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: np.mean(a, dtype=np.float32), TypeError, r"np.mean\(dtype=float32\).*float64"),
        (
            lambda a: np.average(a, 1, [1.0, 2.0]),
            ValueError,
            "for each number along axis=1",
        ),
        (lambda a: np.average(a, weights=[1.0] * 4), ValueError, "a weight for each number"),
        (lambda a: np.average(a, 0, [1.0, -1.0, 0.0]), ZeroDivisionError, "sum is not 0"),
        (lambda a: np.cov(a, fweights=[1, 2]), ValueError, r"fweights for each of 4 observations; got shape \(2,\)"),
        (lambda a: np.cov(a, aweights=[1.0, -2.0, 0.0, 1.0]), ValueError, "not negative"),
        (lambda a: np.cov(a[None]), ValueError, "at most two dimensions"),
        (lambda a: np.histogram(a), TypeError, "np.histogram is not defined"),
    ],
)
def test_what_is_not_defined_says_why(f, error, message):
    with warnings.catch_warnings(), pytest.raises(error, match=message):
        f(engine.array(X))
