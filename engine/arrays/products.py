"""Products of arrays of Values, in which each result is one `dot`: @, tensordot and what is made of them.

>>> matmul(objects([[1.0, 2.0], [3.0, 4.0]]), objects([1.0, 10.0]))
array([21.0, 43.0], dtype=object)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.functions as fn
from engine.arrays.elements import as_element
from engine.arrays.plain import Objects, objects
from engine.arrays.table import written


def dot(xs: list[Any], ys: list[Any]) -> Any:
    """Return the sum of products of two lists of numbers, one node."""
    return fn.dot([as_element(x) for x in xs], [as_element(y) for y in ys])


def matmul(a: Any, b: Any) -> Objects:
    """Return ``a @ b``: of matrices, vectors, and stacks of matrices.

    Raises
    ------
    ValueError
        If one is a number, or the shapes do not fit.
    """
    a, b = objects(a), objects(b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul (@) of a number is not defined. Multiply by a number with *.")
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    if left.shape[-1] != right.shape[-2]:
        raise ValueError(
            f"matmul (@) of shapes {a.shape} and {b.shape} is not defined: {left.shape[-1]} columns meet "
            f"{right.shape[-2]} rows. Transpose one of them."
        )
    stack = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left = np.broadcast_to(left, stack + left.shape[-2:])
    right = np.broadcast_to(right, stack + right.shape[-2:])
    product = np.empty((*stack, left.shape[-2], right.shape[-1]), dtype=object)
    for i in np.ndindex(stack):
        rows, columns = left[i].tolist(), right[i].T.tolist()
        for j, row in enumerate(rows):
            for k, column in enumerate(columns):
                product[(*i, j, k)] = fn.dot(row, column)
    product = product[..., 0, :] if a.ndim == 1 else product
    return product[..., 0] if b.ndim == 1 else product


@written("tensordot")
def tensordot(a: Any, b: Any, axes: Any = 2) -> Objects:
    """Sum products over pairs of axes, as NumPy's function does.

    Raises
    ------
    ValueError
        If the axes are of different lengths.
    """
    a, b = objects(a), objects(b)
    over_a, over_b = _pairs(axes, a.ndim, b.ndim)
    lengths = [a.shape[k] for k in over_a]
    if lengths != [b.shape[k] for k in over_b]:
        raise ValueError(
            f"tensordot of shapes {a.shape} and {b.shape} over axes {over_a} and {over_b} is not defined. "
            "Sum over axes of one length."
        )
    rest_a = [k for k in range(a.ndim) if k not in over_a]
    rest_b = [k for k in range(b.ndim) if k not in over_b]
    n = math.prod(lengths)
    shape = [a.shape[k] for k in rest_a] + [b.shape[k] for k in rest_b]
    rows = a.transpose(rest_a + over_a).reshape(math.prod([a.shape[k] for k in rest_a]), n)
    columns = b.transpose(over_b + rest_b).reshape(n, math.prod([b.shape[k] for k in rest_b]))
    return matmul(rows, columns).reshape(shape)


def _pairs(axes: Any, a_ndim: int, b_ndim: int) -> tuple[list[int], list[int]]:
    """Return the axes of either that are summed over, in pairs."""
    if isinstance(axes, (int, np.integer)):
        return list(range(a_ndim - int(axes), a_ndim)), list(range(int(axes)))
    over_a, over_b = [[k] if isinstance(k, (int, np.integer)) else list(k) for k in axes]
    return [k % a_ndim for k in over_a], [k % b_ndim for k in over_b]


def vecdot(a: Any, b: Any) -> Objects:
    """Return the products of the vectors along the last axes."""
    a, b = np.broadcast_arrays(objects(a), objects(b))
    product = np.empty(a.shape[:-1], dtype=object)
    for i in np.ndindex(product.shape):
        product[i] = dot(a[i].tolist(), b[i].tolist())
    return product
