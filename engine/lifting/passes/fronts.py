"""Part of `arrange`: groups whose operands at one place are of several arrays, as those of a wavefront are.

A wavefront's cells read the one before, shifted, and at its ends what lies around it. That is one array with a frame:

    v7 = [1e3, v5[0], ..., v5[8], 1e3]            copies, once
    v8 = minimum(v7[:-1], v7[1:])                 views

What is no array with a frame is copied into one, one piece after the other, and gathered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.lifting.ir import Group, Sum
from engine.lifting.ops import Step
from engine.lifting.passes.layout import FramedArray, GroupOperand, LayoutBuilder
from engine.lifting.views import Indices, Literal, Source, View


def operands_by_place(builder: LayoutBuilder, group: Group) -> list[GroupOperand]:
    """Return the operands of a mixed group, place by place."""
    return framed(builder, np.array(builder.items(group)))


def stacked(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Return the operands of a mixed group, member by member, as one array of a row for each place."""
    nodes = np.array(builder.items(group))
    key = nodes.tobytes()
    if key not in builder.stacked:
        operands = framed(builder, nodes)
        count, rows = nodes.shape
        batched = any(x.source is not None and x.source.batched for x in operands)
        result = builder.new((rows, count), batched)
        for k, x in enumerate(operands):
            builder.steps.append(Step("copy", result.view[k], (builder.as_view(x, (count,)),)))
        builder.stacked[key] = GroupOperand(result, np.arange(count * rows).reshape(rows, count).T.reshape(-1))
    return builder.stacked[key]


def sums_by_place(builder: LayoutBuilder, group: Group) -> GroupOperand:
    """Add the terms of a mixed group of sums, place by place."""
    items = [item for item in builder.items(group) if isinstance(item, Sum)]
    left, right = np.array([item.left for item in items]), np.array([item.right for item in items])
    is_product = np.all(right >= 0, axis=0)
    factors = framed(builder, np.concatenate([left, right[:, is_product]], axis=1))
    others = iter(factors[left.shape[1] :])
    result: GroupOperand | None = None
    for x, product in zip(factors, is_product.tolist()):
        term = builder.element_by_element("multiply", [x, next(others)]) if product else x
        result = term if result is None else builder.element_by_element("add", [result, term])
    assert result is not None
    return builder.in_memory(result)


# --- arrays with frames --------------------------------------------------------------------------------------------


@dataclass
class _Place:
    """The operands of all members at one place: an array's elements mostly.

    Attributes
    ----------
    nodes
        What is read.
    source
        The array that most are of; None where all are constants.
    is_own, at
        Which operands are that array's, and at which place each operand would be if it went on as regularly.
    is_regular
        Whether it does.
    """

    nodes: Indices
    source: Source | None
    is_own: Indices
    at: Indices
    is_regular: bool


def framed(builder: LayoutBuilder, nodes: Indices) -> list[GroupOperand]:
    """Return the operands of members, a column each, as elements of one array per column."""
    columns = [_place(builder, column) for column in nodes.T]
    read: dict[Source, list[_Place]] = {}
    for column in columns:
        if column.source is not None and column.is_regular:
            read.setdefault(column.source, []).append(column)
    frames = {source: _frame(builder, source, whole) for source, whole in read.items()}
    result = []
    for column in columns:
        frame = frames.get(column.source) if column.source is not None and column.is_regular else None
        if frame is None or column.is_own.all():
            result.append(builder.operand(column.nodes))
        else:
            result.append(GroupOperand(frame.array, column.at + frame.before))
    return result


def _place(builder: LayoutBuilder, nodes: Indices) -> _Place:
    of, at = builder.of[nodes], builder.position[nodes]
    arrays = [g for g in np.unique(of).tolist() if g in builder.source]
    if not arrays:
        return _Place(nodes, None, np.zeros(len(nodes), bool), at, False)
    most = max(arrays, key=lambda g: int(np.count_nonzero(of == g)))
    is_own = of == most
    where = np.flatnonzero(is_own)
    step = 1
    if len(where) > 1:
        step = int(at[where[1]] - at[where[0]]) // int(where[1] - where[0])
    expected = at[where[0]] + step * (np.arange(len(nodes)) - where[0])
    regular = abs(step) == 1 and bool((expected == at)[is_own].all())
    return _Place(nodes, builder.source[most], is_own, expected, regular)


def _frame(builder: LayoutBuilder, source: Source, read: list[_Place]) -> FramedArray | None:
    """Return an array with what is read around it; None where the same place is two things, or nothing."""
    around: dict[int, int] = {}
    for place in read:
        for at, node in zip(place.at[~place.is_own].tolist(), place.nodes[~place.is_own].tolist()):
            if 0 <= at < source.size or around.setdefault(at, node) != node:
                return None
    if not around:
        return None
    known = builder.frames.get(source)
    if known is not None and all(known.around.get(at, node) == node for at, node in around.items()):
        if around.keys() <= known.around.keys():
            return known
        around = known.around | around
    first, last = min(0, *around), max(source.size - 1, *around)
    if len(around) != last - first + 1 - source.size:
        return None
    frame = builder.frames[source] = FramedArray(_with_frame(builder, source, around, first), around, -first)
    return frame


def _with_frame(builder: LayoutBuilder, source: Source, around: dict[int, int], first: int) -> Source:
    """Append the copies of an array, and of what is around it, into one."""
    pieces: list[tuple[int, int, View | Literal]] = [(0, source.size, source.view.reshape((source.size,)))]
    for start, end in ((first, 0), (source.size, first + source.size + len(around))):
        if start == end:
            continue
        nodes = np.array([around[at] for at in range(start, end)])
        pieces.append((start, end, builder.as_view(builder.operand(nodes), (end - start,))))
    batched = any(piece.batched for _, _, piece in pieces)
    result = builder.new((source.size + len(around),), batched)
    for start, end, piece in pieces:
        builder.steps.append(Step("copy", result.view[start - first : end - first], (piece,)))
    return result
