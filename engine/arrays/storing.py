"""Arrays that are made between numbers, and numbers that are stored in arrays.

>>> from engine.arrays.array import array
>>> B = array([[1.0, 2.0], [3.0, 4.0]])
>>> np.fill_diagonal(B, 0.0)
>>> B.tolist(), np.linspace(array([0.0, 10.0]), 20.0, 3)[1].tolist()
([[0.0, 2.0], [3.0, 0.0]], [10.0, 15.0])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.along import sum_of
from engine.arrays.array import as_array
from engine.arrays.plain import Objects, decided, filled, objects
from engine.arrays.table import refuse_function, written


@written("linspace")
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, **options: Any,
) -> Any:  # fmt: skip
    """Return numbers at even steps from one to another."""
    start, stop = np.broadcast_arrays(objects(start), objects(stop))
    parts = np.linspace(0.0, 1.0, num, endpoint).reshape((-1,) + (1,) * start.ndim)
    width = np.asarray(np.subtract(stop, start), dtype=object)
    numbers = np.moveaxis(np.add(start, np.multiply(parts, width)), 0, axis)
    if endpoint and num > 1:
        np.moveaxis(numbers, axis, 0)[-1, ...] = stop
    return (numbers, width / (num - bool(endpoint))) if retstep else numbers


@written("logspace")
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Return powers of a base whose exponents are at even steps."""
    return np.power(as_array(base), as_array(linspace(start, stop, num, endpoint, axis=axis)))


@written("geomspace")
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Return positive numbers of even ratios from one to another."""
    logarithms = np.log(as_array(start)), np.log(as_array(stop))
    return np.exp(as_array(linspace(*logarithms, num, endpoint, axis=axis)))


@written("full_like")
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **options: Any
) -> Any:
    """Return an array of one shape with another, filled with a number."""
    return np.broadcast_to(objects(fill_value), np.shape(a) if shape is None else shape).copy()


def _both(target: Any, numbers: Any) -> tuple[Any, Any]:
    """Return an array and numbers that can be stored in it: in floats the floats, where nothing is lost."""
    if not isinstance(target, np.ndarray) or target.dtype == object:
        return objects(target), objects(numbers)
    return target, objects(numbers).astype(target.dtype)


def _with(target: Any, places: Any, numbers: Any) -> tuple[Any, Any, Any]:
    array, source = _both(target, numbers)
    return array, places, source


@written("copyto")
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Copy numbers into an array, where a mask says."""
    target, source = _both(dst, src)
    if where is True:
        target[...] = source
    else:
        mask = np.broadcast_to(decided(where), target.shape)
        target[mask] = np.broadcast_to(source, target.shape)[mask]


@written("put")
def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Store numbers at places of an array that is looked at as one row."""
    np.put(*_with(a, ind, v), mode=mode)


@written("place")
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Store numbers where a mask holds, over and over."""
    target, numbers = _both(arr, vals)
    np.place(target, decided(mask), numbers.ravel())


@written("putmask")
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Store numbers where a mask holds, each at its own place."""
    np.putmask(*_with(a, decided(mask), values))


@written("fill_diagonal")
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Store numbers on the diagonal of an array."""
    target, numbers = _both(a, val)
    np.fill_diagonal(target, numbers, wrap=wrap)


@written("bincount")
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Objects:
    """Sum weights by classes, which are plain integers."""
    classes = np.asarray(x)
    if classes.dtype.kind not in "iub" or weights is None:
        refuse_function("bincount(x)", "Its classes must be plain integers, and Values its weights.")
    groups: list[list[Any]] = [[] for _ in range(max(int(classes.max(initial=-1)) + 1, minlength))]
    for k, weight in zip(classes.tolist(), objects(weights).tolist()):
        groups[k].append(weight)
    return filled([sum_of(group) for group in groups])
