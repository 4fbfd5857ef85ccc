"""Quantiles by every method of NumPy's, with ties, with NaN, of nothing, and lifted."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import holds, numbers, same_value
from hypothesis import given
from hypothesis import strategies as st
from long_run import shortened

import engine

RNG = np.random.default_rng(23)
X = RNG.normal(size=(3, 4))
METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
]  # fmt: skip
NUMPY_2 = np.lib.NumpyVersion(np.__version__) >= "2.0.0"


@pytest.mark.parametrize("method", shortened(METHODS, 7))
def test_methods(method):
    holds(lambda a: np.quantile(a, [0.1, 0.8], axis=1, method=method), X)


@given(
    st.lists(st.sampled_from([1.0, 1.0, 2.5, -3.0, np.nan]), min_size=1, max_size=6),
    st.floats(0.0, 1.0),
    st.sampled_from(METHODS),
)
def test_every_method_means_what_it_means_in_numpy(items, q, method):
    same_value(lambda a: np.quantile(a, q, method=method), np.array(items))
    same_value(lambda a: np.nanpercentile(a, 100.0 * q, method=method), np.array(items))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_axes(axis):
    holds(lambda a: np.median(a, axis=axis), X)
    same_value(lambda a: np.median(a, axis=axis, keepdims=True), X)
    same_value(lambda a: np.percentile(a, [[10, 20], [30, 90]], axis=axis, keepdims=True), X)
    same_value(lambda a: np.nanmedian(a, axis=axis), X)


def test_nan_is_kept_or_left_out():
    a = np.array([3.0, np.nan, 1.0, 2.0])
    same_value(np.median, a)
    same_value(np.nanmedian, a)
    np.testing.assert_array_equal(engine.grad(np.nanmedian)(a), [0.0, 0.0, 0.0, 1.0])
    assert np.isnan(numbers(np.median(engine.array([]))))
    same_value(lambda a: np.nanquantile(a, 0.25, axis=0), np.stack([a, a[::-1]]))


def test_the_two_in_the_middle_share():
    np.testing.assert_array_equal(engine.grad(np.median)(np.array([4.0, 1.0, 3.0, 2.0])), [0.0, 0.0, 0.5, 0.5])


def test_a_median_serves_a_batch_without_guards():
    program = engine.lift(np.median, batch=True, strict=True)
    samples = RNG.normal(size=(12, 4))
    assert program(samples) == pytest.approx(np.median(samples, axis=1).mean())
    assert not program.traces.latest.guards


@pytest.mark.skipif(not NUMPY_2, reason="weights are of NumPy 2")
def test_weights():
    row = RNG.normal(size=5)
    holds(lambda a: np.quantile(a, 0.4, weights=[1, 2, 1, 1, 3], method="inverted_cdf"), row, batch=False)
    with pytest.raises(TypeError, match="one weight for each number, and no axis"):
        np.quantile(engine.array(X), 0.4, axis=1, weights=[1, 2, 1, 1], method="inverted_cdf")


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: np.quantile(a, 1.5), ValueError, "range"),
        (lambda a: np.quantile(a, 0.5, method="best"), ValueError, "best"),
        (lambda a: np.quantile(a, engine.Value(0.5)), TypeError, "Pass plain numbers"),
        (lambda a: np.quantile(a, a[0]), TypeError, "Pass plain numbers"),
    ],
)
def test_wrong_arguments_say_so(f, error, message):
    with pytest.raises(error, match=message):
        f(engine.array(X))
