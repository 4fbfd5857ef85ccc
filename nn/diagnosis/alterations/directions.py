"""The alterations of a function's backward pass that reproduce somebody's gradient, told along random directions.

>>> from nn.diagnosis.alterations.recorded import record
>>> from nn.diagnosis.alterations.sweep import Sweep
>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> x = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
>>> target = Target(Sweep(*record(f, [("x", x)])), [3.0 * (x - x.mean()) ** 2])
>>> [(tried.alteration.kind, tried.alteration.edges[0].parent.name) for (tried,) in reproducing([target])]
[('path-missing', 'mu')]
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.candidates import Attempt, known_numbers, phases
from nn.diagnosis.alterations.groups import through
from nn.diagnosis.alterations.search import Leaves, Search, believed, simplest
from nn.diagnosis.alterations.series import InSeries, in_series, interleaved
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target
from nn.samples import Array

MOST_WORK = 400_000  # steps that are computed to try alterations, the same on every machine
LONGEST = 6.0  # seconds of computing, for machines on which even that takes too long
MOST_PAIRS = 200  # that agree along the random directions and are tried
LARGE = 4096  # elements of a step that take as long as the call that computes them


def reproducing(targets: Sequence[Target]) -> list[tuple[Attempt, ...]]:
    """Return the simplest alterations, or pairs of them, that reproduce all of the gradients; at most three."""
    search, leaves = Trials(targets), tuple(range(len(targets[0].given)))
    return search.single(leaves) or search.pairs(leaves) or search.in_series([leaves])[leaves]


class Trials(Search[Attempt]):
    """The search among alterations of any backward pass; each is tried once."""

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__(targets)
        self._tried = [_Tried(target) for target in targets]

    def alone(self, point: int, target: Target) -> Iterator[Iterable[Sequence[Attempt]]]:
        """Yield what fits of each phase."""
        for phase in (0, 1):
            yield ((attempt,) for attempt in _fitting(self._tried[point].phase(phase), target))

    def beside(self, point: int, target: Target) -> Iterator[Iterable[Sequence[Attempt]]]:
        """Yield pairs whose effects add up, each whatever the other does; and pairs of loops."""
        for way in (_beside, interleaved):
            yield way(target, *self._tried[point].all)

    def in_series(self, several: Sequence[Leaves]) -> dict[Leaves, list[tuple[Attempt, ...]]]:
        """Return for each set of leaves the simplest pairs in series that reproduce the gradients by them."""
        pairs: dict[Leaves, list[InSeries]] = {leaves: [] for leaves in several}
        for first in {self.first(leaves) for leaves in several}:
            pending = [leaves for leaves in several if self.first(leaves) == first]
            parts = [self.of(leaves) for leaves in pending]
            for k, pair in in_series([part[0] for part in parts], *self._tried[first].all):
                if believed(pair, parts[k]):
                    pairs[pending[k]].append(pair)
        return {leaves: simplest(of, self.distance)[: self.listed] for leaves, of in pairs.items()}

    def distance(self, path: Sequence[Attempt]) -> tuple[int, ...]:
        """Return how far a path is from being said in variables' names, and from the largest group."""
        edges = [attempt.alteration.edges[0] for attempt in path if attempt.alteration.edges]
        unnamed = sum(not through(edge).name for edge in edges), sum(not edge.step.name for edge in edges)
        return *unnamed, -max((len(attempt.alteration.edges) for attempt in path), default=0)


class _Chunk(NamedTuple):
    """Some alterations; what each changes along the directions; and what flows where it is, if it may be multiplied."""

    attempts: list[Attempt]
    effects: Array
    flows: Array


