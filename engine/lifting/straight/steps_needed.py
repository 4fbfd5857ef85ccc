"""How many steps a block would be by arrays: what is written of single numbers has to take less time than these.

A sum and the products that are its terms are one operation, and so are sums that take in one another, time after time.
Of the others, those that depend on results of the same block are computed in waves: as many times at once as read
nothing of one another.
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
SIGNED = ("add", "subtract")  # chains of them are one sum of signed terms


def array_steps(block: TapeBlock, readings: Indices) -> int:
    """Return how many array operations a block is, about; `readings` says how often each slot is read."""
    once = readings[block.slots] == 1
    terms = _terms(block, once.all(0).tolist())
    written = set(range(block.period)) - terms  # what is only carried on is nothing to arrays
    if block.times == 1:
        return len(written)
    taken = [[_taken_in(block, column, x, once) for x in column.operands] for column in block.columns]
    read = [
        [_read(block, x) - sums for x, sums in zip(column.operands, taken_in)]
        for column, taken_in in zip(block.columns, taken)
    ]
    near = [
        [r for x, r in zip(column.operands, sets) if isinstance(x, (Own, Before))]
        for column, sets in zip(block.columns, read)
    ]
    recurring = _recurring(_with_those_taken_in(read, taken))
    times = block.times if _recurring(_with_those_taken_in(near, taken)) else _waves(block, read)
    return len(recurring & written) * (times - 1) + len(written)


def _with_those_taken_in(read: Sequence[Sequence[set[int]]], taken: Sequence[Sequence[set[int]]]) -> list[set[int]]:
    """Return what each operation depends on: a sum, on what those depend on that it takes in."""
    depends = []
    for j in range(len(read)):
        one_sum, waiting = {j}, [j]
        while waiting:
            more = set(chain.from_iterable(taken[waiting.pop()])) - one_sum
            one_sum |= more
            waiting += more
        depends.append(set(chain.from_iterable(chain.from_iterable(read[i] for i in one_sum))))
    return depends


def _taken_in(block: TapeBlock, column: Column, x: OperandPlace, once: npt.NDArray[np.bool_]) -> set[int]:
    """Return the sums among an operand's results that a sum takes in: it alone reads them, so that all are one sum."""
    if column.kind.op not in SIGNED:
        return set()
    sums = {j for j in _read(block, x) if block.columns[j].kind.op in SIGNED}
    if isinstance(x, Own):
        return {j for j in sums if once[:, j].all()}
    if isinstance(x, Before):
        return {j for j in sums if once[:-1, j].all()}
    if not isinstance(x, TableColumn):
        return set()
    times, result = np.divmod(block.rows[:, x.number] - block.first, block.period)
    inside = (times >= 0) & (times < block.times)
    return {j for j in sums if once[times[inside & (result == j)], j].all()}


def _read(block: TapeBlock, x: OperandPlace) -> set[int]:
    """Return the operations of the body whose results an operand is, at whichever time."""
    if isinstance(x, (Own, Before)):
        return {x.column}
    if isinstance(x, Fixed):
        return set()
    at = block.rows[:, x.number] - block.first
    return set((at[(at >= 0) & (at < block.period * block.times)] % block.period).tolist())


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


def _waves(block: TapeBlock, read: Sequence[Sequence[set[int]]]) -> int:
    """Return how many times follow one another, where as many as read none of one another's results are one."""
    numbers = {
        x.number
        for column, sets in zip(block.columns, read)
        for x, results in zip(column.operands, sets)
        if isinstance(x, TableColumn) and results
    }
    at = (block.rows[:, sorted(numbers)] - block.first) // block.period
    latest = np.where(at < np.arange(block.times)[:, None], at, -1).max(1, initial=-1).tolist()
    waves, begun = 1, 0
    for t, time in enumerate(latest):
        if time >= begun:
            waves, begun = waves + 1, t
    return waves
