"""Tape -> Blocks: each run as one body that is written once, and where each of its operands lies, time after time.

An operand of a body is one of its own results, a result of the time before, the same number every time, or one of a
row of places, a column of a table. Results that such a place says are put where they can be found: in a list, one
behind the other as they are computed, behind the numbers that the program begins with. So a place is a position in it,
and the list of their cotangents is as long: what was put there last is taken from its end first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.lifting.straight.runs import TapeRun
from engine.lifting.straight.tape import Kind, Tape
from engine.lifting.views import Indices


@dataclass(frozen=True)
class Own:
    """A result of the body."""

    column: int


@dataclass(frozen=True)
class Before:
    """What a result of the body was the time before; at first, what is in a slot."""

    column: int
    slot: int


@dataclass(frozen=True)
class Fixed:
    """What is in one slot, every time."""

    slot: int


@dataclass(frozen=True)
class TableColumn:
    """A column of the body's table: another slot every time."""

    number: int


OperandPlace = Own | Before | Fixed | TableColumn


class Column(NamedTuple):
    """One operation of a body: what it is, and where its operands are."""

    kind: Kind
    operands: Sequence[OperandPlace]


@dataclass
class TapeBlock:
    """A run of the tape.

    Attributes
    ----------
    run, first
        Which operations it is, and the slot of the first of them.
    columns
        The body.
    rows
        The slots that the columns of its table name, (times, columns).
    kept, last
        Results that can be found later: each time, and only the last time.
    """

    run: TapeRun
    first: int
    columns: list[Column]
    rows: Indices
    kept: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)

    @property
    def slots(self) -> Indices:
        """The slots of the results, (times, columns of the body)."""
        return self.first + np.arange(self.run.period * self.run.times).reshape(self.run.times, -1)


@dataclass(frozen=True)
class Blocks:
    """All blocks of a tape, and where each slot's number is found; -1 where nobody looks for it."""

    tape: Tape
    blocks: list[TapeBlock]
    places: Indices
    length: int


def blocks(tape: Tape, runs: Sequence[TapeRun]) -> Blocks:
    """Say for each run where its operands are, and for all numbers where they are found."""
    parts = [_block(tape, run) for run in runs]
    looked_for = np.zeros(tape.leaves + len(tape.codes), bool)
    looked_for[tape.roots] = True
    for block in parts:
        looked_for[block.rows] = True
        operands = [x for column in block.columns for x in column.operands]
        looked_for[[x.slot for x in operands if isinstance(x, (Before, Fixed))]] = True
    places = np.full(len(looked_for), -1)
    places[: tape.leaves] = np.arange(tape.leaves)
    length = tape.leaves
    for block in parts:
        length = _put(block, looked_for, places, length)
    return Blocks(tape, parts, places, length)


def _block(tape: Tape, run: TapeRun) -> TapeBlock:
    """Classify the operands of a run's body."""
    first = tape.leaves + run.start
    begin = int(tape.starts[run.start])
    end = int(tape.starts[run.stop]) if run.stop < len(tape.starts) else len(tape.reads)
    slots = tape.reads[begin:end].reshape(run.times, -1)
    relative = slots - (first + run.period * np.arange(run.times))[:, None]
    same, own = (relative == relative[0]).all(0), relative[0] >= 0
    lag = relative[min(1, run.times - 1)]
    earlier = slots[0] < first  # what a loop reads before it begins is there by then
    before = (relative[1:] == lag).all(0) & (lag < 0) & (lag >= -run.period) & (run.times > 1) & earlier
    fixed = (slots == slots[0]).all(0) & earlier
    rows: dict[bytes, int] = {}
    table: list[Indices] = []
    operands: list[OperandPlace] = []
    for k, (is_own, is_before, is_fixed) in enumerate(zip((same & own).tolist(), before.tolist(), fixed.tolist())):
        if is_own:
            operands.append(Own(int(relative[0, k])))
        elif is_fixed:
            operands.append(Fixed(int(slots[0, k])))
        elif is_before:
            operands.append(Before(int(lag[k]) + run.period, int(slots[0, k])))
        else:
            number = rows.setdefault(slots[:, k].tobytes(), len(rows))
            if number == len(table):
                table.append(slots[:, k])
            operands.append(TableColumn(number))
    stacked = np.array(table, np.int64).reshape(len(table), run.times).T
    return TapeBlock(run, first, _columns(tape, run, operands), stacked)


def _columns(tape: Tape, run: TapeRun, operands: Sequence[OperandPlace]) -> list[Column]:
    columns, at = [], 0
    for code in tape.codes[run.start : run.start + run.period].tolist():
        kind = tape.kinds[code]
        columns.append(Column(kind, operands[at : at + kind.arity]))
        at += kind.arity
    return columns


def _put(block: TapeBlock, looked_for: npt.NDArray[np.bool_], places: Indices, length: int) -> int:
    """Give the results of a block that are looked for their places from `length` on; return where these end."""
    slots = block.slots
    wanted = looked_for[slots]
    carried = {x.column for column in block.columns for x in column.operands if isinstance(x, Before)}
    at_end = wanted.any(0) & ~wanted[:-1].any(0) & np.isin(np.arange(slots.shape[1]), list(carried))
    each_time = wanted.any(0) & ~at_end
    block.kept, block.last = np.flatnonzero(each_time).tolist(), np.flatnonzero(at_end).tolist()
    count = len(block.kept) * len(slots)
    places[slots[:, each_time]] = length + np.arange(count).reshape(len(slots), -1)
    places[slots[-1, at_end]] = length + count + np.arange(len(block.last))
    return length + count + len(block.last)


# --- whether it pays -----------------------------------------------------------------------------------------------


def array_steps(block: TapeBlock) -> int:
    """Return how many steps a block is by arrays: what depends on the time before is one step every time."""
    if block.run.times == 1:
        return block.run.period
    sequential = _sequential(block)
    return len(sequential) * block.run.times + len(block.columns) - len(sequential)


def _sequential(block: TapeBlock) -> set[int]:
    """Return the operations that depend on those of the time before, but for sums that only grow."""
    depends = [{c for x in column.operands for c in _read(block, x)} for column in block.columns]
    readers = Counter(chain.from_iterable(depends))
    for j, (kind, _) in enumerate(block.columns):
        if kind.op in ("add", "subtract") and readers[j] == 1:
            depends[j].discard(j)
    sequential = set(range(len(block.columns)))
    size = 0
    while size != len(sequential):
        size = len(sequential)
        for j in sorted(sequential):
            if depends[j].isdisjoint(sequential):
                sequential.discard(j)
    return sequential


def _read(block: TapeBlock, x: OperandPlace) -> set[int]:
    """Return the operations of the body whose results an operand is, at whichever time."""
    if isinstance(x, (Own, Before)):
        return {x.column}
    if isinstance(x, Fixed):
        return set()
    at = block.rows[:, x.number] - block.first
    return set((at[(at >= 0) & (at < block.run.period * block.run.times)] % block.run.period).tolist())
