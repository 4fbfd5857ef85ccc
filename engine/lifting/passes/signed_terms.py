"""Normal -> Normal, in which sums and differences of terms of one kind that are read alike are sums of signed terms.

    f0 = a + b;  f1 = c - a;  f2 = 0 - b - c       ->   f0 = (+a +b), f1 = (-a +c), f2 = (-b -c)

So what acts along the edges of a mesh, added at one end and taken off at the other, is one reduction, whichever way the
edges of a node point and however many it has. It takes three shapes of sums, by how many terms are added and how many
taken off: a complex product has two, and its differences are of elements that lie in rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.lifting.chains import ChainTerms, SignedChain, chain_of, terms_of
from engine.lifting.ir import ADDED, TAKEN, Normal, Sum, Trace
from engine.lifting.views import Indices

FEWEST = 4  # differences of more terms than two, or of less
MEMBERS = 32  # sums: fewer are single numbers
SHAPES = 3  # of sums of one kind, for which these are worth an operation of their own


def with_signed_terms(normal: Normal) -> Normal:
    """Return the operations with signed terms where that makes several kinds of sums one; else the same ones."""
    trace = normal.trace
    if np.count_nonzero(trace.are("subtract")) < FEWEST or _that_take_a_side(trace) < FEWEST:
        return normal
    items = list(normal.items)
    for lasts in _of_one_kind(trace, terms_of(trace)):
        _join(items, trace, {i: chain_of(trace, i) for i in lasts})
    return replace(normal, items=items)


def _that_take_a_side(trace: Trace) -> int:
    """Return how many operands of differences are chains themselves, or zeros: these are of more terms, or of less."""
    starts = (np.cumsum(trace.arity) - trace.arity)[trace.are("subtract")]
    operands = np.concatenate([trace.reads[starts], trace.reads[starts + 1]])
    zeros = sum(map(trace.zeros.__contains__, operands[trace.arity[operands] == 0].tolist()))
    return int(np.count_nonzero(trace.inner[operands])) + zeros


def _of_one_kind(trace: Trace, terms: ChainTerms) -> Iterator[list[int]]:
    """Yield the last operations of chains worth joining: of one height, of one kind of terms, and read by one kind."""
    count = len(trace.ops)
    kind = trace.heights * len(trace.kinds) + trace.codes  # of a term: its operation and its height
    kind[trace.arity == 0] = -1
    least, most = np.full(count, kind.max(initial=0) + 1), np.full(count, -1)
    np.minimum.at(least, terms.chain, kind[terms.term])
    np.maximum.at(most, terms.chain, kind[terms.term])
    lasts = np.flatnonzero((least == most) & (least >= 0))
    lasts = lasts[~np.isin(lasts, list(trace.signed))]
    taken = np.bincount(terms.chain[terms.taken], minlength=count)[lasts]
    added = np.bincount(terms.chain[~terms.taken], minlength=count)[lasts]
    by = np.where(trace.readers < 0, -1, trace.codes[trace.readers])[lasts]
    alike = _rows(trace.heights[lasts], by, least[lasts])
    for same in np.flatnonzero(np.bincount(alike) >= MEMBERS):
        members = np.flatnonzero(alike == same)
        shapes = len(np.unique(_rows(added[members], taken[members])))
        if shapes >= SHAPES and taken[members].any():
            yield lasts[members].tolist()


def _rows(*columns: Indices) -> Indices:
    """Return a number for each row of some columns, the same for equal ones."""
    _, number = np.unique(np.stack(columns), axis=1, return_inverse=True)
    return number.reshape(-1)


def _join(items: list[Sum | tuple[int, ...] | None], trace: Trace, sums: dict[int, SignedChain]) -> None:
    """Make chains sums of signed terms; a product that one has absorbed is an operation again."""
    for i, whole in sums.items():
        added, taken = ([j for j in side if j not in trace.zeros] for side in (whole.added, whole.taken))
        for j in whole.within:
            items[j] = None
        for j in (*added, *taken):
            items[j] = items[j] or trace.operands[j]
        items[i] = Sum([*added, *taken], [ADDED] * len(added) + [TAKEN] * len(taken))
