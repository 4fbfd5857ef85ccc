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
from collections.abc import Iterator, Sequence

import numpy as np

from nn.diagnosis.alterations.alteration import Path, attempted
from nn.diagnosis.alterations.candidates import Attempt, known_numbers, phases
from nn.diagnosis.alterations.series import in_series, interleaved
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.target import Target, proves
from nn.samples import Array

SINGLES, PAIRS = 1.2, 0.4  # seconds of computing
FACTORS = ("doubled", "halved", "factor")
LEAST = 3  # times as many entries would prove it: fewer say nothing
LISTED = 3  # explanations that are listed
MOST_PAIRS = 200  # that agree along the random directions and are rerun

Tried = list[tuple[Attempt, Array]]


def reproducing(targets: Sequence[Target]) -> list[Path]:
    """Return the simplest alterations, or pairs of them, that reproduce all of the gradients; at most three.

    Parameters
    ----------
    targets
        The gradients at several points: alterations are sought at the first, and believed where they hold at all.
    """
    first, tried, flows = targets[0], Tried(), dict[tuple[Edge, ...], Array]()
    deadline = time.process_time() + SINGLES
    for phase in phases(first.sweep):
        fitting = [(c,) for c in _fitting(phase, first, tried, flows, deadline) if believed((c,), targets)]
        if fitting:
            return _simplest(fitting)
    both: list[Sequence[Attempt]] = []
    for pairs in (_beside, interleaved, in_series):
        in_time = pairs(first, tried, time.process_time() + PAIRS)
        both = [pair for pair in in_time if believed(pair, targets)]
        if both:
            break
    return _simplest(both)


def _fitting(
    phase: Iterator[Attempt], target: Target, tried: Tried, flows: dict[tuple[Edge, ...], Array], deadline: float
) -> Iterator[Attempt]:
    """Yield what reproduces a gradient, as it is or multiplied with a number, and note what each changes."""
    for candidate in phase:
        if time.process_time() > deadline:
            return
        effect = target.effect(candidate.alteration)
        if effect is None:
            continue
        tried.append((candidate, effect))
        if candidate.alteration.name == ("path-missing", ""):
            flows[candidate.alteration.edges] = -effect
        if target.agrees(effect) and target.is_met(attempted((candidate.alteration,), target.sweep)):
            yield candidate
        flow = np.zeros(1) if candidate.is_update else flows.get(candidate.alteration.edges)
        if flow is not None and candidate.is_multiplied:
            yield from _with_a_number(candidate, effect, flow, target)


def _with_a_number(candidate: Attempt, effect: Array, flow: Array, target: Target) -> Iterator[Attempt]:
    wanted, share = target.residual + flow, effect + flow
    factor = target.multiple(wanted, share)
    if factor is not None and abs(factor - 1.0) > 1e-6:
        for fitted in candidate.times(factor, known_numbers(target.sweep)):
            if target.is_met(attempted((fitted.alteration,), target.sweep)):
                yield fitted


def believed(path: Sequence[Attempt], targets: Sequence[Target]) -> bool:
    """Whether alterations reproduce what was given at every other point too, and that says something of them."""
    several = LEAST * [x for target in targets for x in target.given]
    if not proves(several, len(path), sum(c.fitted for c in path)):
        return False
    return all(_holds(path, target) for target in targets[1:])


def _holds(path: Sequence[Attempt], target: Target) -> bool:
    there = [list(candidate.at(target.sweep)) for candidate in path]
    return any(target.is_met(attempted(several, target.sweep)) for several in itertools.product(*there))


def _beside(target: Target, tried: Tried, deadline: float) -> Iterator[tuple[Attempt, ...]]:
    """Yield pairs whose effects add up to what is sought: those that do along the random directions are rerun."""
    simple = [(c, effect) for c, effect in tried if c.alteration.rank <= 2 and not target.is_nothing(effect)]
    if not simple:
        return
    effects = np.array([effect for _, effect in simple])
    order = np.argsort(effects[:, 0])
    column, slack = effects[order, 0], target.tolerance[0] * 2
    wanted = target.residual[0] - effects[:, 0]
    begin, end = np.searchsorted(column, wanted - slack), np.searchsorted(column, wanted + slack)
    pairs = [(k, int(order[at])) for k in np.flatnonzero(end > begin) for at in range(begin[k], end[k])]
    fitting = [(a, b) for a, b in pairs if a < b and target.agrees((effects[a] + effects[b]) / 1.0)]
    for a, b in sorted(fitting, key=lambda ab: sum(simple[k][0].alteration.rank for k in ab))[:MOST_PAIRS]:
        pair = simple[a][0], simple[b][0]
        if time.process_time() > deadline:
            return
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


def _distance(path: Path) -> tuple[int, int]:
    """Return how far a path is from a variable's name, and from the largest group."""
    edges = [a.edges[0] for a in path if a.edges]
    unnamed = sum(not edge.parent.name for edge in edges) + sum(not edge.step.name for edge in edges)
    return unnamed, -max((len(a.edges) for a in path), default=0)
