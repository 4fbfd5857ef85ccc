"""Normal -> Normal, in which equal operations on equal operands are one, and equal constants are.

    (v - mean) ** 2 ... (v - mean) * scale        ->   one difference, read twice

It comes after `normalise`: what a sum has absorbed stays that sum's own, so that a product of two numbers that several
sums have does not keep these from being matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from math import copysign

from engine.lifting.exact import told_apart
from engine.lifting.ir import ADDED, TAKEN, Normal, Sum


def share_common(normal: Normal) -> Normal:
    """Return the operations, each computed once."""
    trace, items = normal.trace, list(normal.items)
    ops, fixed, leaves = trace.ops, trace.fixed, trace.leaves
    known: dict[Hashable, int] = {}
    sums = _Sums(items)
    first = [*range(len(items)), TAKEN, ADDED]  # which node stands for each; the last are no factors
    first_of = first.__getitem__
    shared: set[int] = set()  # nodes that others stand for
    for i, item in enumerate(items):
        if item is None:
            continue
        if isinstance(item, Sum):
            if not (shared.isdisjoint(item.left) and shared.isdisjoint(item.right)):
                items[i] = Sum([*map(first_of, item.left)], [*map(first_of, item.right)])
            first[i] = sums.first(i)
        elif item:
            if not shared.isdisjoint(item):
                item = items[i] = tuple(map(first_of, item))
            key = (ops[i], item, told_apart(fixed[i])) if i in fixed else (ops[i], item)
            first[i] = known.setdefault(key, i)
        elif leaves[i].role == "constant":
            first[i] = known.setdefault((leaves[i].value, copysign(1.0, leaves[i].value)), i)
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
