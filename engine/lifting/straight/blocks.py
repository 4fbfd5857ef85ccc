"""Tape -> Blocks: each run as one body that is written once, and where each of its operands lies, time after time.

An operand of a body is one of its own results, a result of the time before, the same number every time, or one of a
row of places, a column of a table. What was a result two times before is carried on by a column of its own. Results
that a table's place says are put where they can be found: in a list, one behind the other as they are computed, behind
the numbers that the program begins with. So a place is a position in it, and the list of their cotangents is as long:
what was put there last is taken from its end first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.lifting.ops import COMPARISONS
from engine.lifting.straight.runs import TapeRun
from engine.lifting.straight.tape import Kind, Tape
from engine.lifting.views import Indices

DELAY = Kind("identity", 1)  # carries what was a result the time before to the next time
LONG = 32  # times of a run, beside which the body that is written once more is little
MOST_AGO = 4  # times before, of which a result is carried in a variable of the loop


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
    """A run of the tape, or a phrase that is here and there in it.

    Attributes
    ----------
    period, slots
        How many operations the body has, and the slots of their results, (times, period).
    columns
        The body, and then what it carries from one time to the next but one.
    rows
        The slots that the columns of its table name, (times, columns).
    kept, last
        Results that can be found later: each time, and only the last time.
    told
        Conditions of branches that nothing computes with: they are returned, and hand nothing back.
    known
        Columns whose results are others', so that nobody computes them; they have no operands.
    """

    period: int
    slots: Indices
    columns: list[Column]
    rows: Indices
    kept: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    known: frozenset[int] = frozenset()

    @property
    def first(self) -> int:
        """The slot of the first result."""
        return int(self.slots[0, 0])

    @property
    def times(self) -> int:
        """How often the body is computed."""
        return len(self.slots)


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
    told
        Which slots are conditions that are returned as they are computed.
    order
        Of phrases, which block is computed next, each time; runs follow one another.
    """

    tape: Tape
    blocks: list[TapeBlock]
    readings: Indices
    places: Indices
    length: int
    told: npt.NDArray[np.bool_]
    order: Indices | None = None


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
    parts = []
    for run in _begun_apart(tape, runs):
        firsts = run.start + run.period * np.arange(run.times)
        reads = operand_slots(tape, firsts, run.period)
        others = np.flatnonzero(known[run.stop - run.period : run.stop])
        readings = Readings.of_run(reads, tape.leaves + firsts, run.period)
        parts.append(block_of(tape, firsts, run.period, readings, frozenset(others.tolist())))
    told = tell(tape, parts)
    wanted = looked_for(tape, parts) & ~told
    places = np.full(len(wanted), -1)
    places[: tape.leaves] = np.arange(tape.leaves)
    length = tape.leaves
    for block in parts:
        length = _put(block, wanted, places, length)
    return Blocks(tape, parts, count_readings(tape, known), places, length, told)


def _begun_apart(tape: Tape, runs: Sequence[TapeRun]) -> Iterator[TapeRun]:
    """Yield the runs, a first time or two apart where all later ones then look up less."""
    for run in runs:
        apart = _times_apart(tape, run) if run.times >= LONG else 0
        if apart:
            yield run._replace(times=apart)
        yield run._replace(start=run.start + apart * run.period, times=run.times - apart)


def _times_apart(tape: Tape, run: TapeRun) -> int:
    """Return after how many times, at most two, a body's operands have most often a place that needs no table."""
    firsts = run.start + run.period * np.arange(run.times)
    slots, firsts = operand_slots(tape, firsts, run.period), tape.leaves + firsts
    untabled = [Readings.of_run(slots[k:], firsts[k:], run.period).untabled() for k in range(3)]
    return untabled.index(max(untabled))


def looked_for(tape: Tape, parts: Sequence[TapeBlock]) -> npt.NDArray[np.bool_]:
    """Return which slots somebody looks for, by a place."""
    wanted = np.zeros(tape.leaves + len(tape.codes), bool)
    wanted[tape.roots] = True
    for block in parts:
        wanted[block.rows] = True
        operands = [x for column in block.columns for x in column.operands]
        wanted[[x.slot for x in operands if isinstance(x, (Before, Fixed))]] = True
    return wanted


def tell(tape: Tape, parts: Sequence[TapeBlock]) -> npt.NDArray[np.bool_]:
    """Say in each block which results are conditions alone, every time; return their slots, none unless all are."""
    alone = np.zeros(tape.leaves + len(tape.codes), bool)
    alone[tape.roots[1:]] = True
    alone[tape.reads] = alone[tape.roots[0]] = False
    told = np.zeros_like(alone)
    columns = []
    for block in parts:
        comparisons = [j for j, column in enumerate(block.columns) if column.kind.op in COMPARISONS]
        columns.append([j for j in comparisons if alone[block.slots[:, j]].all()])
        told[block.slots[:, columns[-1]]] = True
    if not told[tape.roots[1:]].all():
        return np.zeros_like(alone)
    for block, conditions in zip(parts, columns):
        block.told = conditions
    return told


