"""Norms of vectors and of matrices: every `ord`, along every axis; and the condition number.

Where all of a vector is zero its norm has no derivative; as in PyTorch it is 0 there, the middle of the slopes.

>>> from engine import grad
>>> grad(np.linalg.norm)(np.array([3.0, 4.0])), grad(np.linalg.norm)(np.zeros(2))
(array([0.6, 0.8]), array([0., 0.]))
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.arguments import described
from engine.arrays.along import OfList, along, reduction, sum_of
from engine.arrays.array import as_array
from engine.arrays.axes import axes_of
from engine.arrays.elements import as_element, choose
from engine.arrays.linalg import inv, matrices, on_matrices, svdvals
from engine.arrays.plain import Objects, objects
from engine.arrays.rotations import nuclear_norm
from engine.arrays.table import written
from engine.functions import dot, power, sqrt, where


def root_of(powers: Any, n: float = 2.0) -> Any:
    """Return the n-th root of a sum of powers, a constant where that is 0."""
    if n < 0.0:
        return power(powers, 1.0 / n)
    is_zero = powers == 0.0
    inside = where(is_zero, 1.0, powers)
    return where(is_zero, 0.0, sqrt(inside) if n == 2.0 else power(inside, 1.0 / n))


def euclidean(xs: list[Any]) -> Any:
    """Return the length of a vector."""
    items = [as_element(x) for x in xs]
    return root_of(dot(items, items))


def sizes(xs: list[Any]) -> list[Any]:
    """Return absolute values."""
    return [abs(as_element(x)) for x in xs]


def _sum_of_sizes(xs: list[Any]) -> Any:
    return sum_of(sizes(xs))


def _nonzero(xs: list[Any]) -> Any:
    return sum_of([choose(as_element(x) == 0.0, 0.0, 1.0) for x in xs])


def _extreme(name: str) -> OfList:
    return lambda xs: reduction(name)(sizes(xs))


OF_VECTOR: dict[Any, OfList] = {
    None: euclidean,
    2: euclidean,
    1: _sum_of_sizes,
    0: _nonzero,
    math.inf: _extreme("maximum"),
    -math.inf: _extreme("minimum"),
}
"""The norms of a vector that have a form of their own; of another order n it is the n-th root of a sum of powers."""

OF_SUMS: dict[Any, tuple[str, int]] = {
    1: ("maximum", -2),
    -1: ("minimum", -2),
    math.inf: ("maximum", -1),
    -math.inf: ("minimum", -1),
}
"""The norms of a matrix that are the extreme of the sums of its columns, along -2, or of its rows, along -1."""


def of_vector(order: Any) -> OfList:
    """Return the norm of a vector of an order, a function of a list.

    Raises
    ------
    ValueError
        If the order is no number.
    """
    if order is not None and not isinstance(order, (int, float, np.number)):
        raise ValueError(f"linalg.norm: ord of a vector must be a number, inf or -inf; got {described(order)}.")
    if order in OF_VECTOR:
        return OF_VECTOR[order]
    n = float(order or 0.0)
    return lambda xs: root_of(sum_of([power(x, n) for x in sizes(xs)]), n)


def of_matrices(x: Objects, order: Any) -> Objects:
    """Return the norm of each matrix of a stack.

    Raises
    ------
    ValueError
        If the order is none of a matrix.
    """
    if order is None or order in ("fro", "f"):
        return along(euclidean, x, (-2, -1))
    if order in OF_SUMS:
        name, axis = OF_SUMS[order]
        return along(reduction(name), along(_sum_of_sizes, x, axis), -1)
    if order in (2, -2):
        return _singular_values(x)[..., 0 if order == 2 else -1]
    if order == "nuc":
        return on_matrices(nuclear_norm, (), x) if x.size else np.zeros(x.shape[:-2]).astype(object)
    raise ValueError(
        f"linalg.norm: ord of a matrix must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf; got {described(order)}."
    )


@written("linalg.norm")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Objects:
    """Return the norm of a vector or a matrix, or of those along one axis or two."""
    x = objects(x)
    if axis is None and ord is None:
        return along(euclidean, x, None, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return along(of_vector(ord), x, axes, keepdims)
    if len(axes) != 2:
        raise ValueError(f"linalg.norm with ord={ord!r} needs one axis or two; got {len(axes)}. Pass axis=.")
    axes_of(axes, x.ndim)
    return _kept(of_matrices(np.moveaxis(x, axes, (-2, -1)), ord), axes, keepdims)


def _kept(norms: Objects, axes: tuple[int, ...], keepdims: Any) -> Objects:
    return np.expand_dims(norms, axes) if keepdims else norms


@written("linalg.vector_norm")
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Objects:
    """Return the norm of what lies along axes, all of it one vector."""
    return along(of_vector(ord), x, axis, keepdims)


@written("linalg.matrix_norm")
def matrix_norm(x: Any, /, *, keepdims: Any = False, ord: Any = "fro") -> Objects:
    """Return the norm of each matrix of a stack."""
    return _kept(of_matrices(matrices(x, "matrix_norm", square=False), ord), (-2, -1), keepdims)


@written("linalg.cond")
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition number: by default the largest singular value over the smallest."""
    if p in (None, 2, -2):
        s = as_array(_singular_values(matrices(x, "cond", square=False)))
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    a = matrices(x, "cond")
    return np.multiply(of_matrices(a, p), of_matrices(inv(a), p))


def _singular_values(x: Objects) -> Objects:
    if not x.size:
        raise ValueError(f"An empty matrix has no largest singular value; got shape {x.shape}.")
    return svdvals(x)
