"""Find the matrix product in dots of uneven length: rows of one factor with gaps, every column of the other.

Position i of a causal attention sums over j <= i: ``o[i, c] = sum of a[i, j] * v[j, c]``.  Dots that read the same on
the left are a row; what each of them reads on the right beside one left factor are the columns' elements of one
number.  Where that goes up for all rows, the dots are ``A @ B.T``, and A has gaps, which are -1.
"""

from __future__ import annotations

import numpy as np

from engine.lifting.distinct import count_distinct
from engine.lifting.ir import Product
from engine.lifting.passes.contract import FILLED, blocks_of, members_of, number_rows, rank
from engine.lifting.views import Indices

GAP = -1


def contract_ragged(left: Indices, right: Indices, counts: Indices) -> Product | str:
    """Return the product that dots of uneven length are, or why there is none.

    Parameters
    ----------
    left, right
        Positions of the factors, dot after dot.
    counts
        How many of these each dot has.
    """
    widest = len(counts) * int(counts.max())
    if len(left) < FILLED * widest:  # before anything of that size is made
        return f"dots of uneven length have {len(left)} terms, of {widest} if all were as long as one"
    owner = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort([left, owner])
    left, right, first = left[order], right[order], np.cumsum(counts) - counts
    padded = np.full((len(counts), int(counts.max())), GAP)
    padded[owner, np.arange(len(owner)) - first[owner]] = left
    row, rows = number_rows(padded)
    columns = len(row) // len(rows)
    if columns < 2 or (np.bincount(row) != columns).any():
        return "dots of uneven length have no rows in common"
    dots = np.lexsort([right[first], row]).reshape(len(rows), columns)
    of_row, within = np.nonzero(rows != GAP)
    read = right[first[dots][of_row] + within[:, None]]  # beside each element of each row: one for each column
    _, inner = np.unique(read[:, 0], return_inverse=True)
    inner = inner.reshape(-1)
    table = np.empty((int(inner.max()) + 1, columns), np.int64)
    table[inner] = read
    if (table[inner] != read).any():
        return "dots of uneven length read other columns in each row"
    return _blocks(rows[rows != GAP], of_row, inner, table, dots)


def _blocks(elements: Indices, row: Indices, inner: Indices, table: Indices, dots: Indices) -> Product | str:
    """Return the product of each block of rows and the columns that these meet."""
    block, size = blocks_of(row, inner, len(dots), len(table))
    n, k = len(dots) // size, len(table) // size
    row_block, inner_block = members_of(row, block, len(dots)), members_of(inner, block, len(table))
    if (np.bincount(row_block) != n).any() or (np.bincount(inner_block) != k).any():
        return f"dots of uneven length do not split into {size} equal blocks"
    row_order, inner_order = np.argsort(row_block, kind="stable"), np.argsort(inner_block, kind="stable")
    at = block * n * k + rank(row_order, n)[row] * k + rank(inner_order, k)[inner]
    if count_distinct(at) != len(at):
        return "a dot of uneven length reads a column's element twice"
    if len(at) < FILLED * size * n * k:
        return f"only {len(at)} of {size * n * k} elements of uneven rows are there"
    a = np.full(size * n * k, GAP)
    a[at] = elements
    place = np.empty(dots.size, np.int64)
    place[dots[row_order]] = np.arange(dots.size).reshape(dots.shape)
    columns = table[inner_order].reshape(size, k, -1).swapaxes(1, 2)
    return Product(a.reshape(size, n, k), columns, place)
