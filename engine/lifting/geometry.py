"""Index arrays and the strided views that they are, if they are: the geometry that stages share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.lifting.ir import Gather, Indices, Source, View


def affine(index: Indices) -> tuple[int, tuple[int, ...]] | None:
    """Return offset and strides if every element is offset + sum of i_axis * stride_axis, else None.

    >>> affine(np.array([[3, 5, 7], [13, 15, 17]]))
    (3, (10, 2))
    >>> affine(np.array([0, 1, 3])) is None
    True
    """
    offset = int(index.flat[0])
    expected = np.full(index.shape, offset, dtype=np.int64)
    strides = []
    for axis, size in enumerate(index.shape):
        stride = 0
        if size > 1:
            second = [0] * index.ndim
            second[axis] = 1
            stride = int(index[tuple(second)]) - offset
            along = [1] * index.ndim
            along[axis] = size
            expected += (np.arange(size, dtype=np.int64) * stride).reshape(along)
        strides.append(stride)
    return (offset, tuple(strides)) if np.array_equal(expected, index) else None


def factor(columns: Sequence[Indices]) -> tuple[int, ...] | None:
    """Return the shape in which all the flat index arrays are affine, or None.

    >>> factor([np.array([0, 0, 0, 1, 1, 1]), np.array([4, 5, 6, 4, 5, 6])])
    (2, 3)
    >>> factor([np.array([0, 1, 5])]) is None
    True
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


def look(source: Source, index: Indices) -> View | Gather:
    """Return the view that an index array is, or a gather."""
    found = affine(index)
    if found is not None:
        return View(source, index.shape, *found)
    return Gather(source, index.shape, index, distinct=len(np.unique(index)) == index.size)


def number_rows(rows: Indices) -> tuple[Indices, Indices]:
    """Number the distinct rows of a matrix in lexicographic order: (number of each row, the distinct rows).

    >>> number_rows(np.array([[5, 6], [1, 2], [5, 6]]))
    (array([1, 0, 1]), array([[1, 2],
           [5, 6]]))
    """
    weights = np.random.default_rng(0).integers(1, 2**62, rows.shape[1], dtype=np.int64)
    with np.errstate(over="ignore"):
        keys = (rows * weights).sum(axis=1)
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    distinct = rows[first]
    order = np.lexsort(distinct.T[::-1])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[number.reshape(-1)], distinct[order]
