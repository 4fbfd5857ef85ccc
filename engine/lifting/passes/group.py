"""Third stage: Normal -> Groups, operations of equal signature are one array operation.

A node's signature is its operation and its operands' signatures: constants by role, not value, and a sum by the
kinds of its terms, not their number, or sums of ragged length would fall apart into one group per length.
Nodes of equal signature have equal height, so none depends on another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.lifting.exact import told_apart
from engine.lifting.ir import Group, Groups, Leaf, Normal, Sum


def group(normal: Normal) -> Groups:
    """Number the signatures in order of first appearance, which puts operands before users.

    Products in sums are turned the same way round: the factor of the earlier group is on the left.
    """
    trace, items = normal.trace, list(normal.items)
    known: dict[Any, int] = {}
    groups: list[Group] = []
    of: list[int] = []
    for i, item in enumerate(normal.items):
        if item is None:
            of.append(-1)
            continue
        key: Any
        if isinstance(item, Sum):
            items[i], classes = _turned(item, of)
            key = ("sum", classes)
        elif not item:
            key = _role(trace.leaves[i])
        else:
            key = (trace.ops[i], told_apart(trace.fixed.get(i, ())), *[of[j] for j in item])
            if trace.ops[i] in ("logsumexp", "shift", "largest"):  # any number of operands: their number does not count
                key = (trace.ops[i], (), tuple(sorted(set(key[2:]))))
            elif trace.ops[i] == "select":  # nor that of a table; the index is not one of its entries
                key = (trace.ops[i], (), tuple(sorted(set(key[2:-1]))), key[-1])
        number = known.get(key)
        if number is None:
            number = known[key] = len(groups)
            groups.append(_new(key, trace.fixed.get(i, ())))
        groups[number].members.append(i)
        of.append(number)
    return Groups(replace(normal, items=items), groups, of)


def _new(key: Any, fixed: tuple[float, ...]) -> Group:
    if key[0] == "sum":
        return Group("sum", (), [], key[1])
    return Group(key[0], fixed, [])


def _role(leaf: Leaf) -> tuple[str, int]:
    return (leaf.role, leaf.argument)


def _turned(item: Sum, of: list[int]) -> tuple[Sum, tuple[tuple[int, int], ...]]:
    """Return a sum with every product the same way round, and the kinds of its terms."""
    left, right = item.left, item.right
    kinds, swapped = set(), []
    for k, r in enumerate(right):
        a, b = of[left[k]], of[r] if r >= 0 else -1
        if a > b >= 0:
            swapped.append(k)
            a, b = b, a
        kinds.add((a, b))
    if swapped:
        left, right = left.copy(), right.copy()
        for k in swapped:
            left[k], right[k] = right[k], left[k]
        item = Sum(left, right)
    return item, tuple(sorted(kinds))
