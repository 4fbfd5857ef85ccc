"""Find the matrix product in a group of dots.

Number the distinct left rows and the distinct right rows.  If every pair of them occurs exactly once, the group
*is* ``A @ B.T``; if it falls into equal complete blocks, it is a batched product; if it fills a good part of such
blocks (a causal triangle), computing all of them is cheaper than gathering.  Otherwise the reason is said.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from engine.lifting.distinct import count_distinct
from engine.lifting.ir import Product
from engine.lifting.views import Indices

FILLED = 0.25  # smallest part of the blocks that must be asked for, for computing them whole to pay


def contract(left: Indices, right: Indices, right_is_rows: bool) -> Product | str:
    """Return the product that a group of dots is, or why there is none.

    Parameters
    ----------
    left, right
        (M, K) positions of the factors of dot m.
    right_is_rows
        Whether the right factors number the rows of the result (as samples do), the left ones its columns.
    """
    if left.shape[1] == 1:
        return "dots of one product each are a product of elements"
    i, lefts = number_rows(left)
    j, rights = number_rows(right)
    if right_is_rows:
        i, lefts, j, rights = j, rights, i, lefts
    block, size = blocks_of(i, j, len(lefts), len(rights))
    n, m = len(lefts) // size, len(rights) // size
    if n * size != len(lefts) or m * size != len(rights):
        return f"{len(lefts)} and {len(rights)} distinct rows do not split into {size} equal blocks"
    row_block, column_block = members_of(i, block, len(lefts)), members_of(j, block, len(rights))
    if (np.bincount(row_block, minlength=size) != n).any() or (np.bincount(column_block, minlength=size) != m).any():
        return "rows repeat unevenly"
    if n == 1 and m == 1 and size > 1:
        return "every dot has rows of its own"
    row_order = np.argsort(row_block, kind="stable")
    column_order = np.argsort(column_block, kind="stable")
    place = block * n * m + rank(row_order, n)[i] * m + rank(column_order, m)[j]
    if count_distinct(place) != len(place):
        return "a pair of rows occurs twice"
    if len(place) < FILLED * size * n * m:
        return f"only {len(place)} of {size * n * m} pairs occur"
    return Product(
        lefts[row_order].reshape(size, n, -1),
        rights[column_order].reshape(size, m, -1),
        place,
    )


def number_rows(rows: Indices) -> tuple[Indices, Indices]:
    """Number the distinct rows of a matrix in lexicographic order: (number of each row, the distinct rows).

    >>> number_rows(np.array([[5, 6], [1, 2], [5, 6]]))
    (array([1, 0, 1]), array([[1, 2],
           [5, 6]]))
    """
    weights = _weights(rows.shape[1])
    with np.errstate(over="ignore"):
        keys = (rows * weights).sum(axis=1)
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    distinct = rows[first]
    order = np.lexsort(distinct.T[::-1])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[number.reshape(-1)], distinct[order]


@lru_cache(maxsize=256)
def _weights(count: int) -> Indices:
    """Return numbers that tell rows apart by their weighted sums: SplitMix64's, which need no import of generators."""
    x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    weights: Indices = (x ^ (x >> np.uint64(31))).view(np.int64)
    return weights


def rank(order: Indices, per_block: int) -> Indices:
    """Return the number of every distinct row within its block."""
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order)) % per_block
    return number


def members_of(number: Indices, block: Indices, count: int) -> Indices:
    """Return the block of every distinct row."""
    of = np.zeros(count, dtype=np.int64)
    of[number] = block
    return of


def blocks_of(i: Indices, j: Indices, n: int, m: int) -> tuple[Indices, int]:
    """Return connected components of the pairs (i, j), numbered by their first row: (that of each pair, how many)."""
    if len(i) == n * m:
        return np.zeros(len(i), dtype=np.int64), 1
    row_label = np.arange(n)
    while True:
        column_label = np.full(m, n)
        np.minimum.at(column_label, j, row_label[i])
        lower = row_label.copy()
        np.minimum.at(lower, i, column_label[j])
        lower = lower[lower]
        if np.array_equal(lower, row_label):
            break
        row_label = lower
    names, component = np.unique(row_label, return_inverse=True)
    return component.reshape(-1)[i], len(names)
