"""Normal -> Normal, in which equal operations on equal operands are one, and equal constants are.

    (v - mean) ** 2 ... (v - mean) * scale        ->   one difference, read twice

It comes after `normalise`: what a sum has absorbed stays that sum's own, so that a product of two numbers that several
sums have does not keep these from being matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from engine.lifting.ir import ADDED, TAKEN, Normal, Sum, Trace


def share_common(normal: Normal) -> Normal:
    """Return the operations, each computed once."""
    trace, items = normal.trace, list(normal.items)
    first = [*range(len(items)), TAKEN, ADDED]  # which node stands for each; the last are no factors
    _share_constants(trace, first, items)
    known: dict[Hashable, int] = {}
    first_of, ops, fixed = first.__getitem__, trace.ops, trace.fixed_keys
    for i, item in enumerate(items):
        if not item:
            continue
        key: Hashable
        if isinstance(item, Sum):
            left, right = [*map(first_of, item.left)], [*map(first_of, item.right)]
            if left != item.left or right != item.right:
                items[i] = Sum(left, right)
            key = (tuple(left), tuple(right))
        else:
            operands = items[i] = tuple(map(first_of, item))
            key = (ops[i], operands) if i not in fixed else (ops[i], operands, fixed[i])
        same = known.setdefault(key, i)
        if same != i:
            first[i], items[i] = same, None
    return Normal(replace(trace, roots=[first[root] for root in trace.roots]), items)


def _share_constants(trace: Trace, first: list[int], items: list[Sum | tuple[int, ...] | None]) -> None:
    """Let the first of equal constants stand for all, 0.0 another than -0.0."""
    numbers = {i: leaf.value for i, leaf in trace.leaves.items() if leaf.role == "constant"}
    nodes = np.fromiter(numbers, np.int64, len(numbers))
    bits = np.fromiter(numbers.values(), float, len(numbers)).view(np.int64)
    _, at, which = np.unique(bits, return_index=True, return_inverse=True)
    same = nodes[at][which.reshape(-1)]
    again = np.flatnonzero(same != nodes)
    for i, other in zip(nodes[again].tolist(), same[again].tolist()):
        first[i], items[i] = other, None
