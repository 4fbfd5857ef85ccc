"""Reductions: a function of a list of numbers, applied along any axes of an array.

>>> import numpy as np
>>> along(sum, np.array([[1.0, 2.0], [3.0, 4.0]], object), axis=0)
array([4.0, 6.0], dtype=object)
>>> along(max, np.array([[1.0, 2.0], [3.0, 4.0]], object), axis=(0, 1)).item()
4.0
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any, NoReturn

import numpy as np

import engine.functions as fn
from engine.arrays.axes import axes_of
from engine.arrays.elements import as_element, both, either
from engine.arrays.loops import element, stand_in
from engine.arrays.plain import Objects, decided, objects
from engine.arrays.table import refuse_function

UNSET: Any = getattr(np, "_NoValue", None)
"""What NumPy's functions have for an argument that nobody gave."""

OfList = Callable[[list[Any]], Any]


def sum_of(xs: list[Any]) -> Any:
    """Return the sum of numbers, one node."""
    return fn.total([as_element(x) for x in xs])


def product_of(xs: list[Any]) -> Any:
    """Return the product of numbers."""
    return reduce(operator.mul, [as_element(x) for x in xs]) if xs else 1.0


def logsumexp(xs: list[Any]) -> Any:
    """Return the logarithm of the sum of exponentials, one node."""
    return fn.logsumexp([as_element(x) for x in xs])


def largest_of(xs: list[Any]) -> Any:
    """Return the largest of numbers, one node whose ties share evenly."""
    return fn.largest([as_element(x) for x in xs]) if xs else _of_none("maximum")


def smallest_of(xs: list[Any]) -> Any:
    """Return the smallest of numbers, whose ties share evenly."""
    return fn.smallest([as_element(x) for x in xs]) if xs else _of_none("minimum")


def _of_none(name: str) -> NoReturn:
    raise ValueError(f"np.{name} of no numbers has no result. Pass at least one, or give initial=.")


def every(xs: list[Any]) -> Any:
    """Return whether all hold: a bool or a condition."""
    return reduce(both, xs, True)


def some(xs: list[Any]) -> Any:
    """Return whether one holds: a bool or a condition."""
    return reduce(either, xs, False)


def chain(name: str) -> OfList:
    """Return what applies a ufunc of two numbers from left to right."""
    f = element(name)

    def chained(xs: list[Any]) -> Any:
        return reduce(f, xs) if xs else _of_none(name)

    return chained


REDUCED: dict[str, OfList] = {
    "add": sum_of,
    "multiply": product_of,
    "logaddexp": logsumexp,
    "maximum": largest_of,
    "minimum": smallest_of,
    "logical_and": every,
    "logical_or": some,
}
"""The ufuncs whose reductions have a form of their own."""


def reduction(name: str) -> OfList:
    """Return what reduces a list of numbers by a ufunc."""
    if name not in REDUCED and stand_in(name) is None:
        refuse_function(f"{name}.reduce")
    return REDUCED.get(name) or chain(name)


def along(
    f: OfList, a: Any, axis: Any = None, keepdims: Any = False, where: Any = True, initial: Any = UNSET
) -> Objects:
    """Apply a function of a list of numbers along axes.

    Parameters
    ----------
    f
        Takes a list of numbers.
    a
        What `objects` takes.
    axis
        One axis, a tuple of them, or None for all.
    keepdims
        Whether they stay, with length 1.
    where
        A mask of the elements that count.
    initial
        What comes before the elements.

    Returns
    -------
    ndarray
        Of objects; without axes it has none.
    """
    a = objects(a)
    axes = axes_of(axis, a.ndim)
    others = [k for k in range(a.ndim) if k not in axes]
    shape, n = [a.shape[k] for k in others], math.prod([a.shape[k] for k in axes])
    order, flat = [*others, *axes], (math.prod(shape), n)
    rows = a.transpose(order).reshape(flat).tolist()
    if where is not True and where is not UNSET:
        mask = np.broadcast_to(decided(where), a.shape).transpose(order).reshape(flat)
        rows = [list(itertools.compress(row, chosen)) for row, chosen in zip(rows, mask)]
    if initial is not UNSET and initial is not None:
        rows = [[initial, *row] for row in rows]
    results = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        results[i] = f(row)
    as_ones = keepdims is not UNSET and bool(keepdims)
    return results.reshape([1 if k in axes else a.shape[k] for k in range(a.ndim)] if as_ones else shape)


def by_lines(f: Callable[[list[Any]], Any], a: Any, axis: Any = -1, dtype: Any = object) -> Objects:
    """Apply a function of a list of numbers to as many, along one axis; along None, to all of them in one row.

    >>> by_lines(sorted, [[2.0, 1.0], [3.0, 4.0]])
    array([[1.0, 2.0],
           [3.0, 4.0]], dtype=object)
    """
    a = objects(a)
    if axis is None:
        a, axis = a.reshape(-1), 0
    axes_of(axis, a.ndim)
    moved = np.moveaxis(a, axis, -1)
    results = np.empty(moved.shape, dtype=dtype)
    for i in np.ndindex(moved.shape[:-1]):
        results[i] = f(moved[i].tolist())
    return np.moveaxis(results, -1, axis)