def count_readings(tape: Tape, known: npt.NDArray[np.bool_]) -> Indices:
    """Return how often each slot is read, where the results of some operations are known."""
    counts = np.diff(tape.starts, append=len(tape.reads))
    read = np.append(tape.reads[np.repeat(~known, counts)], tape.roots)
    return np.bincount(read, minlength=tape.leaves + len(tape.codes))


def operand_slots(tape: Tape, firsts: Indices, period: int) -> Indices:
    """Return what a body's operations read, (times, operands), where it begins at these places."""
    count = sum([tape.kinds[code].arity for code in tape.codes[firsts[0] : firsts[0] + period].tolist()])
    return tape.reads[tape.starts[firsts][:, None] + np.arange(count)]


def block_of(tape: Tape, firsts: Indices, period: int, readings: Readings, known: frozenset[int]) -> TapeBlock:
    """Return a body: its operations and where they read, but for those whose results are known."""
    kinds = [tape.kinds[code] for code in tape.codes[firsts[0] : firsts[0] + period].tolist()]
    ends = np.cumsum([kind.arity for kind in kinds])
    columns = [
        Column(kind, [] if j in known else [readings.place(k) for k in range(end - kind.arity, end)])
        for j, (kind, end) in enumerate(zip(kinds, ends.tolist()))
    ]
    columns += [Column(DELAY, [result]) for result in readings.delayed]
    table = np.array(readings.table, np.int64).reshape(len(readings.table), len(firsts)).T
    slots = tape.leaves + firsts[:, None] + np.arange(period)
    return TapeBlock(period, slots, columns, table, known=known)


class Readings:
    """What the operands of a body read, (times, operands): which of them are of one place each time, and a table."""

    def __init__(self, slots: Indices, firsts: Indices) -> None:
        self.slots = slots
        self.relative = slots - firsts[:, None]
        self.same = (slots == slots[0]).all(0)
        self.own = (self.relative == self.relative[0]).all(0) & (self.relative[0] >= 0)
        self.fixed = np.zeros(slots.shape[1], bool)
        self.ago: Indices = np.zeros(slots.shape[1], np.int64)  # how many times before it was computed; 0 for no result
        self.period = 0
        self.delayed: dict[Before, int] = {}  # what is carried for another time, and the column that does
        self.table: list[Indices] = []
        self._numbers: dict[bytes, int] = {}

    @classmethod
    def of_run(cls, slots: Indices, firsts: Indices, period: int) -> Readings:
        """Return the readings of a loop, which has a time before."""
        readings = cls(slots, firsts)
        earlier = slots[0] < firsts[0]  # what a loop reads before it begins is there by then
        readings.fixed = readings.same & earlier
        readings.period = period
        for ago in range(min(MOST_AGO, len(slots) - 1), 0, -1):
            lag, begun = readings.relative[ago], (slots[:ago] < firsts[0]).all(0)
            alike = (readings.relative[ago:] == lag).all(0) & begun
            readings.ago[alike & (lag < (1 - ago) * period) & (lag >= -ago * period)] = ago
        return readings

    @classmethod
    def of_phrase(cls, slots: Indices, firsts: Indices, leaves: int) -> Readings:
        """Return the readings of what is here and there: only what the program begins with is there from the start."""
        readings = cls(slots, firsts)
        readings.fixed = readings.same & (slots[0] < leaves)
        return readings

    def untabled(self) -> int:
        """Return how many operands are where nothing is looked up."""
        return int((self.own | self.fixed | (self.ago > 0)).sum())

    def place(self, k: int) -> OperandPlace:
        """Return where an operand is; as the column of a table where nothing else says it."""
        if self.own[k]:
            return Own(int(self.relative[0, k]))
        if self.fixed[k]:
            return Fixed(int(self.slots[0, k]))
        if self.ago[k]:
            return self._carried(k, int(self.ago[k]))
        number = self._numbers.setdefault(self.slots[:, k].tobytes(), len(self.table))
        if number == len(self.table):
            self.table.append(self.slots[:, k])
        return TableColumn(number)

    def _carried(self, k: int, ago: int) -> Before:
        """Return what was a result so many times before: each time but the last a column carries it on."""
        *begins, latest = self.slots[:ago, k].tolist()
        result = Before(int(self.relative[ago, k]) + ago * self.period, latest)
        for slot in reversed(begins):
            result = Before(self.delayed.setdefault(result, self.period + len(self.delayed)), slot)
        return result


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
