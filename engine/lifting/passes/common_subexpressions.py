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
                items[i] = Sum([*map(first_of, item.left)], [*map(first_of, item.right)])
            first[i] = sums.first(i)
        else:
            if not shared.isdisjoint(item):
                item = items[i] = tuple(map(first_of, item))
            key = (ops[i], item, fixed[i]) if i in fixed else (ops[i], item)
            first[i] = known.setdefault(key, i)
        if first[i] != i:
            items[i] = None
            shared.add(i)
    return Normal(replace(trace, roots=[first[root] for root in trace.roots]), items)


class _Sums:
    """The sums so far: by their ends, and of those whose ends are equal by all of their terms."""

    def __init__(self, items: Sequence[Sum | tuple[int, ...] | None]) -> None:
        self.items = items
        self.by_ends: dict[Hashable, int] = {}
        self.by_terms: dict[Hashable, int] = {}

    def first(self, i: int) -> int:
        """Return the sum that is equal to one; itself, where none was before it."""
        terms = self._terms(i)
        left, right = terms.left, terms.right
        other = self.by_ends.setdefault((len(left), left[0], right[0], left[-1], right[-1]), i)
        if other == i:
            return i
        self.by_terms.setdefault(_key(self._terms(other)), other)
        return self.by_terms.setdefault(_key(terms), i)

    def _terms(self, i: int) -> Sum:
        terms = self.items[i]
        assert isinstance(terms, Sum)
        return terms


def _key(terms: Sum) -> Hashable:
    return (*terms.left, None, *terms.right)


def _share_constants(trace: Trace, first: list[int], items: list[Sum | tuple[int, ...] | None]) -> set[int]:
    """Let the first of equal constants stand for all, 0.0 another than -0.0; return the others."""
    leaves = sorted(trace.leaves.items())  # by place: the first stands before whatever reads the others
    numbers = {i: leaf.value for i, leaf in leaves if leaf.role == "constant"}
    nodes = np.fromiter(numbers, np.int64, len(numbers))
    bits = np.fromiter(numbers.values(), float, len(numbers)).view(np.int64)
    _, at, which = np.unique(bits, return_index=True, return_inverse=True)
    same = nodes[at][which.reshape(-1)]
    again = np.flatnonzero(same != nodes)
    for i, other in zip(nodes[again].tolist(), same[again].tolist()):
        first[i], items[i] = other, None
    return set(nodes[again].tolist())
