"""The alterations of a function's backward pass that reproduce somebody's gradient.

>>> from nn.diagnosis.alterations.recorded import record
>>> from nn.diagnosis.alterations.sweep import Sweep
>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> x = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
>>> target = Target(Sweep(*record(f, [("x", x)])), [3.0 * (x - x.mean()) ** 2])
>>> [(a.kind, a.edges[0].parent.name) for (a,) in reproducing([target])]
[('path-missing', 'mu')]
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, Path, attempted
from nn.diagnosis.alterations.candidates import Attempt, known_numbers, phases
from nn.diagnosis.alterations.groups import through
from nn.diagnosis.alterations.series import InSeries, in_series, interleaved
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target, proves
from nn.diagnosis.alterations.twofold import two_factors, two_functions
from nn.samples import Array

MOST_WORK = 400_000  # steps that are computed to try alterations, the same on every machine
LONGEST = 6.0  # seconds of computing, for machines on which even that takes too long
FACTORS = ("doubled", "halved", "factor")
LEAST = 3  # times as many entries would prove it: fewer say nothing
LISTED = 3  # explanations that are listed
MOST_PAIRS = 200  # that agree along the random directions and are rerun
LARGE = 4096  # elements of a step that take as long as the call that computes them

Leaves: TypeAlias = tuple[int, ...]


def reproducing(targets: Sequence[Target]) -> list[Path]:
    """Return the simplest alterations, or pairs of them, that reproduce all of the gradients; at most three.

    Parameters
    ----------
    targets
        The gradients at several points: alterations are sought at the first, and believed where they hold at all.
    """
    search, leaves = Trials(targets), tuple(range(len(targets[0].given)))
    return search.single(leaves) or search.beside(leaves) or search.in_series([leaves])[leaves]


class Trials:
    """Gradients at several points, and what is tried to reproduce those by some leaves; each is tried once."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self._tried = [_Tried(target) for target in targets]

    def single(self, leaves: Leaves) -> list[Path]:
        """Return the simplest alterations of which one reproduces the gradients by some leaves."""
        targets = self._targets(leaves)
        for phase in (0, 1):
            chunk = self._tried[self._first(leaves)].phase(phase)
            fitting = [(c,) for c in _fitting(chunk, targets[0]) if believed((c,), targets)]
            if fitting:
                return _simplest(fitting)
        return []

    def beside(self, leaves: Leaves) -> list[Path]:
        """Return the simplest pairs that reproduce the gradients by some leaves, each whatever the other does."""
        targets = self._targets(leaves)
        for way in (_beside, interleaved, two_factors, two_functions):
            pairs = [p for p in way(targets[0], *self._tried[self._first(leaves)].all) if believed(p, targets)]
            if pairs:
                return _simplest(pairs)
        return []

    def in_series(self, several: Sequence[Leaves]) -> dict[Leaves, list[Path]]:
        """Return for each set of leaves the simplest pairs that reproduce the gradients by them."""
        pairs: dict[Leaves, list[InSeries]] = {leaves: [] for leaves in several}
        for first in {self._first(leaves) for leaves in several}:
            pending = [leaves for leaves in several if self._first(leaves) == first]
            parts = [self._targets(leaves) for leaves in pending]
            for k, pair in in_series([part[0] for part in parts], *self._tried[first].all):
                if believed(pair, parts[k]):
                    pairs[pending[k]].append(pair)
        return {leaves: _simplest(of) for leaves, of in pairs.items()}

    def _first(self, leaves: Leaves) -> int:
        """Return the first point at which the gradients by some leaves are wrong."""
        return next((k for k, target in enumerate(self.targets) if not target.of(leaves).is_right), 0)

    def _targets(self, leaves: Leaves) -> list[Target]:
        first = self._first(leaves)
        return [self.targets[k].of(leaves) for k in sorted(range(len(self.targets)), key=lambda k: k != first)]


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
    """Yield what reproduces a gradient, as it is or multiplied with a number."""
    for k in target.agreeing(chunk.effects):
        if target.is_met(attempted((chunk.attempts[k].alteration,), target.sweep)):
            yield chunk.attempts[k]
    for k, factor in target.multiples(chunk.flows, chunk.effects + chunk.flows):
        for fitted in chunk.attempts[k].times(factor, known_numbers(target.sweep)):
            if target.is_met(attempted((fitted.alteration,), target.sweep)):
                yield fitted


def believed(path: Sequence[Attempt], targets: Sequence[Target]) -> bool:
    """Whether alterations reproduce what was given at every other point too, and that says something of them."""
    several = LEAST * [target.given[k] for target in targets for k in target.places]
    if not proves(several, len(path), sum(c.fitted for c in path)):
        return False
    return all(_holds(path, target) for target in targets[1:])


def _holds(path: Sequence[Attempt], target: Target) -> bool:
    there = [list(candidate.at(target.sweep)) for candidate in path]
    return any(target.is_met(attempted(several, target.sweep)) for several in itertools.product(*there))


def _beside(target: Target, attempts: Sequence[Attempt], all_effects: Array) -> Iterator[InSeries]:
    """Yield pairs whose effects add up to what is sought: those that do along the random directions are rerun."""
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
            if target.is_met(attempted(tuple(c.alteration for c in pair), target.sweep)):
                yield pair


def _simplest(paths: Sequence[Sequence[Attempt]]) -> list[Path]:
    """Return the paths of the least rank, those that say where a factor comes from, one of each kind."""
    several = [tuple(candidate.alteration for candidate in path) for path in paths]
    least = min((sum(a.rank for a in path) for path in several), default=0)
    simple = [path for path in several if sum(a.rank for a in path) == least]
    specific = [path for path in simple if not any(a.kind in FACTORS for a in path)] or simple
    by_kind: dict[tuple[str, ...], Path] = {}
    for path in sorted(specific, key=_distance):
        by_kind.setdefault(tuple(sorted(a.kind for a in path)), path)
    return list(by_kind.values())[:LISTED]


def _distance(path: Path) -> tuple[int, int, int]:
    """Return how far a path is from being said in variables' names, and from the largest group."""
    edges = [a.edges[0] for a in path if a.edges]
    unnamed = sum(not through(edge).name for edge in edges), sum(not edge.step.name for edge in edges)
    return *unnamed, -max((len(a.edges) for a in path), default=0)
