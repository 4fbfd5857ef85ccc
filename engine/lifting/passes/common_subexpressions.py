"""Normal -> Normal, in which equal operations on equal operands are one, and equal constants are.

    (v - mean) ** 2 ... (v - mean) * scale        ->   one difference, read twice

It comes after `normalise`: what a sum has absorbed stays that sum's own, so that a product of two numbers that several
sums have does not keep these from being matrix products.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from engine.lifting.exact import told_apart
from engine.lifting.ir import Leaf, Normal, Sum, Trace


def share_common(normal: Normal) -> Normal:
    """Return the operations, each computed once; the same ones where none is computed twice."""
    trace = normal.trace
    known: dict[Hashable, int] = {}
    first = list(range(len(trace.ops)))  # which node stands for each
    items: list[Sum | tuple[int, ...] | None] = []
    shared = False
    for i, item in enumerate(normal.items):
        if item is None or (item == () and trace.leaves[i].role != "constant"):
            items.append(item)
            continue
        if shared and item:
            item = _of_first(item, first)
        first[i] = known.setdefault(_key(trace, i, item), i)
        items.append(item if first[i] == i else None)
        shared |= first[i] != i
    if not shared:
        return normal
    return Normal(replace(trace, roots=[first[root] for root in trace.roots]), items)


def _of_first(item: Sum | tuple[int, ...], first: list[int]) -> Sum | tuple[int, ...]:
    """Return the operands of an operation, each by the node that stands for it."""
    if isinstance(item, Sum):
        return Sum([first[j] for j in item.left], [first[j] if j >= 0 else j for j in item.right])
    return tuple([first[j] for j in item])


def _key(trace: Trace, i: int, item: Sum | tuple[int, ...]) -> Hashable:
    """Return what an operation has in common with those that give the same number, and with no other."""
    if isinstance(item, Sum):
        return (*item.left, None, *item.right)
    if not item:
        return _number(trace.leaves[i])
    fixed = trace.fixed.get(i)
    return (trace.ops[i], *item) if fixed is None else (trace.ops[i], told_apart(fixed), *item)


def _number(leaf: Leaf) -> Hashable:
    """Return what tells a constant from others, 0.0 from -0.0 too."""
    return ("constant", *told_apart((leaf.value,)))
