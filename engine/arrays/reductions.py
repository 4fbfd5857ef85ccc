"""Sums, products, extremes, and whether any or all hold, over any axes.

>>> from engine.arrays.array import array
>>> x = array([[1.0, 2.0], [3.0, 4.0]])
>>> x.sum(axis=0), np.max(x), x.prod(keepdims=True), (x > 3.0).tolist()
(ValueArray([4.0, 6.0], dtype=object), 4.0, ValueArray([[24.0]], dtype=object), [[False, False], [False, True]])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.along import UNSET, OfList, along, every, product_of, reduction, some, sum_of
from engine.arrays.plain import into, objects, settled
from engine.arrays.table import refuse_function, written


def _checked(name: str, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype) not in (np.dtype(object), np.dtype(float)):
        refuse_function(f"{name}(dtype={np.dtype(dtype)})", "Values are float64; leave dtype out.")


def _with_dtype(name: str, f: OfList) -> None:
    @written(name)
    def reduced(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = UNSET,
        where: Any = True,
    ) -> Any:  # fmt: skip
        _checked(name, dtype)
        return into(out, along(f, a, axis, keepdims, where, initial), name)


def _without_dtype(f: OfList, finish: Callable[[Any], Any], *names: str) -> None:
    @written(*names)
    def reduced(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = UNSET, where: Any = True
    ) -> Any:
        return into(out, finish(along(f, a, axis, keepdims, where, initial)), names[0])


_with_dtype("sum", sum_of)
_with_dtype("prod", product_of)
_without_dtype(reduction("maximum"), lambda result: result, "max", "amax")
_without_dtype(reduction("minimum"), lambda result: result, "min", "amin")


@written("ptp")
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Return the largest minus the smallest."""
    largest, smallest = reduction("maximum"), reduction("minimum")
    return into(out, along(lambda xs: largest(xs) - smallest(xs), a, axis, keepdims), "ptp")


@written("trace")
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """Return the sum of a diagonal."""
    return into(out, along(sum_of, np.diagonal(objects(a), offset, axis1, axis2), -1), "trace")


@written("linalg.trace")
def trace_of_matrices(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Return the sum of a diagonal of each matrix."""
    return trace(x, offset, -2, -1)


_without_dtype(every, settled, "all", "alltrue")
_without_dtype(some, settled, "any", "sometrue")
