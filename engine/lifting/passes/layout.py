"""What `arrange` builds: steps so far, and where each scalar is; a group's operands as views, gathers and constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from engine.lifting.distinct import count_distinct
from engine.lifting.index_arrays import affine, as_view, factor
from engine.lifting.ir import Group, Groups
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Indices, Literal, Operand, Shape, Source, View

MOST_AXES = 8  # of a view that is copied
LONG_ROW = 6  # elements that follow one another in it
COMPARED = 4  # terms of a sum, by which its rows are put in order


def distinct(constants: Any) -> tuple[Any, Indices]:
    """Return the different constants, 0.0 another than -0.0, and the number of each one's own."""
    bits, number = np.unique(constants.astype(float).view(np.int64), return_inverse=True)
    return bits.view(float), number.reshape(-1)


def _alike(values: Any, others: Any) -> Any:
    """Return which constants are the same; 0.0 is another than -0.0."""
    return (values == others) & (np.signbit(values.astype(float)) == np.signbit(np.asarray(others, float)))


@dataclass
class GroupOperand:
    """One operand of every member of a group: positions in a source, or constants."""

    source: Source | None
    at: Indices
    constants: Any = None

    def __getitem__(self, order: Indices) -> GroupOperand:
        """Return that of some members, or of all in another order."""
        return GroupOperand(self.source, self.at[order], None if self.constants is None else self.constants[order])

    @property
    def batched(self) -> bool:
        """Whether it is another one for each sample."""
        return self.source is not None and self.source.batched

    def identities(self) -> Indices:
        """Return positions, or for constants the number of each distinct value."""
        return self.at if self.constants is None else distinct(self.constants)[1]


class FramedArray(NamedTuple):
    """An array that is another one with what is read around it.

    Attributes
    ----------
    array
        All of it; the other one begins at place `before`.
    around
        Which scalar is where, counted from the other's first element.
    """

    array: Source
    around: dict[int, int]
    before: int


