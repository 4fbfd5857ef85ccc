"""Means, variances, covariances, and statistics of the numbers that are not NaN.

A deviation of 0 has no derivative; as in PyTorch it is 0 there.

>>> from engine import grad
>>> grad(np.var)(np.array([1.0, 2.0, 6.0]))
array([-1.33333333, -0.66666667,  2.        ])
>>> grad(np.nanmean)(np.array([1.0, np.nan, 6.0]))
array([0.5, 0. , 0.5])
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.along import UNSET, OfList, along, product_of, reduction, sum_of
from engine.arrays.array import as_array
from engine.arrays.axes import axes_of
from engine.arrays.elements import as_element, choose, isnan, primal
from engine.arrays.norms import root_of
from engine.arrays.plain import into, objects
from engine.arrays.table import refuse_function, written
from engine.functions import divide, dot, total

Numbers = list[Any]


def check_dtype(name: str, dtype: Any) -> None:
    """Refuse a type that is not that of Values."""
    if dtype is not None and dtype is not UNSET and np.dtype(dtype) not in (np.dtype(object), np.dtype(float)):
        refuse_function(f"{name}(dtype={np.dtype(dtype)})", "Values are float64; leave dtype out.")


def mean_of(xs: Numbers) -> Any:
    """Return the mean of numbers; of none it is NaN."""
    return divide(sum_of(xs), float(len(xs)))


def itself(x: Any) -> Any:
    """Return what it is given: what a variance is, where a deviation is its root."""
    return x


def spread_of(ddof: float, finish: Callable[[Any], Any]) -> OfList:
    """Return what finds the variance of numbers, or its root."""

    def of(xs: Numbers) -> Any:
        middle = mean_of(xs)
        return _finished([as_element(x) - middle for x in xs], len(xs) - ddof, finish)

    return of


def _finished(deviations: Numbers, freedom: Any, finish: Callable[[Any], Any]) -> Any:
    """Return the sum of squares over the degrees of freedom, of which there are 0 where there would be fewer."""
    return finish(divide(dot(deviations, deviations), choose(freedom > 0.0, freedom, 0.0)))


def _averaged(name: str, of: Callable[[Numbers], Any]) -> None:
    @written(name)
    def mean(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
    ) -> Any:
        check_dtype(name, dtype)
        return into(out, along(of, a, axis, keepdims, where), name)


_averaged("mean", mean_of)


def _spread(name: str, finish: Callable[[Any], Any]) -> None:
    @written(name)
    def spread(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = True, mean: Any = UNSET, correction: Any = UNSET,
    ) -> Any:  # fmt: skip
        check_dtype(name, dtype)
        freedom = float(ddof if correction is UNSET else correction)
        if mean is UNSET:
            return into(out, along(spread_of(freedom, finish), a, axis, keepdims, where), name)
        deviations = as_array(a) - mean

        def of(ds: Numbers) -> Any:
            return _finished([as_element(d) for d in ds], len(ds) - freedom, finish)

        return into(out, along(of, deviations, axis, keepdims, where), name)


_spread("var", itself)
_spread("std", root_of)


@written("average")
def average(a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = False) -> Any:
    """Return the mean along axes, of numbers that count as much as their weights."""
    a = as_array(a)
    w = np.ones(a.shape) if weights is None else _of_shape(as_array(weights), a, axis)
    weight = along(sum_of, w, axis, keepdims)
    if any(primal(as_element(x)) == 0.0 for x in objects(weight).flat):
        raise ZeroDivisionError("np.average needs weights whose sum is not 0; these sum to 0. Mend them.")
    quotient = as_array(along(sum_of, a * w, axis, keepdims)) / weight
    return (quotient, as_array(weight) + np.zeros(np.shape(quotient))) if returned else quotient


def _of_shape(weights: Any, a: Any, axis: Any) -> Any:
    """Return weights in an array's shape; along some of its axes alone they serve all others."""
    if weights.shape == a.shape:
        return weights
    axes = axes_of(axis, a.ndim)
    if axis is None or weights.shape != tuple([a.shape[k] for k in axes]):
        raise ValueError(
            f"np.average needs a weight for each number along axis={axis}; got shape {weights.shape} for {a.shape}."
        )
    return weights.reshape([n if k in axes else 1 for k, n in enumerate(a.shape)]) * np.ones(a.shape)


# --- covariances -------------------------------------------------------------------------------------------------


def _variables(m: Any, y: Any, rowvar: Any) -> Any:
    """Return variables as rows, observations as columns."""
    x = as_array(m)
    if x.ndim > 2 or (y is not None and np.ndim(y) > 2):
        raise ValueError("np.cov needs arrays of at most two dimensions.")
    rows = np.atleast_2d(x)
    rows = rows.T if not rowvar and x.ndim == 2 else rows
    if y is None:
        return rows
    others = np.atleast_2d(as_array(y))
    return np.concatenate([rows, others.T if not rowvar and len(others) != 1 else others])


