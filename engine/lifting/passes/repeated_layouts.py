"""Part of `arrange`: a group that reads as one before it did is laid out as that was.

A recurrence does the same at every time, on another state and another part of its input:

    v5 = matmul(input0[0; (3, 1)], v4[0; (2, 1)])     ->     v8 = matmul(input0[6; (3, 1)], v7[0; (2, 1)])

What is a product, a view or a gather is decided by which places of which kinds of arrays are read, in which order: all
of that is the key under which a layout is known. Of what the caller passes, places count from the first that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from engine.lifting.exact import told_apart
from engine.lifting.ir import Group
from engine.lifting.ops import Step
from engine.lifting.passes.layout import GroupOperand, LayoutBuilder
from engine.lifting.views import Indices, Literal, Operand, Source, View

MOST = 1024  # layouts that are known at a time
Arrangement = Callable[[LayoutBuilder, Group], GroupOperand]


@dataclass
class RepeatedLayouts:
    """The layouts so far; a group is looked at closely if one of its size came before."""

    sizes: set[Hashable] = field(default_factory=set)
    known: dict[Hashable, _Layout] = field(default_factory=dict)

    def arrange(self, builder: LayoutBuilder, group: Group, arrangement: Arrangement) -> GroupOperand:
        """Lay out a group as one before it, or by an arrangement."""
        lengths: tuple[int, ...] = (len(group.members),)
        if group.op == "sum":
            lengths = tuple([len(item.left) for item in builder.items(group)])
        if (group.op, lengths) not in self.sizes:
            self.sizes.add((group.op, lengths))
            return arrangement(builder, group)
        key, read = _reading(builder, group)
        before = self.known.get((lengths, key))
        result = None if before is None else before.again(builder, read)
        if result is None:
            begun = len(builder.steps)
            result = arrangement(builder, group)
            if len(builder.steps) > begun and len(self.known) < MOST:
                self.known[lengths, key] = _Layout(builder.steps[begun:], read, result)
        return result


@dataclass(frozen=True)
class _Stretch:
    """The places of an array between the first and the last that a group reads."""

    source: Source
    first: int
    last: int


@dataclass(frozen=True)
class _Layout:
    """The steps of a group, what they read, and where its members are."""

    steps: Sequence[Step]
    read: Sequence[_Stretch]
    result: GroupOperand

    def again(self, builder: LayoutBuilder, read: Sequence[_Stretch]) -> GroupOperand | None:
        """Append the steps for what is read now; None if they read more than that, and it lies elsewhere."""
        instead = {x.source: (y.source, y.first - x.first) for x, y in zip(self.read, read)}
        if any(shift for _, shift in instead.values()) and not self.stays_within():
            return None
        for step in self.steps:
            target = step.target.source
            if target not in instead:
                instead[target] = builder.new(target.shape, target.batched), 0
            operands = tuple([_moved(x, instead) for x in step.operands])
            builder.steps.append(step.on(step.target.on(instead[target][0]), operands))
        result = self.result
        source, shift = instead.get(result.source, (result.source, 0)) if result.source else (None, 0)
        return GroupOperand(source, result.at + shift if shift else result.at, result.constants)

    def stays_within(self) -> bool:
        """Whether no step reads more of an array than the group does, as what joins several arrays would."""
        stretches = {x.source: x for x in self.read}
        for x in [x for step in self.steps for x in step.operands if not isinstance(x, Literal)]:
            if x.source in stretches:
                (first, last), stretch = x.span(), stretches[x.source]
                if first < stretch.first or last > stretch.last:
                    return False
        return True


def _moved(x: Operand, instead: dict[Source, tuple[Source, int]]) -> Operand:
    """Return an operand with the source that is read now, from the first place on that is."""
    if isinstance(x, Literal) or x.source not in instead:
        return x
    source, shift = instead[x.source]
    if isinstance(x, View):
        return x.on(source, shift)
    return replace(x, source=source, index=x.index + shift)


# --- what a group reads --------------------------------------------------------------------------------------------


def _reading(builder: LayoutBuilder, group: Group) -> tuple[Hashable, list[_Stretch]]:
    """Return a key that is equal for groups that read alike, and what of which arrays a group reads."""
    nodes = _nodes(builder, group)
    is_node = nodes >= 0  # else what stands in place of a right factor
    groups = np.where(is_node, builder.of[nodes], nodes)
    at = np.where(is_node, builder.position[nodes], 0)
    every = sorted(set(groups.tolist()))
    number = np.searchsorted(every, groups)
    read: dict[Source, _Stretch] = {}
    kinds: list[Hashable] = []
    for k, g in enumerate(every):
        source = builder.source.get(g)
        if source is None:
            kinds.append(builder.constants[nodes[number == k]].tobytes() if g >= 0 else g)
            continue
        places = at[number == k]
        first, last = int(places.min()), int(places.max())
        if source in read:
            first, last = min(first, read[source].first), max(last, read[source].last)
        read[source] = _Stretch(source, first, last)
        kinds.append((list(read).index(source), source.shape, source.kind, source.batched))
    for k, g in enumerate(every):
        source = builder.source.get(g)
        if source is not None and source.kind != "value":
            at[number == k] -= read[source].first
    return (group.op, told_apart(group.fixed), number.tobytes(), at.tobytes(), *kinds), list(read.values())


def _nodes(builder: LayoutBuilder, group: Group) -> Indices:
    """Return the operands of all members: of sums, the left factors and then the right ones."""
    if group.op != "sum":
        return builder.operands(group).reshape(-1)
    items = builder.items(group)
    sides = [side for item in items for side in (item.left, item.right)]
    return np.fromiter(chain.from_iterable(sides), np.int64, 2 * sum([len(item.left) for item in items]))
