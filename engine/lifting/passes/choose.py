"""Part of `arrange`: what chooses. The largest operand is a maximum over rows or runs, a table's entry a gather."""

from __future__ import annotations

from itertools import chain

import numpy as np

from engine.lifting.ir import Group
from engine.lifting.passes.fronts import stacked
from engine.lifting.passes.layout import GroupOperand, LayoutBuilder, reading_order, rows_of, runs_of, shape_of
from engine.lifting.views import Gather, Indices, View, all_distinct


def rows(builder: LayoutBuilder, group: Group) -> tuple[GroupOperand, Indices]:
    """Return the operands of each member in the order of their places, and how many each has."""
    operands = builder.items(group)
    counts = np.array([len(xs) for xs in operands])
    if group.mixed:
        return stacked(builder, group), counts
    x = builder.operand(np.fromiter(chain.from_iterable(operands), np.int64, counts.sum()))
    return builder.in_places(x, counts), counts


def largest_constant(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Choose the largest operand of each member, which passes no derivative."""
    return maxima(builder, group, constant=True)


def maxima(builder: LayoutBuilder, group: Group, *, constant: bool = False) -> GroupOperand:
    """Choose the largest operand of each member."""
    x, counts = rows(builder, group)
    more = {"constant": constant, "nodes": len(counts)}
    if (counts != counts[0]).any():
        flat = builder.as_view(x, (len(x.at),))
        source = builder.step("segment_max", (len(counts),), [flat], **more, **runs_of(counts))
        return GroupOperand(source, np.arange(len(counts)))
    at = x.at.reshape(len(counts), -1)
    order, shape = rows_of(at)
    row = builder.as_view(GroupOperand(x.source, at[order].reshape(-1)), (*shape, at.shape[1]))
    return GroupOperand(builder.step("max", shape, [row], **more), np.argsort(order))


def select(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Element m is entry `index[m]` of its own table: a gather whose index an integer input moves."""
    items = builder.items(group)
    index = builder.operand(np.array([xs[-1] for xs in items]), choosing=True)
    entries, at, stride = _tables(builder, [xs[:-1] for xs in items])
    first = GroupOperand(entries.source, at[:, 0])
    order = reading_order([index, first])
    shape = shape_of([index[order], first[order]])
    chosen = builder.as_view(index[order], shape)
    assert isinstance(chosen, View) and entries.source is not None
    reach = stride * (at.shape[1] - 1)
    gather = Gather(entries.source, shape, first.at[order].reshape(shape), chosen, stride, all_distinct(at), reach)
    return GroupOperand(builder.step("gather", shape, [gather], nodes=len(items)), np.argsort(order))


def _tables(builder: LayoutBuilder, tables: list[tuple[int, ...]]) -> tuple[GroupOperand, Indices, int]:
    """Return the entries of all tables, where each is, and how far apart the entries of one are.

    Short tables are filled up with their last entry, which an index that is inside never reaches.
    """
    width = max(len(table) for table in tables)
    padded = np.array([(*table, *[table[-1]] * (width - len(table))) for table in tables])
    entries = builder.operand(padded.reshape(-1))
    if entries.source is None:
        stored = builder.constant(entries.constants)
        entries = (
            GroupOperand(stored.source, stored.positions()) if isinstance(stored, View) else builder.in_memory(entries)
        )
    assert entries.source is not None
    at = entries.at.reshape(padded.shape)
    stride = int(at[0, 1] - at[0, 0]) if width > 1 else 1
    if (np.diff(at, axis=1) == stride).all() and all(len(table) == width for table in tables):
        return entries, at, stride
    packed = builder.gathered(Gather(entries.source, at.shape, at, distinct=all_distinct(at)))
    at = np.arange(at.size).reshape(at.shape)
    return GroupOperand(packed.source, at.reshape(-1)), at, 1