@dataclass
class LayoutBuilder:
    """Steps so far, and where each scalar node is."""

    groups: Groups
    choosing: dict[Source, Source]  # inputs -> the integers that they are, where they choose
    position: Indices  # of each node in its group's source
    constants: Any  # the number of each node that is one
    source: dict[int, Source] = field(default_factory=dict)  # of each group but constants
    steps: list[Step] = field(default_factory=list)
    declined: dict[str, None] = field(default_factory=dict)
    frames: dict[Source, FramedArray] = field(default_factory=dict)
    stacked: dict[bytes, GroupOperand] = field(default_factory=dict)  # operands of several places, by their nodes
    gaps: bool = True  # whether a product's rows may have gaps
    count: int = 0  # sources so far
    of: Indices = field(init=False)  # group of each node
    _latest: tuple[Group | None, Indices] = (None, np.empty(0, np.int64))  # that was asked for, and what it reads

    def __post_init__(self) -> None:
        self.of = np.array(self.groups.of, dtype=np.int64)

    def items(self, group: Group) -> list[Any]:
        """Return what the members of a group are."""
        return [self.groups.normal.items[i] for i in group.members]

    def operands(self, group: Group) -> Indices:
        """Return what the members of a group read, a row for each, where all read as many; the last are known."""
        if self._latest[0] is not group:
            items = self.items(group)
            count = len(items) * len(items[0])
            flat = np.fromiter(chain.from_iterable(items), np.int64, count)
            self._latest = group, flat.reshape(len(items), -1)
        return self._latest[1]

    # --- new sources and steps ---------------------------------------------------------------------------------

    def new(self, shape: Sequence[int], batched: bool) -> Source:
        """Return a fresh source for a step's result."""
        self.count += 1
        return Source(f"v{self.count}", tuple(shape), "value", batched)

    def stored(self, values: Any) -> Source:
        """Return a constant array as a source."""
        self.count += 1
        return Source(f"c{self.count}", values.shape, "constant", value=values)

    def step(self, op: str, shape: Sequence[int], operands: Sequence[Operand], **more: Any) -> Source:
        """Append an array operation; its result is batched if an operand is."""
        result = self.new(shape, any(x.batched for x in operands))
        self.steps.append(Step(op, result.view, tuple(operands), **more))
        return result

    def gathered(self, gather: Gather) -> View:
        """Append the step that gathers, a copy where the elements are a view of more axes; return its result.

        NumPy copies a row in 4 ns and an element of it in 0.3, and takes an element in 0.9: rows of six are copied.
        What has a cotangent is also added to, which is slower by places than the whole copy.
        """
        axes = factor([gather.index.reshape(-1)]) if gather.chosen is None else None
        shortest = LONG_ROW if gather.source.kind in ("input", "constant") else 2
        if not axes or len(axes) > MOST_AXES or axes[-1] < shortest:
            return self.step("gather", gather.shape, [gather]).view
        view = as_view(gather.source, gather.index.reshape(axes))
        return self.step("copy", axes, [view]).view.reshape(gather.shape)

    def place(self, number: int, group: Group, result: GroupOperand) -> None:
        """Remember where the members of a group are."""
        assert result.source is not None
        self.source[number] = result.source
        self.position[group.members] = result.at

    # --- operands ----------------------------------------------------------------------------------------------

    def operand(self, nodes: Indices, choosing: bool = False) -> GroupOperand:
        """Return where some nodes are, as integers where they choose; several groups are copied together."""
        of, at = self.of[nodes], self.position[nodes]
        if len(of) > 1 and (of != of[0]).any():
            return self.concatenated(nodes, choosing)
        source = self.source_of(int(of[0]), choosing)
        return GroupOperand(source, at, self.constants[nodes] if source is None else None)

    def source_of(self, group: int, choosing: bool) -> Source | None:
        """Return where a group is; None for constants."""
        source = self.source.get(group)
        return self.choosing[source] if choosing and source is not None else source

    def concatenated(self, nodes: Indices, choosing: bool) -> GroupOperand:
        """Append the steps that copy several groups' arrays into one, one after the other."""
        of, at = self.of[nodes], self.position[nodes]
        moved, pieces, size = np.empty(len(at), dtype=np.int64), [], 0
        for part in sorted(set(of.tolist())):
            source, members = self.source_of(part, choosing), of == part
            if source is None:
                piece = self.constant(self.constants[nodes[members]])
                where, length = np.arange(int(members.sum())), int(members.sum())
            else:
                piece, where, length = source.view.reshape((source.size,)), at[members], source.size
            moved[members] = where + size
            pieces.append((slice(size, size + length), piece))
            size += length
        result = self.new((size,), any(piece.batched for _, piece in pieces))
        self.steps += [Step("copy", result.view[part], (piece,)) for part, piece in pieces]
        return GroupOperand(result, moved)

    def as_view(self, operand: GroupOperand, shape: Shape) -> View | Literal:
        """Return an operand in that shape; what is no view is gathered first."""
        if operand.source is None:
            return self.constant(operand.constants.reshape(shape))
        if not shape:
            return View(operand.source, (), int(operand.at[0]), ())
        view = as_view(operand.source, operand.at.reshape(shape))
        return view if isinstance(view, View) else self.gathered(view)

    def constant(self, values: Any) -> View | Literal:
        """Return constants as a number where all are equal, else as an array without its repeated axes."""
        if values.size == 1 or _alike(values, values.flat[0]).all():
            return Literal(values.flat[0] if values.dtype == object else float(values.flat[0]))
        shape = values.shape
        for axis in range(values.ndim):
            first = values.take([0], axis)
            values = first if _alike(values, first).all() else values
        return self.stored(values.squeeze()).view.reshape(values.shape).broadcast_to(shape)

    def compact(self, operand: GroupOperand) -> GroupOperand:
        """Return an operand as it is; constants that are not one number as a stored array without its repeated axes."""
        stored = self.constant(operand.constants) if operand.source is None else None
        return GroupOperand(stored.source, stored.positions()) if isinstance(stored, View) else operand

    def in_places(self, operand: GroupOperand, counts: Indices) -> GroupOperand:
        """Return what is reduced, runs of these lengths, each run in the order of its places: as the array lies."""
        operand = self.in_memory(operand)
        if (counts == counts[0]).all():
            return GroupOperand(operand.source, np.sort(operand.at.reshape(len(counts), -1), axis=1).reshape(-1))
        owner = np.repeat(np.arange(len(counts)), counts)
        return operand[np.lexsort([operand.at, owner])]

    def in_memory(self, operand: GroupOperand) -> GroupOperand:
        """Return an operand that has a source: constants are stored."""
        if operand.source is not None:
            return operand
        return GroupOperand(self.stored(operand.constants), np.arange(len(operand.constants)))

    # --- element by element ------------------------------------------------------------------------------------

    def element_by_element(
        self, op: str, operands: Sequence[GroupOperand], fixed: tuple[float, ...] = (), nodes: int = 0
    ) -> GroupOperand:
        """Append one element-by-element operation; return its result, and where each member is in it."""
        if op == "multiply" and (other := _times_one(operands)) is not None:
            return other
        if len(operands[0].at) == 1:
            source = self.step(op, (), [self.as_view(x, ()) for x in operands], fixed=fixed, nodes=nodes)
            return GroupOperand(source, np.zeros(1, dtype=np.int64))
        order = reading_order(operands)
        ordered = [x[order] for x in operands]
        shape = shape_of(ordered)
        source = self.step(op, shape, [self.as_view(x, shape) for x in ordered], fixed=fixed, nodes=nodes)
        return GroupOperand(source, np.argsort(order))


