"""Tape -> Blocks: each run as one body that is written once, and where each of its operands lies, time after time.

An operand of a body is one of its own results, a result of the time before, the same number every time, or one of a
row of places, a column of a table. Results that such a place says are put where they can be found: in a list, one
behind the other as they are computed, behind the numbers that the program begins with. So a place is a position in it,
and the list of their cotangents is as long: what was put there last is taken from its end first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
    known
        Columns whose results are others', so that nobody computes them; they have no operands.
    """

    run: TapeRun
    first: int
    columns: list[Column]
    rows: Indices
    kept: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    known: frozenset[int] = frozenset()

    @property
    def slots(self) -> Indices:
        """The slots of the results, (times, columns of the body)."""
        return self.first + np.arange(self.run.period * self.run.times).reshape(self.run.times, -1)


@dataclass(frozen=True)
class Blocks:
    """All blocks of a tape.

    Attributes
    ----------
    tape, blocks
        What is laid out, and in which blocks.
    readings
        How often each slot is read.
    places
        Where each slot's number is found; -1 where nobody looks for it.
    length
        Of the list that they are found in.
    """

    tape: Tape
    blocks: list[TapeBlock]
    readings: Indices
    places: Indices
    length: int


def blocks(tape: Tape, runs: Sequence[TapeRun], same: Indices | None = None) -> Blocks:
    """Say for each run where its operands are, and for all numbers where they are found.

    Parameters
    ----------
    tape, runs
        What is laid out, and which parts of it repeat.
    same
        The slot where each slot's number is computed, if that is not always itself.
    """
    slots = np.arange(tape.leaves + len(tape.codes))
    known = np.zeros(len(tape.codes), bool)
    if same is not None:
        tape = replace(tape, reads=same[tape.reads], roots=same[tape.roots])
        known = (same != slots)[tape.leaves :]
    parts = [_block(tape, run, known) for run in runs]
    looked_for = np.zeros(len(slots), bool)
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
    counts = np.diff(tape.starts, append=len(tape.reads))
    readings = np.bincount(np.append(tape.reads[np.repeat(~known, counts)], tape.roots), minlength=len(places))
    return Blocks(tape, parts, readings, places, length)


def _block(tape: Tape, run: TapeRun, known: npt.NDArray[np.bool_]) -> TapeBlock:
    """Return a run's body: its operations and where they read, but for those whose results are known."""
    kinds = [tape.kinds[code] for code in tape.codes[run.start : run.start + run.period].tolist()]
    ends = np.cumsum([kind.arity for kind in kinds])
    begin = int(tape.starts[run.start])
    slots = tape.reads[begin : begin + run.times * int(ends[-1])].reshape(run.times, -1)
    readings = _Readings(slots, tape.leaves + run.start, run.period)
    others = known[run.stop - run.period : run.stop]
    columns = [
        Column(kind, [] if others[j] else [readings.place(k) for k in range(end - kind.arity, end)])
        for j, (kind, end) in enumerate(zip(kinds, ends.tolist()))
    ]
    table = np.array(readings.table, np.int64).reshape(len(readings.table), run.times).T
    return TapeBlock(run, readings.first, columns, table, known=frozenset(np.flatnonzero(others).tolist()))


class _Readings:
    """What the operands of a body read, (times, operands): which of them are of one place each time, and a table."""

    def __init__(self, slots: Indices, first: int, period: int) -> None:
        self.slots, self.first, self.period = slots, first, period
        self.relative = slots - (first + period * np.arange(len(slots)))[:, None]
        self.lag = self.relative[min(1, len(slots) - 1)]
        earlier = slots[0] < first  # what a loop reads before it begins is there by then
        self.own = (self.relative == self.relative[0]).all(0) & (self.relative[0] >= 0)
        self.fixed = (slots == slots[0]).all(0) & earlier
        self.before = (self.relative[1:] == self.lag).all(0) & (self.lag < 0) & (self.lag >= -period) & earlier
        self.table: list[Indices] = []
        self._numbers: dict[bytes, int] = {}

    def place(self, k: int) -> OperandPlace:
        """Return where an operand is; as the column of a table where nothing else says it."""
        if self.own[k]:
            return Own(int(self.relative[0, k]))
        if self.fixed[k]:
            return Fixed(int(self.slots[0, k]))
        if self.before[k]:
            return Before(int(self.lag[k]) + self.period, int(self.slots[0, k]))
        number = self._numbers.setdefault(self.slots[:, k].tobytes(), len(self.table))
        if number == len(self.table):
            self.table.append(self.slots[:, k])
        return TableColumn(number)


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
