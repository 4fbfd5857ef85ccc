"""Third stage: Normal -> Groups, operations of equal signature are one array operation.

A node's signature is its operation and its operands' signatures: constants by role, not value, and a sum by the
kinds of its terms, not their number, or sums of ragged length would fall apart into one group a length.
Nodes of equal signature have equal height, so none depends on another.
"""

from __future__ import annotations

from typing import Any

from engine.lifting.exact import told_apart
from engine.lifting.ir import Group, Groups, Leaf, Normal, Sum


def group(normal: Normal) -> Groups:
    """Number the signatures in order of first appearance, which puts operands before users.

    Products in the Normal's sums are turned the same way round, in place.
    """
    trace = normal.trace
    known: dict[Any, int] = {}
    groups: list[Group] = []
    of: list[int] = []
    for i, item in enumerate(normal.items):
        if item is None:
            of.append(-1)
            continue
        key: Any
        if isinstance(item, Sum):
            key = ("sum", _classes(item, of))
        elif not item:
            key = _role(trace.leaves[i])
        else:
            key = (trace.ops[i], told_apart(trace.fixed.get(i, ())), *[of[j] for j in item])
            if trace.ops[i] in ("logsumexp", "shift"):  # any number of operands: their number does not count
                key = (trace.ops[i], (), tuple(sorted(set(key[2:]))))
            elif trace.ops[i] == "select":  # nor that of a table; the index is not one of its entries
                key = (trace.ops[i], (), tuple(sorted(set(key[2:-1]))), key[-1])
        number = known.get(key)
        if number is None:
            number = known[key] = len(groups)
            groups.append(_new(key, trace.fixed.get(i, ())))
        groups[number].members.append(i)
        of.append(number)
    return Groups(normal, groups, of)


def _new(key: Any, fixed: tuple[float, ...]) -> Group:
    if key[0] == "sum":
        return Group("sum", (), [], key[1])
    return Group(key[0], fixed, [])


def _role(leaf: Leaf) -> tuple[str, int]:
    return (leaf.role, leaf.argument)


def _classes(item: Sum, of: list[int]) -> tuple[tuple[int, int], ...]:
    """Return the kinds of terms in a sum, and turn every product the same way round."""
    left, right = item.left, item.right
    kinds = set()
    for k, r in enumerate(right):
        a = of[left[k]]
        if r < 0:
            kinds.add((a, -1))
            continue
        b = of[r]
        if a > b:
            left[k], right[k] = r, left[k]
            a, b = b, a
        kinds.add((a, b))
    return tuple(sorted(kinds))
