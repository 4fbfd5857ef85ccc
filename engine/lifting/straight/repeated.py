"""Tape, runs -> the same with less to compute: what a body computes twice, or as the time before, is computed once.

An author writes ``1.0 - q`` where it is needed, and evaluates a function again at the place of the step before. An
operation is another's result where both are of one kind and read the same slots every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.lifting.straight.runs import TapeRun
from engine.lifting.straight.tape import Tape
from engine.lifting.views import Indices

SYMMETRIC = ("add", "multiply")  # whose operands may be in any order
ROUNDS = 4  # of looking for what was computed the time before: what is found makes more operations alike


class Computed(NamedTuple):
    """Runs, and the slot where each slot's number is computed: most often itself."""

    runs: list[TapeRun]
    same: Indices


@dataclass(frozen=True, eq=False)
class _Body:
    """A run's operations: their codes, the slots of their results, (times, columns), and of what each column reads."""

    codes: Sequence[int]
    slots: Indices
    reads: Sequence[Indices]

    def keys(self, same: Indices, times: slice) -> Iterator[tuple[int, tuple[int, bytes]]]:
        """Yield each operation that is still computed, with what it is at these times."""
        computed = (same[self.slots[-1]] == self.slots[-1]).tolist()
        for j, code in enumerate(self.codes):
            if computed[j]:
                yield j, (code, same[self.reads[j][times]].tobytes())


def computed_once(tape: Tape, runs: Sequence[TapeRun]) -> Computed:
    """Find what need not be computed again; a first time that differs from the others becomes a run of its own."""
    same = np.arange(tape.leaves + len(tape.codes))
    parts: list[TapeRun] = []
    for run in runs:
        if run.times == 1:
            parts.append(run)
            continue
        body = _body(tape, run)
        _share(body, same)
        if _carry(body, same):
            parts += [run._replace(times=1), run._replace(start=run.start + run.period, times=run.times - 1)]
        else:
            parts.append(run)
    while (known := same[same]).tobytes() != same.tobytes():
        same = known
    return Computed(parts, same)


def _body(tape: Tape, run: TapeRun) -> _Body:
    codes = tape.codes[run.start : run.start + run.period].tolist()
    slots = tape.leaves + run.start + np.arange(run.period * run.times).reshape(run.times, -1)
    begin = int(tape.starts[run.start])
    ends = np.cumsum([tape.kinds[code].arity for code in codes])
    read = tape.reads[begin : begin + run.times * int(ends[-1])].reshape(run.times, -1)
    reads = np.split(read, ends[:-1], axis=1)
    return _Body(codes, slots, [np.sort(x) if tape.kinds[c].op in SYMMETRIC else x for c, x in zip(codes, reads)])


def _share(body: _Body, same: Indices) -> None:
    """Note what is another operation's result of the same time."""
    first: dict[tuple[int, bytes], int] = {}
    for j, key in body.keys(same, slice(None)):
        if first.setdefault(key, j) != j:
            same[body.slots[:, j]] = body.slots[:, first[key]]


def _carry(body: _Body, same: Indices) -> bool:
    """Note what an operation, itself perhaps, gave the time before, if that spares more than the first time is long."""
    before = same[body.slots]
    for _ in range(ROUNDS):
        same[body.slots] = same[same[body.slots]]  # what is another's, which is the first time's
        latest: dict[tuple[int, bytes], int] = {}
        for j, key in body.keys(same, slice(None, -1)):
            latest.setdefault(key, j)
        more = [(j, latest[key]) for j, key in body.keys(same, slice(1, None)) if key in latest]
        for j, k in more:
            same[body.slots[1:, j]] = body.slots[0, j] if j == k else same[body.slots[:-1, k]]
        if not more:
            break
    spared = int((same[body.slots[-1]] != before[-1]).sum())
    if spared * (len(before) - 1) > len(body.codes):
        return bool(spared)
    same[body.slots] = before
    return False
