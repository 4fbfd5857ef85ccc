"""Normal -> Normal, in which equal operations on equal operands are one, and equal constants are.

    (v - mean) ** 2 ... (v - mean) * scale        ->   one difference, read twice

It comes after `normalise`: what a sum has absorbed stays that sum's own, so that a product of two numbers that several
sums have does not keep these from being matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from engine.lifting.ir import ADDED, TAKEN, Normal, Sum, Trace


def share_common(normal: Normal) -> Normal:
    """Return the operations, each computed once."""
    trace, items = normal.trace, list(normal.items)
    ops, fixed = trace.ops, trace.fixed_keys
    known: dict[Hashable, int] = {}
    sums = _Sums(items)
    first = [*range(len(items)), TAKEN, ADDED]  # which node stands for each; the last are no factors
    first_of = first.__getitem__
    shared = _share_constants(trace, first, items)  # nodes that others stand for
    for i, item in enumerate(items):
        if not item:
            continue
        if isinstance(item, Sum):
            if not (shared.isdisjoint(item.left) and shared.isdisjoint(item.right)):
                item = items[i] = Sum([*map(first_of, item.left)], [*map(first_of, item.right)])
            other = sums.first(i, item)
        else:
            item = items[i] = tuple(map(first_of, item))
            other = known.setdefault((ops[i], item, fixed[i]) if i in fixed else (ops[i], item), i)
        if other != i:
            first[i], items[i] = other, None
            shared.add(i)
    return Normal(replace(trace, roots=[first[root] for root in trace.roots]), items)


class _Sums:
    """The sums so far: by their ends, and of those whose ends are equal by all of their terms."""

    def __init__(self, items: Sequence[Sum | tuple[int, ...] | None]) -> None:
        self.items = items
        self.by_ends: dict[Hashable, int] = {}
        self.by_terms: dict[Hashable, int] = {}

    def first(self, i: int, terms: Sum) -> int:
        """Return the sum that is equal to one; itself, where none was before it."""
        left, right = terms.left, terms.right
        other = self.by_ends.setdefault((len(left), left[0], right[0], left[-1], right[-1]), i)
        if other == i:
            return i
        before = self.items[other]
        assert isinstance(before, Sum)
        self.by_terms.setdefault(_key(before), other)
        return self.by_terms.setdefault(_key(terms), i)


def _key(terms: Sum) -> Hashable:
    return (*terms.left, None, *terms.right)


def _share_constants(trace: Trace, first: list[int], items: list[Sum | tuple[int, ...] | None]) -> set[int]:
    """Let the first of equal constants stand for all, 0.0 another than -0.0; return the others."""
    constants = [i for i, leaf in trace.leaves.items() if leaf.role == "constant"]
    nodes = np.array(sorted(constants), np.int64)  # by place: the first stands before whatever reads the others
    bits = np.array([trace.leaves[i].value for i in nodes.tolist()], float).view(np.int64)
    _, at, which = np.unique(bits, return_index=True, return_inverse=True)
    same = nodes[at][which.reshape(-1)]
    again = np.flatnonzero(same != nodes)
    for i, other in zip(nodes[again].tolist(), same[again].tolist()):
        first[i], items[i] = other, None
    return set(nodes[again].tolist())
