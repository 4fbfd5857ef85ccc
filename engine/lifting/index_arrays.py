"""Index arrays as views: where elements are, as an offset and a stride for each axis, if they are so.

>>> print(as_view(Source("x", (20,), "input"), np.array([[3, 5, 7], [13, 15, 17]])))
x[3; (10, 2)]
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.lifting.remembered import remembered
from engine.lifting.views import Gather, Indices, Shape, Source, View, all_distinct


def as_view(source: Source, index: Indices) -> View | Gather:
    """Return the view that an index array is, or a gather."""
    offset_and_strides = affine(index)
    if offset_and_strides is not None:
        return View(source, index.shape, *offset_and_strides)
    return Gather(source, index.shape, index, distinct=all_distinct(index))


@remembered
def affine(index: Indices) -> tuple[int, Shape] | None:
    """Return offset and strides if every element is offset + sum of i_axis * stride_axis, else None.

    >>> affine(np.array([[3, 5, 7], [13, 15, 17]]))
    (3, (10, 2))
    """
    offset = int(index.flat[0])
    expected = np.full(index.shape, offset, dtype=np.int64)
    strides = []
    for axis, size in enumerate(index.shape):
        stride = 0
        if size > 1:
            stride = int(index.take(1, axis).flat[0]) - offset
            along = [1] * index.ndim
            along[axis] = size
            expected += (np.arange(size, dtype=np.int64) * stride).reshape(along)
        strides.append(stride)
    return (offset, tuple(strides)) if np.array_equal(expected, index) else None


@remembered
def factor(columns: Sequence[Indices]) -> Shape | None:
    """Return the shape in which all the flat index arrays are affine, or None.

    >>> factor([np.array([0, 0, 0, 1, 1, 1]), np.array([4, 5, 6, 4, 5, 6])])
    (2, 3)
    """
    size = len(columns[0])
    shape: list[int] = []
    rest = [np.asarray(c) for c in columns]
    while size > 1:
        run = _common_run(rest, size)
        if run == 1:
            return None
        shape.insert(0, run)
        rest = [c[::run] for c in rest]
        size //= run
    return tuple(shape)


def _common_run(columns: Sequence[Indices], size: int) -> int:
    """Length of the innermost axis: how far all columns are arithmetic, in every block of that length."""
    run = size
    for column in columns:
        steps = np.diff(column)
        changes = np.flatnonzero(steps != steps[0])
        if len(changes):
            run = min(run, int(changes[0]) + 1)
    run = math.gcd(run, size)
    for column in columns:
        blocks = column.reshape(-1, run)
        if run > 1 and not (np.diff(blocks, axis=1) == column[1] - column[0]).all():
            return 1
    return run
