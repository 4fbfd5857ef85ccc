"""Where a sequence repeats: as runs of one body after the other, so that little is to be written.

>>> [tuple(run) for run in runs(np.array([7, 7, *[1, 2, 3, 4] * 20, 9]))]
[(0, 2, 1), (2, 4, 20), (82, 1, 1)]

Candidates for a period are the distances at which what stands at a place stands again; of these, the one that leaves
least to write. A body that itself repeats is written as its own runs, again and again, where that is shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.lifting.views import Indices

SHORTEST = 24  # what is shorter is written as it is
LEAST = 4  # times that a body is repeated
SPARED = 16  # operations at least that a run leaves out
DOUBLINGS = (3, 6, 9)  # 8, 64 and 512 neighbours tell a place from others
NEAREST = 4  # places alike that are looked at
ANCHORS = (0.5, 0.25, 0.75)
COVERED = 0.6  # of a part, with which no other anchor is tried

Hashes = list[npt.NDArray[np.uint64]]


class TapeRun(NamedTuple):
    """A part of the sequence: a body of some length, so many times."""

    start: int
    period: int
    times: int

    @property
    def stop(self) -> int:
        """Where the part ends."""
        return self.start + self.period * self.times


def runs(word: Indices) -> list[TapeRun]:
    """Return the runs that make up a sequence of numbers, in order; what does not repeat is a run of one."""
    return _split(word, _hashes(word), 0, len(word))


def _split(word: Indices, hashes: Hashes, start: int, stop: int) -> list[TapeRun]:
    parts, done = [(start, stop)], list[TapeRun]()
    while parts:
        low, high = parts.pop()
        best = _best(word, hashes, low, high) if high - low >= SHORTEST else None
        if best is None:
            if high > low:
                done.append(TapeRun(low, high - low, 1))
            continue
        done += _shortest(word, hashes, best)
        parts += [(low, best.start), (best.stop, high)]
    return sorted(done)


def _shortest(word: Indices, hashes: Hashes, run: TapeRun) -> list[TapeRun]:
    """Return a run, or the runs of its body again and again, if these are shorter to write."""
    body = _split(word, hashes, run.start, run.start + run.period) if run.period >= SHORTEST else []
    if not body or run.times * sum([part.period for part in body]) >= run.period:
        return [run]
    shifts = [k * run.period for k in range(run.times)]
    return [part._replace(start=part.start + shift) for shift in shifts for part in body]


def _best(word: Indices, hashes: Hashes, low: int, high: int) -> TapeRun | None:
    """Return the run within a part that leaves least to write."""
    best: TapeRun | None = None
    for share in ANCHORS:
        anchor = low + int(share * (high - low))
        for period in sorted(set(_periods(hashes, anchor, low, high))):
            run = _around(word, anchor, period, low, high)
            if run.times >= LEAST and _spared(run) > max(SPARED, _spared(best) if best else 0):
                best = run
        if best and best.period * best.times >= COVERED * (high - low):
            break
    return best


def _spared(run: TapeRun) -> int:
    return run.period * (run.times - 1)


def _periods(hashes: Hashes, anchor: int, low: int, high: int) -> Iterator[int]:
    """Yield how far behind a place others follow that are like it."""
    for doublings, known in zip(DOUBLINGS, hashes):
        last = min(high - 2**doublings + 1, len(known))
        if last > anchor >= low:
            yield from (np.flatnonzero(known[anchor + 1 : last] == known[anchor])[:NEAREST] + 1).tolist()


def _around(word: Indices, anchor: int, period: int, low: int, high: int) -> TapeRun:
    """Return the longest run of a period around a place."""
    other = word[low : high - period] != word[low + period : high]
    at = anchor - low
    before, after = np.flatnonzero(other[:at]), np.flatnonzero(other[at:])
    first = int(before[-1]) + 1 if len(before) else 0
    last = at + int(after[0]) if len(after) else len(other)
    return TapeRun(low + first, period, (last - first) // period + 1 if last > first else 1)


def _hashes(word: Indices) -> Hashes:
    """Return numbers that tell places apart by so many of their neighbours to come, wherever there are as many."""
    known = np.random.default_rng(0).integers(1, 2**63, int(word.max(initial=0)) + 1, np.uint64)[word]
    hashes: Hashes = []
    for doubling in range(DOUBLINGS[-1]):
        step = 2**doubling
        known = known[:-step] * np.uint64(6364136223846793005 + 2 * doubling) + known[step:]
        if doubling + 1 in DOUBLINGS:
            hashes.append(known)
    return hashes
