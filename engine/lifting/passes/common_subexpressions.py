"""Normal -> Normal, in which equal operations on equal operands are one, and equal constants are.

    (v - mean) ** 2 ... (v - mean) * scale        ->   one difference, read twice

It comes after `normalise`: what a sum has absorbed stays that sum's own, so that a product of two numbers that several
sums have does not keep these from being matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from engine.lifting.exact import told_apart
from engine.lifting.ir import ADDED, TAKEN, Normal, Sum, Trace


def share_common(normal: Normal) -> Normal:
    """Return the operations, each computed once."""
    trace, items = normal.trace, list(normal.items)
    known: dict[Hashable, int] = {}
    first = [*range(len(items)), TAKEN, ADDED]  # which node stands for each; the last are no factors
    first_of = first.__getitem__
    for i, item in enumerate(items):
        if item is None:
            continue
        key: Hashable
        if isinstance(item, Sum):
            item = items[i] = Sum([*map(first_of, item.left)], [*map(first_of, item.right)])
            key = (*item.left, None, *item.right)
        elif item:
            item = items[i] = tuple(map(first_of, item))
            key = (trace.ops[i], _fixed(trace, i), *item)
        elif trace.leaves[i].role == "constant":
            key = ("constant", *told_apart((trace.leaves[i].value,)))
        else:
            continue
        first[i] = known.setdefault(key, i)
        if first[i] != i:
            items[i] = None
    return Normal(replace(trace, roots=[first[root] for root in trace.roots]), items)


def _fixed(trace: Trace, i: int) -> Hashable:
    """Return an operation's fixed numbers, 0.0 another than -0.0."""
    return told_apart(trace.fixed[i]) if i in trace.fixed else None
