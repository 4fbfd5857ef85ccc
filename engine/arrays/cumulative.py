"""Sums and products that run along an axis, and angles without jumps.

>>> from engine.arrays.array import array
>>> np.cumsum(array([1.0, 2.0, 3.0]))
ValueArray([1.0, 3.0, 6.0], dtype=object)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.functions as fn
from engine.arrays.array import as_array
from engine.arrays.elements import as_element, choose, isnan
from engine.arrays.loops import loop, over_arrays
from engine.arrays.plain import into, objects
from engine.arrays.table import refuse_function, written


def _running(name: str, a: Any, axis: Any) -> Any:
    a = objects(a)
    return loop(name).accumulate(*((a.reshape(-1), 0) if axis is None else (a, axis)))


def _without_nan(a: Any, filling: float) -> Any:
    return over_arrays(lambda x: choose(isnan(x), filling, as_element(x)), 1)(objects(a))


@written("cumsum")
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return the sums of all elements up to each."""
    return into(out, _running("add", a, axis), "cumsum")


@written("cumprod")
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return the products of all elements up to each."""
    return into(out, _running("multiply", a, axis), "cumprod")


@written("nancumsum")
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return running sums in which what is NaN counts as 0."""
    return into(out, _running("add", _without_nan(a, 0.0), axis), "nancumsum")


@written("nancumprod")
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return running products in which what is NaN counts as 1."""
    return into(out, _running("multiply", _without_nan(a, 1.0), axis), "nancumprod")


def _with_initial(name: str, first: float, x: Any, axis: Any, out: Any, include_initial: bool) -> Any:
    x = objects(x)
    if axis is None and x.ndim > 1:
        raise ValueError(f"np.cumulative_* of an array of {x.ndim} dimensions needs axis=.")
    running = _running(name, x, axis)
    if include_initial:
        at = axis or 0
        one = np.full([1 if k == at % running.ndim else n for k, n in enumerate(running.shape)], first, dtype=object)
        running = np.concatenate([one, running], axis=at)
    return into(out, running, "cumulative_sum and cumulative_prod")


@written("cumulative_sum")
def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Return running sums, if asked for after the sum of nothing."""
    return _with_initial("add", 0.0, x, axis, out, include_initial)


@written("cumulative_prod")
def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> Any:
    """Return running products, if asked for after the product of nothing."""
    return _with_initial("multiply", 1.0, x, axis, out, include_initial)


@written("unwrap")
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2.0 * math.pi) -> Any:
    """Return angles to which periods are added so that neighbours differ by half a period at most; periods are flat."""
    if discont is not None:
        refuse_function("unwrap(discont=)", "Leave it out: a jump is half a period.")
    angles = np.moveaxis(as_array(p), axis, -1)
    steps = np.diff(angles)
    turns = np.ceil(_as_constants(steps) / period - 0.5) * -period
    return np.moveaxis(
        np.concatenate([angles[..., :1], angles[..., 1:] + np.cumsum(turns, axis=-1)], axis=-1), -1, axis
    )


def _as_constants(x: Any) -> Any:
    return as_array(over_arrays(fn.stop_gradient, 1)(objects(x)))
