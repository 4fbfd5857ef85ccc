"""Medians, quantiles and percentiles, by every method that NumPy has.

A quantile lies between two neighbours of the sorted numbers.  Where it lies NumPy itself says, asked for that of
0, 1, 2, ... in place of the sorted numbers; so one mechanism serves all its methods.

>>> from engine import grad
>>> grad(np.median)(np.array([3.0, 1.0, 2.0, 9.0]))
array([0.5, 0. , 0.5, 0. ])
>>> grad(lambda x: np.quantile(x, 0.25))(np.array([3.0, 1.0, 2.0, 9.0]))
array([0.  , 0.25, 0.75, 0.  ])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays.along import along
from engine.arrays.elements import as_element, choose, isnan
from engine.arrays.plain import filled, into
from engine.arrays.sorting import in_order, order_of
from engine.arrays.table import refuse_function, written
from engine.operands import is_value

Numbers = list[Any]
OfSorted = Callable[[int], float]
_quantile: Any = np.quantile  # for any text as its method, which its stubs list


def position(q: float, method: str) -> OfSorted:
    """Return where a quantile lies among so many sorted numbers, from 0.0 for the first."""
    return lambda n: float(_quantile(np.arange(float(n)), q, method=method))


def between(ascending: Numbers, place: float) -> Any:
    """Return what lies between two neighbours; NaN where one of the numbers is."""
    low = math.floor(place)
    part = place - low
    x = ascending[low]
    if part:
        x = as_element(x) * (1.0 - part) + as_element(ascending[low + 1]) * part
    return choose(isnan(ascending[-1]), math.nan, x)


def of_list(place: OfSorted) -> Callable[[Numbers], Any]:
    """Return what finds a quantile of a list; of none it is NaN."""
    return lambda xs: between(in_order(xs), place(len(xs))) if xs else math.nan


def of_numbers(f: Callable[[Numbers], Any]) -> Callable[[Numbers], Any]:
    """Return a function of a list that leaves out NaN, which is decided now."""
    return lambda xs: f([x for x in xs if not isnan(x)])


def weighted(q: float, method: str, weights: Sequence[float]) -> Callable[[Numbers], Any]:
    """Return what finds a quantile of numbers that count more than once."""

    def of(xs: Numbers) -> Any:
        order = order_of(xs)
        ascending = [xs[i] for i in order]
        heavy = np.asarray([weights[i] for i in order])
        return between(ascending, float(_quantile(np.arange(float(len(xs))), q, method=method, weights=heavy)))

    return of


def quantiles(
    a: Any, q: Any, axis: Any, out: Any, method: Any, keepdims: Any, weights: Any, name: str, *, skip_nan: bool = False
) -> Any:
    """Return a quantile along axes, or for each of several, along a new first axis."""
    if is_value(q) or (isinstance(q, np.ndarray) and q.dtype == object) or is_value(weights):
        refuse_function(f"{name} of quantiles or weights that are Values", "Pass plain numbers.")
    if weights is not None and (skip_nan or np.shape(weights) != np.shape(a) or axis is not None):
        refuse_function(f"{name}(weights=) along an axis", "Pass one weight for each number, and no axis.")

    def of(part: float) -> Any:
        if weights is not None:
            f = weighted(part, method, np.ravel(weights).tolist())
        else:
            f = of_list(position(part, method))
        return along(of_numbers(f) if skip_nan else f, a, axis, keepdims)

    parts = np.asarray(q, dtype=float)
    if not parts.ndim:
        return into(out, of(float(parts)), name)
    each = filled([of(float(part)) for part in parts.ravel()])
    return into(out, each.reshape(parts.shape + each.shape[1:]), name)


def _enter(name: str, scale: float, *, skip_nan: bool) -> None:
    @written(name)
    def quantile(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
        keepdims: Any = False, *, weights: Any = None, interpolation: Any = None,
    ) -> Any:  # fmt: skip
        shares, method = np.true_divide(q, scale), interpolation or method
        return quantiles(a, shares, axis, out, method, keepdims, weights, name, skip_nan=skip_nan)


_enter("quantile", 1.0, skip_nan=False)
_enter("percentile", 100.0, skip_nan=False)
_enter("nanquantile", 1.0, skip_nan=True)
_enter("nanpercentile", 100.0, skip_nan=True)


@written("median")
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False) -> Any:
    """Return the middle of the sorted numbers, or of the two in the middle."""
    return quantiles(a, 0.5, axis, out, "linear", keepdims, None, "median")


@written("nanmedian")
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False) -> Any:
    """Return the same of the numbers that are not NaN."""
    return quantiles(a, 0.5, axis, out, "linear", keepdims, None, "nanmedian", skip_nan=True)
