"""Systems of equations, inverses, determinants, and singular values: `numpy.linalg` on matrices and stacks of them.

>>> from engine import grad
>>> from engine.arrays.array import array
>>> grad(np.linalg.det)(np.array([[3.0, 1.0], [4.0, 2.0]]))
array([[ 2., -4.],
       [-1.,  3.]])
>>> np.linalg.solve(array([[2.0, 0.0], [0.0, 4.0]]), [1.0, 1.0]).tolist()
[0.5, 0.25]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arguments import whole
from engine.arrays.along import UNSET, product_of, sum_of
from engine.arrays.array import as_array, wrapped
from engine.arrays.axes import axes_of
from engine.arrays.deciding import constant
from engine.arrays.decompositions import Row, Rows, determinant, eliminated, solved, triangle
from engine.arrays.elements import as_element, choose
from engine.arrays.plain import Objects, filled, into, objects
from engine.arrays.rotations import pseudoinverse_of_rank, singular_values
from engine.arrays.table import refuse_function, refused, written
from engine.functions import log

WITH_VECTORS = np.lib.NumpyVersion(np.__version__) < "2.0.0"  # solve(a, b) took a stack of vectors for b, then


def rows_of(matrix: Objects) -> Rows:
    """Return a matrix as rows of floats and Values."""
    return [[as_element(x) for x in row] for row in matrix.tolist()]


def on_matrices(f: Callable[..., Any], shape: Sequence[int], *stacks: Objects) -> Objects:
    """Apply a function of matrices, as rows, to each of a stack; its results are rows, a row, or a number.

    Parameters
    ----------
    f
        Takes one matrix of each stack.
    shape
        Of a result.
    stacks
        Arrays of the same leading axes.
    """
    lead = stacks[0].shape[:-2]
    items: Row = []
    for i in np.ndindex(lead):
        result = f(*[rows_of(a[i]) for a in stacks])
        items += [x for row in result for x in row] if len(shape) == 2 else result if shape else [result]
    return filled(items).reshape([*lead, *shape])


def matrices(a: Any, name: str, *, square: bool = True) -> Objects:
    """Return a matrix, or a stack of them, as an array.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it has fewer than two axes, or is not square where it must be.
    """
    stack = objects(a)
    if stack.ndim < 2 or (square and stack.shape[-1] != stack.shape[-2]):
        needed = "a square matrix, or a stack of them" if square else "a matrix, or a stack of them"
        raise np.linalg.LinAlgError(f"linalg.{name} needs {needed}; got an array of shape {stack.shape}.")
    return stack


# --- systems of equations ----------------------------------------------------------------------------------------


@written("linalg.solve")
def solve(a: Any, b: Any) -> Any:
    """Return x with A x = b, of one right side or of several as columns."""
    a, b = matrices(a, "solve"), objects(b)
    is_vector = b.ndim == 1 or (WITH_VECTORS and b.ndim == a.ndim - 1)
    right = b[..., None] if is_vector else b
    if right.ndim < 2 or right.shape[-2] != a.shape[-1]:
        raise ValueError(
            f"linalg.solve of shapes {a.shape} and {b.shape} is not defined: a right side needs {a.shape[-1]} numbers."
        )
    lead = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    a, right = [np.broadcast_to(x, lead + x.shape[-2:]) for x in (a, right)]
    x = on_matrices(solved, right.shape[-2:], a, right)
    return x[..., 0] if is_vector else x


@written("linalg.inv")
def inv(a: Any) -> Any:
    """Return the inverse, by one system for each column of the identity."""
    a = matrices(a, "inv")
    return solve(a, np.broadcast_to(np.eye(a.shape[-1]), a.shape))


@written("linalg.tensorsolve")
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """Return x with tensordot(a, x, x.ndim) = b."""
    a, b = objects(a), objects(b)
    if axes is not None:
        last = axes_of(tuple(axes), a.ndim)
        a = a.transpose([k for k in range(a.ndim) if k not in last] + [int(k) % a.ndim for k in axes])
    shape, n = a.shape[b.ndim :], b.size
    if a.size != n * n:
        raise np.linalg.LinAlgError(
            f"linalg.tensorsolve needs as many equations as unknowns; got {n} and {a.size // max(n, 1)}."
        )
    return solve(a.reshape(n, n), b.reshape(n)).reshape(shape)


@written("linalg.tensorinv")
def tensorinv(a: Any, ind: Any = 2) -> Any:
    """Return the inverse of a tensordot over the last axes."""
    a, ind = objects(a), whole(ind, "linalg.tensorinv's ind", "how many axes come first", least=1)
    n = int(np.prod(a.shape[:ind]))
    if a.size != n * n:
        raise np.linalg.LinAlgError(
            f"linalg.tensorinv needs two halves of one size; got shape {a.shape} and ind={ind}."
        )
    return inv(a.reshape(n, n)).reshape(a.shape[ind:] + a.shape[:ind])


# --- determinants and factors ------------------------------------------------------------------------------------


@written("linalg.det")
def det(a: Any) -> Objects:
    """Return the determinant, whose gradient is right where it is zero as well."""
    return on_matrices(determinant, (), matrices(a, "det"))


@written("linalg.slogdet")
def slogdet(a: Any) -> Any:
    """Return the sign of the determinant, and the logarithm of its size."""
    a = matrices(a, "slogdet")
    signs, logarithms = np.moveaxis(on_matrices(_sign_and_logarithm, (2,), a), -1, 0)
    pair: Any = type(np.linalg.slogdet(np.eye(1)))
    parts = [wrapped(signs), wrapped(logarithms)]
    return pair(*parts) if hasattr(pair, "_fields") else pair(parts)


def _sign_and_logarithm(a: Rows) -> Row:
    left = eliminated(a)
    pivots = [left.upper[i][i] for i in range(min(left.pivots + 1, len(a)))]
    signs = [choose(d < 0.0, -1.0, choose(d > 0.0, 1.0, constant(d))) for d in pivots]
    return [product_of([left.sign, *signs]), sum_of([log(choose(d < 0.0, -d, d)) for d in pivots])]


@written("linalg.cholesky")
def cholesky(a: Any, upper: Any = False) -> Objects:
    """Return L of A = L L'; as in NumPy, the lower triangle of A alone is read, or the upper one for U of A = U' U."""
    a = matrices(a, "cholesky")
    if upper:
        return np.swapaxes(on_matrices(triangle, a.shape[-2:], np.swapaxes(a, -1, -2)), -1, -2)
    return on_matrices(triangle, a.shape[-2:], a)


# --- products ----------------------------------------------------------------------------------------------------


@written("linalg.matrix_power")
def matrix_power(a: Any, n: Any) -> Any:
    """Return A multiplied n times; of a negative n, its inverse."""
    a, n = matrices(a, "matrix_power"), whole(n, "linalg.matrix_power's n", "how many times")
    if not n:
        return np.broadcast_to(np.eye(a.shape[-1]), a.shape).copy()
    return _by_squares(as_array(inv(a) if n < 0 else a), abs(n))


def _by_squares(a: Any, n: int) -> Any:
    half = _by_squares(a, n // 2) if n > 1 else None
    square = half if half is None else half @ half
    return square if n % 2 == 0 else a if square is None else square @ a


@written("linalg.multi_dot")
def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> Any:
    """Return the product of several matrices, in the order of the fewest multiplications."""
    factors: list[Any] = [as_array(x) for x in arrays]
    if len(factors) < 2:
        raise ValueError(f"linalg.multi_dot needs two arrays or more; got {len(factors)}.")
    first, last = factors[0].ndim, factors[-1].ndim
    for x, low in zip(factors, [1, *[2] * (len(factors) - 2), 1]):
        if not low <= x.ndim <= 2:
            raise np.linalg.LinAlgError(f"linalg.multi_dot needs matrices, or a vector at an end; got shape {x.shape}.")
    factors[0], factors[-1] = np.atleast_2d(factors[0]), factors[-1] if last == 2 else factors[-1][:, None]
    product = _in_order(factors)
    if first == 1:
        product = product[0]
    return into(out, product if last == 2 else product[..., 0], "linalg.multi_dot")


def _in_order(factors: list[Any]) -> Any:
    """Multiply in the order of the fewest multiplications (Cormen et al., chapter 14)."""
    sizes = [factors[0].shape[0], *[x.shape[1] for x in factors]]
    n = len(factors)
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(n)}  # cost, and where to split
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        _, k = best[i, j]
        return factors[i] if i == j else product(i, k) @ product(k + 1, j)

    return product(0, n - 1)


# --- singular values ---------------------------------------------------------------------------------------------


@written("linalg.svd")
def svd(a: Any, full_matrices: Any = True, compute_uv: Any = True, hermitian: Any = False) -> Objects:
    """Return the singular values, the largest first; vectors are refused."""
    if compute_uv:
        refuse_function(
            "linalg.svd",
            "The signs of singular vectors are arbitrary, and where values coincide so are they; singular values "
            "(compute_uv=False), pinv, cond and norms are defined.",
        )
    return svdvals(a)


@written("linalg.svdvals")
def svdvals(x: Any, /) -> Objects:
    """Return the singular values, the largest first."""
    a = matrices(x, "svdvals", square=False)
    n = min(a.shape[-2:])
    return on_matrices(singular_values, (n,), a) if n else np.empty((*a.shape[:-2], 0), dtype=object)


@written("linalg.pinv")
def pinv(a: Any, rcond: Any = None, hermitian: Any = False, *, rtol: Any = UNSET) -> Objects:
    """Return the pseudoinverse, without singular values up to `rcond` times the largest."""
    if hermitian:
        refuse_function("linalg.pinv(hermitian=True)", "Leave hermitian out: of a symmetric matrix it is the same.")
    a = matrices(a, "pinv", square=False)
    if rcond is None:
        rcond = 1e-15 if rtol is UNSET else max(a.shape[-2:]) * np.finfo(float).eps if rtol is None else rtol
    cutoffs = np.broadcast_to(np.asarray(rcond, dtype=float), a.shape[:-2])[..., None, None].astype(object)
    shape = (a.shape[-1], a.shape[-2])
    if not a.size:
        return np.empty(a.shape[:-2] + shape, dtype=object)
    return on_matrices(lambda m, cutoff: pseudoinverse_of_rank(m, cutoff[0][0]), shape, a, cutoffs)


refused(
    "It has no scalar algorithm here: eigenvectors and factors are not defined by themselves (their signs are "
    "arbitrary). Use solve, inv, det, slogdet, cholesky, pinv or singular values where they serve, or pass "
    "engine.stop_gradient(x) as numbers if a constant is meant.",
    "linalg.eig", "linalg.eigh", "linalg.eigvals", "linalg.eigvalsh", "linalg.qr", "roots",
)  # fmt: skip
refused("Use np.linalg.pinv(a) @ b.", "linalg.lstsq")
refused("Use np.linalg.pinv(np.vander(x, deg + 1)) @ y.", "polyfit")
refused("A rank has no derivative: pass engine.stop_gradient(a) as numbers.", "linalg.matrix_rank")