class _Tried:
    """The alterations that are tried at one point, phase by phase."""

    def __init__(self, target: Target) -> None:
        self.target, self.work = target, 0.0
        self._chunks: list[_Chunk] = []
        self._pending: list[Iterator[Attempt]] | None = None
        self._flows: dict[tuple[Edge, ...], Array] = {}

    def phase(self, number: int) -> _Chunk:
        """Return what a phase holds."""
        if self._pending is None:
            self._pending = phases(self.target.sweep)
        while len(self._chunks) <= number:
            self._chunks.append(self._chunk(self._pending[len(self._chunks)]))
        return self._chunks[number]

    @property
    def all(self) -> tuple[list[Attempt], Array]:
        """All that are tried, and their effects."""
        chunks = [self.phase(0), self.phase(1)]
        return [c for chunk in chunks for c in chunk.attempts], np.concatenate([chunk.effects for chunk in chunks])

    def _chunk(self, phase: Iterable[Attempt]) -> _Chunk:
        attempts, effects, flows = [], [], []
        nothing = np.zeros(len(self.target.sweep.along(self.target.given)))
        begun, unknown = time.process_time(), nothing * np.nan
        for candidate in phase:
            self.work += work(candidate.alteration, self.target.sweep)
            if self.work > MOST_WORK or time.process_time() - begun > LONGEST:
                break
            effect = self.target.effect(candidate.alteration)
            if effect is None:
                continue
            if candidate.alteration.name == ("path-missing", ""):
                self._flows[candidate.alteration.edges] = -effect
            flow = nothing if candidate.is_update else self._flows.get(candidate.alteration.edges, unknown)
            attempts.append(candidate)
            effects.append(effect)
            flows.append(flow if candidate.is_multiplied else unknown)
        shape = len(attempts), len(nothing)
        return _Chunk(attempts, np.reshape(effects, shape), np.reshape(flows, shape))


def work(alteration: BackwardAlteration, sweep: Sweep) -> float:
    """Return how many steps are computed to try an alteration; large ones count as several."""
    several = 1 + len(alteration.pulls) + (2 * len(sweep.steps) if alteration.changes or alteration.run else 0)
    return several * (1 + max((e.step.value.size for e in alteration.edges), default=0) / LARGE)


def _fitting(chunk: _Chunk, target: Target) -> Iterator[Attempt]:
    """Yield what agrees with a gradient along the directions, as it is or multiplied with a number."""
    yield from (chunk.attempts[k] for k in target.agreeing(chunk.effects))
    for k, factor in target.multiples(chunk.flows, chunk.effects + chunk.flows):
        yield from chunk.attempts[k].times(factor, known_numbers(target.sweep))


def _beside(target: Target, attempts: Sequence[Attempt], all_effects: Array) -> Iterator[InSeries]:
    """Yield pairs whose effects add up to what is sought, the simplest first."""
    places = [k for k, c in enumerate(attempts) if c.alteration.rank <= 2 and not target.is_nothing(all_effects[k])]
    if not places:
        return
    simple, effects = [attempts[k] for k in places], all_effects[places][:, target.rows]
    lead = int(np.argmax(np.abs(target.residual) / np.maximum(target.tolerance, 1e-300)))
    order = np.argsort(effects[:, lead])
    column, slack = effects[order, lead], target.tolerance[lead] * 2
    wanted = target.residual[lead] - effects[:, lead]
    begin, end = np.searchsorted(column, wanted - slack), np.searchsorted(column, wanted + slack)
    pairs = [(k, int(order[at])) for k in np.flatnonzero(end > begin) for at in range(begin[k], end[k])]
    fits = (
        np.abs(target.residual - effects[[a for a, _ in pairs]] - effects[[b for _, b in pairs]]) <= target.tolerance
    ).all(axis=1)
    fitting = [(a, b) for (a, b), is_fit in zip(pairs, fits) if is_fit and a < b]
    for a, b in sorted(fitting, key=lambda ab: sum(simple[k].alteration.rank for k in ab))[:MOST_PAIRS]:
        pair = simple[a], simple[b]
        if not set(pair[0].alteration.edges) & set(pair[1].alteration.edges):
            yield pair
