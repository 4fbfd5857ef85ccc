"""Third stage: Normal -> Groups, operations of equal signature are one array operation.

A node's signature is its operation and its operands' signatures: constants by role, not value, and a sum by the
kinds of its terms, not their number, or sums of ragged length would fall apart into one group per length.
Nodes of equal signature have equal height, so none depends on another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.lifting.ir import Group, Groups, Normal, Sum

COUNTLESS = frozenset(("logsumexp", "shift", "largest", "select"))  # any number of operands, which does not count


def group(normal: Normal) -> Groups:
    """Number the signatures in order of first appearance, which puts operands before users.

    Products in sums are turned the same way round: the factor of the earlier group is on the left.
    """
    trace, items = normal.trace, list(normal.items)
    ops, fixed, leaves = trace.ops, trace.fixed_keys, trace.leaves
    countless = COUNTLESS & trace.kinds.keys()
    known, sums = dict[Any, int](), _Sums()
    groups: list[Group] = []
    of = [-1] * (len(items) + 2)  # the last are what ADDED and TAKEN say in place of a factor: none
    group_of = of.__getitem__
    for i, item in enumerate(items):
        if item is None:
            continue
        key: Any
        if isinstance(item, Sum):
            items[i], key = sums.turned(item, group_of)
        elif not item:
            role, _, argument, _ = leaves[i]
            key = role, argument
        elif i in fixed:
            key = (ops[i], fixed[i], *map(group_of, item))
        elif ops[i] in countless:
            key = (ops[i], *_kinds(ops[i], item, group_of))
        else:
            key = (ops[i], *map(group_of, item))
        number = known.get(key)
        if number is None:
            number = known[key] = len(groups)
            groups.append(Group(key[0], trace.fixed.get(i, ()), [], key[1] if key[0] == "sum" else ()))
        groups[number].members.append(i)
        of[i] = number
    return Groups(replace(normal, items=items), groups, of[: len(items)])


def _kinds(op: str, operands: tuple[int, ...], group_of: Callable[[int], int]) -> tuple[int | None, ...]:
    """Return the groups of any number of operands, each once; an index is not an entry of its table."""
    if op == "select":
        return (*sorted(set(map(group_of, operands[:-1]))), None, group_of(operands[-1]))
    return tuple(sorted(set(map(group_of, operands))))


class _Sums:
    """The signatures of sums by the kinds of their terms, as those are written."""

    def __init__(self) -> None:
        self.known: dict[frozenset[tuple[int, int]], tuple[tuple[Any, ...], bool]] = {}

    def turned(self, item: Sum, group_of: Callable[[int], int]) -> tuple[Sum, tuple[Any, ...]]:
        """Return a sum with every product the same way round, and its signature."""
        left, right = item.left, item.right
        kinds = frozenset(zip(map(group_of, left), map(group_of, right)))
        known = self.known.get(kinds)
        if known is None:
            classes = {(b, a) if a > b >= 0 else (a, b) for a, b in kinds}
            known = self.known[kinds] = ("sum", tuple(sorted(classes))), any(a > b >= 0 for a, b in kinds)
        key, turns = known
        if turns:
            turned = [b >= 0 and group_of(a) > group_of(b) for a, b in zip(left, right)]
            pairs = [(b, a) if is_turned else (a, b) for a, b, is_turned in zip(left, right, turned)]
            item = Sum([a for a, _ in pairs], [b for _, b in pairs])
        return item, key
