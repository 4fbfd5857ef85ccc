"""Normal -> Normal, in which sums and differences of terms of one kind that are read alike are sums of signed terms.

    f0 = a + b;  f1 = c - a;  f2 = 0 - b - c       ->   f0 = (+a +b), f1 = (-a +c), f2 = (-b -c)

So what acts along the edges of a mesh, added at one end and taken off at the other, is one reduction, whichever way the
edges of a node point and however many it has. It takes three shapes of sums, by how many terms are added and how many
taken off: a complex product has two, and its differences are of elements that lie in rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import replace
from itertools import chain, islice

import numpy as np

from engine.lifting.chains import CHAINS, SignedChain, chain_of, heights, inner_operations
from engine.lifting.ir import ADDED, TAKEN, ZERO, Normal, Sum, Trace

FEWEST = 4  # differences of more terms than two, or of less
MEMBERS = 32  # sums: fewer are single numbers
SHAPES = 3  # of sums of one kind, for which these are worth an operation of their own


def with_signed_terms(normal: Normal) -> Normal:
    """Return the operations with signed terms where that makes several kinds of sums one; else the same ones."""
    trace = normal.trace
    if trace.ops.count("subtract") < FEWEST:
        return normal
    inner = inner_operations(trace)
    sided = (i for i, op in enumerate(trace.ops) if op == "subtract" and _takes_a_side(trace, inner, i))
    if len(list(islice(sided, FEWEST))) < FEWEST:
        return normal
    items = list(normal.items)
    height, zeros = heights(trace, inner), {j for j, leaf in trace.leaves.items() if leaf == ZERO}
    for sums in _alike(trace, inner, height):
        for same in _of_one_kind(trace, _chains(trace, inner, sums, zeros), height):
            shapes = {(len(each.added), len(each.taken)) for each in same.values()}
            if len(same) >= MEMBERS and len(shapes) >= SHAPES and any(taken for _, taken in shapes):
                _join(items, trace, same)
    return replace(normal, items=items)


def _takes_a_side(trace: Trace, inner: list[bool], i: int) -> bool:
    """Whether a difference is of more terms than two, or of less."""
    return any(inner[j] or trace.leaves.get(j) == ZERO for j in trace.operands[i])


def _alike(trace: Trace, inner: list[bool], height: list[int]) -> Iterator[list[int]]:
    """Yield the last operations of chains that are of one height and read by one kind of operation."""
    operands = trace.operands
    reader = np.full(len(operands), -1)
    counts = np.fromiter(map(len, operands), np.int64, len(operands))
    reader[np.fromiter(chain.from_iterable(operands), np.int64, counts.sum())] = np.repeat(
        np.arange(len(counts)), counts
    )
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for i, (op, by) in enumerate(zip(trace.ops, reader.tolist())):
        if op in CHAINS and not (inner[i] and _goes_on(trace, i, by)) and i not in trace.signed:
            alike[height[i], trace.ops[by] if by >= 0 else ""].append(i)
    yield from [sums for sums in alike.values() if len(sums) >= MEMBERS]


def _goes_on(trace: Trace, i: int, reader: int) -> bool:
    """Whether the terms of an operation are those of the one that alone reads it; a later difference is a term."""
    if trace.ops[reader] not in CHAINS:
        return False
    return trace.ops[i] != "subtract" or (trace.operands[reader][0] == i and trace.ops[reader] != "total")


def _chains(trace: Trace, inner: list[bool], sums: list[int], zeros: set[int]) -> dict[int, SignedChain]:
    """Return the chains of some sums, zeros left out; none where all are single operations, of too few shapes."""
    ops, operands = trace.ops, trace.operands
    is_inner = inner.__getitem__
    if not any(ops[i] == "total" or any(map(is_inner, operands[i])) for i in sums):
        shapes = {(ops[i], *[j in zeros for j in operands[i]]) for i in sums}
        if len(shapes) < SHAPES or not any(op == "subtract" for op, *_ in shapes):
            return {}
    chains = {i: chain_of(trace, i, inner) for i in sums}
    for whole in chains.values():
        whole.added, whole.taken = ([j for j in side if j not in zeros] for side in (whole.added, whole.taken))
    return chains


def _of_one_kind(trace: Trace, chains: dict[int, SignedChain], height: list[int]) -> Iterator[dict[int, SignedChain]]:
    """Yield chains whose terms are all of one operation and height."""
    kinds: dict[Hashable, dict[int, SignedChain]] = defaultdict(dict)
    for i, whole in chains.items():
        found = {(trace.ops[j], height[j]) if trace.operands[j] else None for j in (*whole.added, *whole.taken)}
        if len(found) == 1 and None not in found:
            kinds[found.pop()][i] = whole
    yield from kinds.values()


def _join(items: list[Sum | tuple[int, ...] | None], trace: Trace, sums: dict[int, SignedChain]) -> None:
    """Make chains sums of signed terms; a product that one has absorbed is an operation again."""
    for i, whole in sums.items():
        for j in whole.within:
            items[j] = None
        for j in (*whole.added, *whole.taken):
            items[j] = items[j] or trace.operands[j]
        signs = [ADDED] * len(whole.added) + [TAKEN] * len(whole.taken)
        items[i] = Sum([*whole.added, *whole.taken], signs)
