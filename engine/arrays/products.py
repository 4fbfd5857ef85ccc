"""Products of arrays of Values, in which each result is one `dot`: @, tensordot and what is made of them.

>>> matmul(objects([[1.0, 2.0], [3.0, 4.0]]), objects([1.0, 10.0]))
array([21.0, 43.0], dtype=object)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine.functions as fn
from engine.arrays.axes import axes_in_order
from engine.arrays.elements import as_element
from engine.arrays.plain import Objects, filled, into, objects
from engine.arrays.table import written
from engine.operands import is_value


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
    product = np.empty([*stack, left.shape[-2], right.shape[-1]], dtype=object)
    for i in np.ndindex(stack):
        matrix, columns = product[i], list(map(_Operands, right[i].T.tolist()))
        for j, row in enumerate(map(_Operands, left[i].tolist())):
            for k, column in enumerate(columns):
                matrix[j, k] = _of_one_length(row, column)
    product = product[..., 0, :] if a.ndim == 1 else product
    return product[..., 0] if b.ndim == 1 else product


class _Operands:
    """A row or a column, which takes part in many products: what is the same in each of them is looked up once."""

    __slots__ = ("cls", "items", "numbers")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.numbers: list[float] | None = None
        self.cls = cls = items[0].__class__ if items and is_value(items[0]) else None
        numbers = [x._data for x in items if x.__class__ is cls] if cls else []
        if cls and len(numbers) == len(items):  # all of them are of one class
            self.numbers = numbers


def _of_one_length(row: _Operands, column: _Operands) -> Any:
    """Return the product of two lists that are known to fit: by the rule's method, where they begin with a Value."""
    cls = row.cls or column.cls
    if cls is None:
        return fn.dot(row.items, column.items)
    if row.numbers is None or column.numbers is None or row.cls is not column.cls:
        return cls.dot([*row.items, *column.items])
    return cls.dot((*row.items, *column.items), [*row.numbers, *column.numbers])


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
    over_a, over_b = axes
    return axes_in_order(over_a, a_ndim), axes_in_order(over_b, b_ndim)


def vecdot(a: Any, b: Any) -> Objects:
    """Return the products of the vectors along the last axes, ``np.vecdot``."""
    a, b = np.broadcast_arrays(objects(a), objects(b))
    product = np.empty(a.shape[:-1], dtype=object)
    for i in np.ndindex(product.shape):
        product[i] = dot(a[i].tolist(), b[i].tolist())
    return product


@written("dot")
def dot_product(a: Any, b: Any, out: Any = None) -> Any:
    """Return ``np.dot``: the last axis of `a` with the last but one of `b`; with a number, the multiple."""
    a, b = objects(a), objects(b)
    if not a.ndim or not b.ndim:
        return into(out, np.multiply(a, b), "dot")
    return into(out, tensordot(a, b, (a.ndim - 1, max(b.ndim - 2, 0))), "dot")


@written("inner")
def inner(a: Any, b: Any) -> Any:
    """Return products over the last axes."""
    a, b = objects(a), objects(b)
    return tensordot(a, b, (a.ndim - 1, b.ndim - 1)) if a.ndim and b.ndim else np.multiply(a, b)


@written("outer")
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """Return all products of two vectors."""
    return into(out, np.multiply(objects(a).reshape(-1, 1), objects(b).reshape(1, -1)), "outer")


@written("vdot")
def vdot(a: Any, b: Any) -> Any:
    """Return the product of two arrays as vectors."""
    return dot_product(objects(a).ravel(), objects(b).ravel())


@written("kron")
def kron(a: Any, b: Any) -> Objects:
    """Return all products of two arrays, as blocks."""
    a, b = objects(a), objects(b)
    ndim = max(a.ndim, b.ndim)
    a, b = a.reshape((1,) * (ndim - a.ndim) + a.shape), b.reshape((1,) * (ndim - b.ndim) + b.shape)
    blocks = a.reshape([n for k in a.shape for n in (k, 1)]), b.reshape([n for k in b.shape for n in (1, k)])
    return np.asarray(np.multiply(*blocks)).reshape([m * n for m, n in zip(a.shape, b.shape)])


@written("cross")
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Objects:
    """Return the cross products of vectors of three, or of two as if in a plane."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = np.moveaxis(objects(a), axisa, 0), np.moveaxis(objects(b), axisb, 0)
    if not {len(a), len(b)} <= {2, 3}:
        raise ValueError(f"np.cross of vectors of {len(a)} and {len(b)} is not defined. Pass vectors of two or three.")
    third = a[0] * b[1] - a[1] * b[0]
    if len(a) == len(b) == 2:
        return np.asarray(third, dtype=object)
    (x, y, z), (u, v, w) = ([*c, 0.0] if len(c) == 2 else c for c in (a, b))
    parts = np.broadcast_arrays(*[objects(part) for part in (y * w - z * v, z * u - x * w, third)])
    return np.moveaxis(np.stack(parts), 0, axisc)


@written("convolve")
def convolve(a: Any, v: Any, mode: str = "full") -> Objects:
    """Return the convolution of two sequences, each result one product."""
    return correlate(a, objects(v)[::-1], mode)


@written("correlate")
def correlate(a: Any, v: Any, mode: str = "valid") -> Objects:
    """Return the products of a sequence with another that is moved along it.

    Raises
    ------
    ValueError
        If one is empty, or the mode is none of "valid", "same" and "full".
    """
    a, v = objects(a), objects(v)
    if not a.size or not v.size or a.ndim != 1 or v.ndim != 1:
        raise ValueError(f"convolve and correlate need two sequences; got shapes {a.shape} and {v.shape}.")
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"mode={mode!r} is not known; use 'valid', 'same' or 'full'.")
    full = [_overlap(a.tolist(), v.tolist(), shift) for shift in range(1 - len(v), len(a))]
    longest, shortest = max(len(a), len(v)), min(len(a), len(v))
    length = {"full": len(full), "same": longest, "valid": longest - shortest + 1}[mode]
    start = (len(full) - length) // 2 if len(a) >= len(v) or mode == "valid" else (len(full) - length + 1) // 2
    return filled(full[start : start + length])


def _overlap(a: list[Any], v: list[Any], shift: int) -> Any:
    pairs = [(a[k], v[k - shift]) for k in range(max(shift, 0), min(len(a), shift + len(v)))]
    return dot(*map(list, zip(*pairs)))
