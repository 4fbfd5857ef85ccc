"""How many steps a block would be by arrays: what is written of single numbers has to take less time than these.

A sum and the products that are its terms are one operation, and a sum that only grows, time after time, is one for all
times. Of the others, those that depend on results of the same block are computed in waves: as many times at once as
read nothing of one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from engine.lifting.straight.blocks import Before, Column, Fixed, OperandPlace, Own, TableColumn, TapeBlock
from engine.lifting.views import Indices

SUMS = ("add", "subtract", "total", "dot")
TERMS = ("add", "multiply", "total", "dot")


def array_steps(block: TapeBlock, readings: Indices) -> int:
    """Return how many array operations a block is, about; `readings` says how often each slot is read."""
    once = readings[block.slots] == 1
    written = set(range(len(block.columns))) - _terms(block, once.all(0).tolist())
    if block.run.times == 1:
        return len(written)
    read = [[_read(block, x) for x in column.operands] for column in block.columns]
    grows = {j for j, column in enumerate(block.columns) if _grows(block, j, column, once)}
    near = [
        {x.column for x in column.operands if isinstance(x, (Own, Before))} - ({j} & grows)
        for j, column in enumerate(block.columns)
    ]
    recurring = _recurring([set(chain.from_iterable(sets)) - ({j} & grows) for j, sets in enumerate(read)])
    times = block.run.times if _recurring(near) else _waves(block, read, grows)
    return len(recurring & written) * (times - 1) + len(written)


def _grows(block: TapeBlock, j: int, column: Column, once: npt.NDArray[np.bool_]) -> bool:
    """Whether an operation is a sum that grows: what it is the time before, it alone reads."""
    if column.kind.op not in ("add", "subtract"):
        return False
    for x in column.operands:
        if isinstance(x, Before) and x.column == j and not once[:-1, j].all():
            return False
        if isinstance(x, TableColumn):
            times, result = np.divmod(block.rows[:, x.number] - block.first, block.run.period)
            own = (times >= 0) & (times < block.run.times) & (result == j)
            if (times[own] != np.flatnonzero(own) - 1).any() or not once[times[own], j].all():
                return False
    return True


def _read(block: TapeBlock, x: OperandPlace) -> set[int]:
    """Return the operations of the body whose results an operand is, at whichever time."""
    if isinstance(x, (Own, Before)):
        return {x.column}
    if isinstance(x, Fixed):
        return set()
    at = block.rows[:, x.number] - block.first
    return set((at[(at >= 0) & (at < block.run.period * block.run.times)] % block.run.period).tolist())


def _terms(block: TapeBlock, once: Sequence[bool]) -> set[int]:
    """Return the operations that a sum takes in, which alone reads them."""
    return {
        x.column
        for kind, operands in block.columns
        if kind.op in SUMS
        for x in operands
        if isinstance(x, Own) and once[x.column] and block.columns[x.column].kind.op in TERMS
    }


def _recurring(depends: Sequence[set[int]]) -> set[int]:
    """Return the operations that depend on themselves, or on such as do."""
    recurring, size = set(range(len(depends))), 0
    while size != len(recurring):
        size = len(recurring)
        recurring = {j for j in recurring if not depends[j].isdisjoint(recurring)}
    return recurring


def _waves(block: TapeBlock, read: Sequence[Sequence[set[int]]], grows: set[int]) -> int:
    """Return how many times follow one another, where as many as read none of one another's results are one."""
    numbers = {
        x.number
        for j, (column, sets) in enumerate(zip(block.columns, read))
        for x, results in zip(column.operands, sets)
        if isinstance(x, TableColumn) and results - ({j} & grows)
    }
    at = (block.rows[:, sorted(numbers)] - block.first) // block.run.period
    latest = np.where(at < np.arange(block.run.times)[:, None], at, -1).max(1, initial=-1).tolist()
    waves, begun = 1, 0
    for t, time in enumerate(latest):
        if time >= begun:
            waves, begun = waves + 1, t
    return waves
