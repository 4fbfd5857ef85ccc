"""The textbook's decompositions of a matrix into triangles, number by number: lists of rows in, lists of rows out.

    eliminated       P A = L U, with partial pivoting: systems, inverses, determinants
    triangle         A = L L', of a symmetric positive definite matrix
    orthonormal      A = Q R, by modified Gram-Schmidt: pseudoinverses

Numbers are floats or Values.  Which row is a pivot depends on them, and is decided as `engine.arrays.deciding` says.
Golub and Van Loan, Matrix Computations, sections 3.4, 4.2 and 5.2; singular values are in `engine.arrays.rotations`.

>>> rows = eliminated([[1.0, 2.0], [4.0, 2.0]])
>>> rows.upper, rows.sign, rows.pivots
([[4.0, 2.0], [-0.25, 1.5]], -1.0, 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from engine.arrays.deciding import certify, choosing, constant
from engine.arrays.elements import primal
from engine.functions import divide, dot, shift, sqrt, total, where

Row: TypeAlias = list[Any]
Rows: TypeAlias = list[Row]


def identity_rows(n: int) -> Rows:
    """Return the identity matrix."""
    return [[float(i == j) for j in range(n)] for i in range(n)]


def transposed(rows: Iterable[Sequence[Any]], width: int) -> Rows:
    """Return the columns of a matrix, of which there are as many as its rows are wide, should it have none."""
    return [list(column) for column in zip(*rows)] or [[] for _ in range(width)]


def matrix_product(left: Rows, right: Rows, width: int) -> Rows:
    """Return the product of two matrices, the second of a width."""
    columns = transposed(right, width)
    return [[dot(row, column) for column in columns] for row in left]


# --- elimination -------------------------------------------------------------------------------------------------


@dataclass
class Eliminated:
    """What elimination leaves.

    Attributes
    ----------
    upper
        The rows: U from the diagonal to the right, with L^-1 P B where B stood beside A; below, the entries of -L.
    sign
        1 or -1, the determinant of P.
    pivots
        How many columns were eliminated: fewer than there are where one has nothing but zeros left.
    """

    upper: Rows
    sign: Any
    pivots: int


def eliminated(rows: Iterable[Sequence[Any]], right: Iterable[Sequence[Any]] = ()) -> Eliminated:
    """Eliminate below the diagonal of a square matrix, with the largest entry of each column as its pivot.

    Each entry is one `dot`, as Crout arranges it.
    """
    upper = [list(row) for row in rows]
    n, sign = len(upper), 1.0
    for row, b in zip(upper, right):
        row.extend(b)
    for k in range(n):
        above = [row[k] for row in upper[:k]]
        for i in range(k, n):
            upper[i][k] = dot(upper[i][:k], above, upper[i][k])
        sign = sign * _bring_pivot_up(upper, k)
        if k < n - 1 and upper[k][k] == 0.0:
            return Eliminated(upper, sign, k)
        for j in range(k + 1, len(upper[k])):
            upper[k][j] = dot(upper[k][:k], [row[j] for row in upper[:k]], upper[k][j])
        for i in range(k + 1, n):
            upper[i][k] = -divide(upper[i][k], upper[k][k])
    return Eliminated(upper, sign, n)


def _bring_pivot_up(rows: Rows, k: int) -> Any:
    """Exchange row k with the one whose entry in column k is the largest; return the sign of that."""
    column = [abs(constant(row[k])) for row in rows[k:]]
    if choosing():
        return _exchange_by_choices(rows, k, column)
    numbers = [primal(x) for x in column]
    best = numbers.index(max(numbers))
    if len(column) > 1:
        certify([shift(column) <= column[best]])
    rows[k], rows[k + best] = rows[k + best], rows[k]
    return -1.0 if best else 1.0


def _exchange_by_choices(rows: Rows, k: int, column: Row) -> Any:
    sign, largest = 1.0, column[0]
    for i in range(k + 1, len(rows)):
        larger = column[i - k] > largest
        largest = where(larger, column[i - k], largest)
        sign = where(larger, -sign, sign)
        pairs = list(zip(rows[k], rows[i]))
        rows[k] = [where(larger, below, above) for above, below in pairs]
        rows[i] = [where(larger, above, below) for above, below in pairs]
    return sign


def solved(a: Rows, right: Rows) -> Rows:
    """Return X with A X = B.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a pivot is zero.
    """
    n = len(a)
    left = eliminated(a, right)
    if left.pivots < n or (n and left.upper[-1][n - 1] == 0.0):
        raise np.linalg.LinAlgError("Singular matrix: a column depends on the others. np.linalg.pinv may be meant.")
    columns = zip(*[row[n:] for row in left.upper])
    return transposed([substituted(left.upper, list(y)) for y in columns], len(right))


def substituted(upper: Rows, y: Row) -> Row:
    """Return x with U x = y, from the last equation upwards."""
    x = y
    n = len(x)
    for i in reversed(range(n)):
        x[i] = divide(x[i] - dot(upper[i][i + 1 : n], x[i + 1 :]), upper[i][i])
    return x


def determinant(a: Rows) -> Any:
    """Return the product of the pivots; where one is zero, that of those before and of what is left, by minors."""
    left = eliminated(a)
    n, product = len(a), left.sign
    for i in range(left.pivots):
        product = product * left.upper[i][i]
    return product * _by_no_division(_remaining(left.upper, left.pivots)) if left.pivots < n else product


def _remaining(upper: Rows, k: int) -> Rows:
    """Return what is left to eliminate, of which column k alone has been computed."""
    columns = [[row[j] for row in upper[:k]] for j in range(len(upper))]
    return [[row[k], *[dot(row[:k], columns[j], row[j]) for j in range(k + 1, len(row))]] for row in upper[k:]]


def _by_no_division(a: Rows) -> Any:
    """Return a determinant as a polynomial of the entries, by n - 1 products of matrices  (Bird 2011)."""
    n, columns, x = len(a), [list(column) for column in zip(*a)], a
    for _ in range(n - 1):
        below = [0.0 - total([x[j][j] for j in range(i + 1, n)]) for i in range(n)]
        x = [[*[0.0] * i, below[i], *x[i][i + 1 :]] for i in range(n)]
        x = [[dot(row, column) for column in columns] for row in x]
    return x[0][0] if n % 2 else -x[0][0]


# --- two triangles -----------------------------------------------------------------------------------------------


def triangle(a: Rows) -> Rows:
    """Return L of A = L L', of which the lower triangle alone is read.

    Raises
    ------
    numpy.linalg.LinAlgError
        If A is not positive definite.
    """
    lower: Rows = []
    for i, a_i in enumerate(a):
        row: Row = []
        for j in range(i):
            row.append(divide(a_i[j] - dot(row, lower[j][:j]), lower[j][j]))
        d = a_i[i] - dot(row, row)
        if not d > 0.0:
            raise np.linalg.LinAlgError(f"Matrix is not positive definite: pivot {i} is not above 0.")
        lower.append([*row, sqrt(d), *[0.0] * (len(a) - i - 1)])
    return lower


def orthonormal(columns: Rows) -> tuple[Rows, Rows]:
    """Return Q, as columns, and R of a matrix of independent columns."""
    n, q, upper = len(columns), [list(c) for c in columns], [[0.0] * len(columns) for _ in columns]
    for k in range(n):
        upper[k][k] = sqrt(dot(q[k], q[k]))
        q[k] = [divide(x, upper[k][k]) for x in q[k]]
        for j in range(k + 1, n):
            upper[k][j] = dot(q[k], q[j])
            q[j] = [y - upper[k][j] * x for x, y in zip(q[k], q[j])]
    return q, upper


def inverse_of_upper(upper: Rows) -> Rows:
    """Return R^-1 of an upper triangle."""
    n = len(upper)
    return transposed([substituted(upper, unit) for unit in identity_rows(n)], n)
