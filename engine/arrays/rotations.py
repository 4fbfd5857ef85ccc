"""Singular values, and what is made of them, by Jacobi's rotations of the columns of a matrix.

Columns are turned in pairs until all are orthogonal: A V = U S, and the lengths are the singular values, the longest
first.  Derivatives of a dozen sweeps of rotations would be a large graph, and are not needed: V is first found as a
constant, and the angles left after it, which are zero, are taken in two sweeps that have their derivatives.  Each of
them squares what a change leaves, so that derivatives of every order below the eighth are right.

Golub and Van Loan, Matrix Computations, section 8.6.

>>> [round(s, 12) for s in singular_values([[3.0, 0.0], [4.0, 5.0]])]
[6.708203932499, 2.2360679775]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.arrays.deciding import certify, choosing, constant, holds_now
from engine.arrays.decompositions import (
    Row,
    Rows,
    identity_rows,
    inverse_of_upper,
    matrix_product,
    orthonormal,
    transposed,
)
from engine.arrays.elements import either
from engine.functions import arctan2, cos, divide, dot, sin, sqrt, total, where

EPS = float(np.finfo(np.float64).eps)
MOST_SWEEPS = 40  # six are common, and convergence is quadratic
SWEEPS_BEYOND = 2  # for the other samples of a batch
EXACT_SWEEPS = 2


def turned(columns: Rows) -> Rows:
    """Return V, as columns, such that those of A V are orthogonal, the longest first; it is constant.

    Raises
    ------
    numpy.linalg.LinAlgError
        If there is no end to it, as with NaN.
    """
    c, v = constants(columns), identity_rows(len(columns))
    tolerance = EPS * max(len(c[0]), 4)
    beyond = SWEEPS_BEYOND if choosing() else 0
    for _ in range(MOST_SWEEPS):
        settled = rotate(pairs(len(c)), c, v, tolerance=tolerance)
        if all(map(holds_now, settled)):
            if not beyond:
                certify(settled)
                return v
            beyond -= 1
    raise np.linalg.LinAlgError("SVD did not converge: an entry is NaN or infinite.")


def pairs(n: int) -> Iterable[tuple[int, int]]:
    """Return all pairs of columns."""
    return itertools.combinations(range(n), 2)


def constants(columns: Rows) -> Rows:
    """Return columns of which no derivative is taken."""
    return [[constant(x) for x in column] for column in columns]


def rotate(which: Iterable[tuple[int, int]], c: Rows, *others: Rows, tolerance: float = 0.0) -> list[Any]:
    """Turn columns of `c` in pairs until each is orthogonal and its first the longer, and those of others likewise.

    Return whether each was so before, its cosine within a tolerance; what is zero but for rounding is never settled
    more than that.
    """
    settled = []
    floor = tolerance**2 * total([dot(x, x) for x in c]) if tolerance else 0.0
    for p, q in which:
        pp, qq, pq = dot(c[p], c[p]), dot(c[q], c[q]), dot(c[p], c[q])
        if tolerance:
            settled.append(either((abs(pq) <= tolerance * sqrt(pp * qq)) & (pp >= qq), qq <= floor))
        turn(0.5 * arctan2(2.0 * pq, pp - qq), p, q, c, *others)
    return settled


def turn(angle: Any, p: int, q: int, *matrices: Rows) -> None:
    """Turn columns (or rows) p and q of matrices by an angle."""
    cosine, sine = cos(angle), sin(angle)
    for x in matrices:
        entries = list(zip(x[p], x[q]))
        x[p] = [cosine * a + sine * b for a, b in entries]
        x[q] = [cosine * b - sine * a for a, b in entries]


def narrow(a: Rows) -> Rows:
    """Return the columns of a matrix that has no more of them than rows, or of its transpose."""
    return transposed(a, 0) if len(a[0]) <= len(a) else [list(row) for row in a]


def combined(columns: Rows, v: Rows) -> Rows:
    """Return the columns of A V."""
    return matrix_product(v, columns, len(columns[0]))


def singular_values(a: Rows) -> Row:
    """Return the singular values, the largest first.

    One that is zero but for rounding is a constant: as of abs at 0, the middle of its slopes.
    """
    columns = narrow(a)
    c = combined(columns, turned(columns))
    for _ in range(EXACT_SWEEPS):
        rotate(pairs(len(c)), c)
    squares = [dot(x, x) for x in c]
    return [where(flat, constant(sqrt(s)), sqrt(where(flat, 1.0, s))) for s, flat in zip(squares, negligible(c))]


def negligible(c: Rows) -> list[Any]:
    """Return whether each column is zero but for rounding, the first being the longest."""
    squares = [constant(dot(x, x)) for x in c]
    floor = (EPS * len(c[0])) ** 2 * squares[0]
    return [s <= floor for s in squares]


def nuclear_norm(a: Rows) -> Any:
    """Return the sum of the singular values, which has its derivatives where some coincide as well.

    It is the trace of U' A V where U' A V is symmetric, and rows are turned in pairs until it is.  A matrix of more
    rows than columns is R first, of A = Q R.
    """
    columns = narrow(a)
    if len(a) != len(a[0]):
        _, upper = orthonormal(columns)
        if independent(columns, inverse_of_upper(upper), EPS * len(columns[0])):
            columns = transposed(upper, 0)
    v = turned(columns)
    c = combined(columns, v)
    b = matrix_product(_directions(constants(c)), transposed(c, 0), len(c))
    for _ in range(EXACT_SWEEPS):
        for p, q in pairs(len(b)):
            turn(arctan2(b[q][p] - b[p][q], b[p][p] + b[q][q]), p, q, b)
    return total([b[i][i] for i in range(len(b))])


def _directions(c: Rows) -> Rows:
    """Return columns of length 1, or 0 where one is negligible."""
    sizes = [where(flat, 1.0, sqrt(dot(x, x))) for x, flat in zip(c, negligible(c))]
    return [[where(flat, 0.0, divide(y, s)) for y in x] for x, s, flat in zip(c, sizes, negligible(c))]


def pseudoinverse_of_rank(a: Rows, cutoff: float) -> Rows:
    """Return the pseudoinverse of A without its singular values up to `cutoff` times the largest.

    Where none is left out no column is turned, so that derivatives are smooth where singular values coincide.
    """
    columns = narrow(a)
    q, upper = orthonormal(columns)
    inverse = inverse_of_upper(upper)
    if independent(columns, inverse, cutoff):
        x = matrix_product(inverse, q, len(columns[0]))
    else:
        x = _of_kept(columns, turned(columns), cutoff)
    return x if len(columns) == len(a[0]) else transposed(x, 0)


def independent(columns: Rows, inverse: Rows, cutoff: float) -> Any:
    """Whether the smallest singular value is certain to be above the cutoff: |R^-1| |A|, Frobenius' norms, bound it."""
    a, r = [[constant(x) for row in rows for x in row] for rows in (columns, inverse)]
    return cutoff**2 * dot(a, a) * dot(r, r) < 1.0


def _of_kept(columns: Rows, v: Rows, cutoff: float) -> Rows:
    """Return the pseudoinverse by the columns of A V that are kept, turned until they are orthogonal to the others."""
    c = combined(columns, v)
    sizes = [sqrt(dot(x, x)) for x in constants(c)]
    rank = sum(bool(s > cutoff * sizes[0]) for s in sizes)
    between = [(p, q) for p in range(rank) for q in range(rank, len(c))]
    for _ in range(EXACT_SWEEPS):
        rotate(between, c, v)
    if not rank:
        return [[0.0] * len(columns[0]) for _ in columns]
    q, upper = orthonormal(c[:rank])
    x = matrix_product(inverse_of_upper(upper), q, len(columns[0]))
    return matrix_product(transposed(v[:rank], 0), x, len(columns[0]))
