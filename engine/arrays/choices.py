"""Choices: where, clip, select, piecewise, interp, nan_to_num, and comparisons of whole arrays.

While a function is lifted, none of these branches: each choice is a node, and serves every input.

>>> from engine import Value
>>> from engine.arrays.array import array
>>> x = array([Value(-2.0), 0.5, Value(3.0)])
>>> np.where(x > 0.0, x, 0.0).tolist()
[0.0, 0.5, Value(3.0, grad=0.0)]
>>> np.clip(x, -1.0, 1.0).tolist()
[Value(-1.0, grad=0.0, op='clip'), 0.5, Value(1.0, grad=0.0, op='clip')]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arrays.along import UNSET, along, sum_of
from engine.arrays.array import as_array
from engine.arrays.elements import as_element, choose, holds, isnan
from engine.arrays.loops import loop, over_arrays
from engine.arrays.plain import Objects, Undecided, decided, into, objects, settled
from engine.arrays.table import refuse_function, written

LARGEST_FLOAT = float(np.finfo(float).max)
_chosen = over_arrays(choose, 3)


@written("where")
def where(condition: Any, x: Any = UNSET, y: Any = UNSET) -> Any:
    """Choose element by element; of a condition alone, say where it holds."""
    if x is UNSET and y is UNSET:
        return np.nonzero(decided(_truths(condition)))
    if x is UNSET or y is UNSET:
        raise ValueError("np.where takes a condition and two choices, or a condition alone; got one choice.")
    x, y = objects(x), objects(y)
    if isinstance(condition, np.ndarray) and condition.dtype == np.bool_:
        return np.where(condition, x, y)
    return _chosen(objects(condition), x, y)


def _truths(mask: Any) -> Any:
    """Return whether each element is not 0: bools, or conditions."""
    return mask if isinstance(mask, np.ndarray) and mask.dtype == np.bool_ else over_arrays(holds, 1)(objects(mask))


@written("clip")
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None, **options: Any
) -> Any:
    """Hold numbers between bounds; a bound that is None is none."""
    low, high = (a_min if a_min is not None else min), (a_max if a_max is not None else max)
    low, high = (-math.inf if low is None else low), (math.inf if high is None else high)
    with np.errstate(all="ignore"):
        return into(out, loop("clip")(objects(a), objects(low), objects(high)), "clip")


@written("select")
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0.0) -> Any:
    """Choose by the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"np.select needs as many choices as conditions; got {len(choicelist)} and {len(condlist)}.")
    chosen = objects(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        chosen = where(condition, choice, chosen)
    return chosen


@written("piecewise")
def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Compute by the last condition that holds; one function more than conditions is what holds elsewhere."""
    x = as_array(x)
    one = not isinstance(condlist, (list, tuple)) or (bool(condlist) and np.ndim(condlist[0]) == 0 and x.ndim > 0)
    conditions = [condlist] if one else list(condlist)
    if len(funclist) - len(conditions) not in (0, 1):
        raise ValueError(
            f"np.piecewise needs a function for each condition; got {len(funclist)} for {len(conditions)}."
        )

    def piece(f: Any) -> Any:
        return f(x, *args, **kw) if callable(f) else f

    chosen = piece(funclist[-1]) if len(funclist) > len(conditions) else 0.0
    for condition, f in zip(conditions, funclist):
        chosen = where(condition, piece(f), chosen)
    return np.broadcast_to(objects(chosen), x.shape).copy()


@written("interp")
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Interpolate linearly between knots, which are plain numbers."""
    knots, heights = objects(xp).tolist(), objects(fp).tolist()
    if period is not None or not all(isinstance(k, (int, float)) for k in knots):
        refuse_function("interp", "Its knots xp must be plain numbers in order, and period is not supported.")
    if len(knots) != len(heights) or not knots:
        raise ValueError(f"np.interp needs a height for each knot; got {len(heights)} for {len(knots)}.")
    left, right = (heights[0] if left is None else left), (heights[-1] if right is None else right)

    def at(t: Any) -> Any:
        t = as_element(t)
        y = choose(t > knots[-1], right, heights[-1])
        for i in reversed(range(len(knots) - 1)):
            slope = (heights[i + 1] - heights[i]) / (knots[i + 1] - knots[i])
            y = choose(t < knots[i + 1], heights[i] + slope * (t - knots[i]), y)
        return choose(isnan(t), t, choose(t < knots[0], left, y))

    return over_arrays(at, 1)(objects(x))


@written("nan_to_num")
def nan_to_num(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Put numbers in place of what is NaN or infinite."""
    top, bottom = (LARGEST_FLOAT if posinf is None else posinf), (-LARGEST_FLOAT if neginf is None else neginf)

    def finite(x: Any) -> Any:
        x = as_element(x)
        return choose(isnan(x), nan, choose(x == math.inf, top, choose(x == -math.inf, bottom, x)))

    result = over_arrays(finite, 1)(objects(x))
    return result if copy else into(x, result, "nan_to_num(copy=False)")


@written("isclose")
def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> Any:
    """Say whether numbers are equal within a tolerance."""
    a, b = as_array(a), as_array(b)
    with np.errstate(all="ignore"):
        near = (abs(a - b) <= atol + rtol * abs(b)) & np.isfinite(b) | (a == b)
        return near | np.isnan(a) & np.isnan(b) if equal_nan else near


@written("allclose")
def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> Any:
    """Say whether all are: a bool, which while lifting is guarded."""
    return bool(np.all(decided(isclose(a, b, rtol, atol, equal_nan))))


@written("array_equal")
def array_equal(a1: Any, a2: Any, equal_nan: Any = False) -> Any:
    """Say whether arrays have one shape and equal elements: a bool, which while lifting is guarded."""
    a, b = as_array(a1), as_array(a2)
    if a.shape != b.shape:
        return False
    same = (a == b) | (np.isnan(a) & np.isnan(b)) if equal_nan else a == b
    return bool(np.all(decided(same)))


@written("array_equiv")
def array_equiv(a1: Any, a2: Any) -> Any:
    """Say whether arrays are equal once they are broadcast together."""
    a, b = as_array(a1), as_array(a2)
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return bool(np.all(decided(a == b)))


def _finding(name: str) -> Callable[..., Any]:
    """Make a function that finds what is not 0, by NumPy's own of bools."""
    function = getattr(np, name)

    @written(name)
    def of_mask(a: Any, *args: Any, **kwargs: Any) -> Any:
        return function(decided(_truths(a)), *args, **kwargs)

    return of_mask


for _name in ("nonzero", "flatnonzero", "argwhere"):
    _finding(_name)


@written("count_nonzero")
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Count what is not 0: whole numbers, or sums of undecided comparisons."""
    truths = settled(_truths(a))
    if isinstance(truths, Undecided):
        return along(sum_of, truths, axis, keepdims)
    return np.count_nonzero(truths, axis=axis, keepdims=keepdims)


@written("extract")
def extract(condition: Any, arr: Any) -> Objects:
    """Return the elements where a condition holds."""
    return objects(arr).ravel()[decided(_truths(condition)).ravel()]


@written("compress")
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """Return slices of an array where a condition holds."""
    return into(out, np.compress(decided(_truths(condition)), objects(a), axis), "compress")