def _weights(weights: Any, name: str, n: int) -> Any:
    if weights is None:
        return 1.0
    w = as_array(weights)
    if w.shape != (n,):
        raise ValueError(f"np.cov needs {name} for each of {n} observations; got shape {w.shape}.")
    if any(primal(as_element(x)) < 0.0 for x in w.flat):
        raise ValueError(f"np.cov needs {name} that are not negative.")
    return w


@written("cov")
def cov(
    m: Any, y: Any = None, rowvar: Any = True, bias: Any = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    """Return the covariances of variables."""
    check_dtype("cov", dtype)
    x = _variables(m, y, rowvar)
    n = x.shape[1]
    ddof = (0 if bias else 1) if ddof is None else ddof
    often, heavy = _weights(fweights, "fweights", n), _weights(aweights, "aweights", n)
    w = as_array(often * heavy * np.ones(n))
    sum_of_weights = w.sum()
    d = x - ((x * w).sum(axis=1) / sum_of_weights)[:, None]
    lost = ddof if aweights is None else ddof * (w * heavy).sum() / sum_of_weights
    freedom = sum_of_weights - lost
    covariances = (d * w) @ d.T / choose(freedom > 0.0, freedom, 0.0)
    return np.squeeze(covariances)


@written("corrcoef")
def corrcoef(x: Any, y: Any = None, rowvar: Any = True, *, dtype: Any = None) -> Any:
    """Return the correlations of variables, which lie between -1 and 1."""
    c = as_array(cov(x, y, rowvar, dtype=dtype))
    if not c.ndim:
        return c / c
    deviations = np.sqrt(np.diagonal(c))
    return np.clip(c / deviations[:, None] / deviations[None, :], -1.0, 1.0)


# --- without NaN -------------------------------------------------------------------------------------------------


def counted(xs: Numbers) -> tuple[Numbers, Any]:
    """Return numbers with 0 in place of NaN, and how many there are, which no branch decides."""
    missing = [isnan(x) for x in xs]
    return [choose(m, 0.0, as_element(x)) for m, x in zip(missing, xs)], total([choose(m, 0.0, 1.0) for m in missing])


def nanmean_of(xs: Numbers) -> Any:
    """Return the mean of the numbers that are not NaN."""
    numbers, count = counted(xs)
    return divide(sum_of(numbers), count)


def nanspread_of(ddof: float, finish: Callable[[Any], Any]) -> OfList:
    """Return what finds their variance, or its root."""

    def of(xs: Numbers) -> Any:
        middle, (_, count) = nanmean_of(xs), counted(xs)
        deviations = [choose(isnan(x), 0.0, as_element(x) - middle) for x in xs]
        enough = count > ddof
        return choose(enough, _finished(deviations, choose(enough, count - ddof, 1.0), finish), math.nan)

    return of


def _nan_extreme(name: str, fill: float) -> OfList:
    def of(xs: Numbers) -> Any:
        missing = [isnan(x) for x in xs]
        extreme = reduction(name)([choose(m, fill, as_element(x)) for m, x in zip(missing, xs)])
        return choose(total([choose(m, 0.0, 1.0) for m in missing]) == 0.0, math.nan, extreme)

    return of


def _without_nan(name: str, f: OfList) -> None:
    @written(name)
    def reduced(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = UNSET, where: Any = True
    ) -> Any:
        return into(out, along(f, a, axis, keepdims, where, initial), name)


def _filled(name: str, fill: float, f: OfList) -> None:
    @written(name)
    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = UNSET,
        where: Any = True,
    ) -> Any:  # fmt: skip
        check_dtype(name, dtype)
        return into(
            out, along(lambda xs: f([choose(isnan(x), fill, x) for x in xs]), a, axis, keepdims, where, initial), name
        )


_without_nan("nanmax", _nan_extreme("maximum", -math.inf))
_without_nan("nanmin", _nan_extreme("minimum", math.inf))
_filled("nansum", 0.0, sum_of)
_filled("nanprod", 1.0, product_of)


_averaged("nanmean", nanmean_of)


def _nanspread(name: str, finish: Callable[[Any], Any]) -> None:
    @written(name)
    def spread(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        where: Any = True, mean: Any = UNSET, correction: Any = UNSET,
    ) -> Any:  # fmt: skip
        check_dtype(name, dtype)
        if mean is not UNSET:
            refuse_function(f"{name}(mean=)", "Leave mean out; it is computed.")
        freedom = float(ddof if correction is UNSET else correction)
        return into(out, along(nanspread_of(freedom, finish), a, axis, keepdims, where), name)


_nanspread("nanvar", itself)
_nanspread("nanstd", root_of)