def _times_one(operands: Sequence[GroupOperand]) -> GroupOperand | None:
    """Return the factor of a product with ones (the 1 / 1 of a mean over one output)."""
    for x, other in zip(operands, reversed(operands)):
        if x.constants is not None and (x.constants == 1.0).all() and other.source is not None:
            return other
    return None


def reading_order(operands: Sequence[GroupOperand]) -> Indices:
    """Order members by what they read: by the operand with most different elements first, then by the others."""
    size = len(operands[0].at)
    read = [x for x in operands if x.source is not None]
    if size == 1 or not read:
        return np.arange(size)
    read.sort(key=lambda x: (-count_distinct(x.at), x.source is not None and x.source.kind == "parameters"))
    return np.lexsort([x.at for x in reversed(read)])


def shape_of(operands: Sequence[GroupOperand]) -> Shape:
    """Return the axes in which the operands are views: an operand's own if possible, else factored."""
    size = len(operands[0].at)
    if size == 1:
        return ()
    read = [(x.source, x.at) for x in operands if x.source is not None]
    for source, at in read:
        if source.size == size and (at == np.arange(size)).all():
            if all(affine(other.reshape(source.shape)) for _, other in read):
                return source.shape
    regular = [at for _, at in read if factor([at]) is not None]
    while regular:
        shape = factor(regular)
        if shape is not None:
            return shape
        regular.pop()
    return (size,)


def rows_of(rows: Indices) -> tuple[Indices, Shape]:
    """Return the order of the rows of an index matrix, by what they read first, and the axes that they then have.

    If what they read first is the same for some, or in another order than they are, a term decides that is different
    for more, or in their own.
    """
    if len(rows) == 1:
        return np.arange(1), ()
    first, *others = rows.T[:COMPARED]
    decides = first if (np.diff(first) > 0).all() else max([first, *others], key=_telling)
    order = np.lexsort([decides])
    return order, factor([first[order]]) or factor([decides[order]]) or (len(rows),)


def _telling(column: Indices) -> tuple[int, bool]:
    """Return how many different elements rows read there, and whether they are in the order of these."""
    return count_distinct(column), bool((np.diff(column) >= 0).all())


def runs_of(counts: Indices) -> dict[str, Any]:
    """Return where runs of these lengths start, and how long all are."""
    return {"starts": np.concatenate([[0], np.cumsum(counts)[:-1]]), "total": int(counts.sum())}
