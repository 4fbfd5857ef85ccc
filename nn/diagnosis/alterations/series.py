"""Pairs of alterations of which one changes what comes to the other: the second is sought where the first is made.

>>> from nn.diagnosis.alterations.candidates import phases
>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     h = np.tanh(x)
...     return (h * np.exp(h)).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([0.5, 1.0, -2.0]))]))
>>> tanh, exp = (next(e for e in sweep.edges if e.step.op == op) for op in ("tanh", "exp"))
>>> target = Target(sweep, sweep.altered({tanh: lambda edge, g: g, exp: lambda edge, g: -edge.right(g)}))
>>> attempts = list(phases(sweep)[0])
>>> effects = np.array([target.effect(c.alteration) for c in attempts])
>>> pairs = in_series([target], attempts, effects)
>>> ["sign", "slope-missing"] in [sorted(c.alteration.kind for c in pair) for _, pair in pairs]
True
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.candidates import Attempt
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import PROBES, Sweep
from nn.diagnosis.alterations.target import Target
from nn.samples import Array

InSeries: TypeAlias = tuple[Attempt, Attempt]
MOST_STEPS = 7_000  # that are swept again under first alterations, the same on every machine
MOST_EDGES = 6_000  # that are laid out for second alterations
SMALL = 4000  # elements of a step, beyond which its alterations are not laid out beside one another


def in_series(targets: Sequence[Target], attempts: Sequence[Attempt], effects: Array) -> Iterator[tuple[int, InSeries]]:
    """Yield pairs that agree with gradients along the directions, the one nearer to the result first, and with whose.

    Parameters
    ----------
    targets
        Gradients by different leaves of one sweep.
    attempts, effects
        What was tried there, and what each changes along all directions.
    """
    sweep = targets[0].sweep
    linear = _Linear(sweep, _laid_out(attempts))
    most = MOST_STEPS // len(sweep.steps)
    for first in _distinct(targets, attempts, effects)[:most]:
        cotangents = sweep.under(first.alteration.pulls)
        made = [cotangents.get(leaf, np.zeros(leaf.value.shape)) for leaf in sweep.leaves]
        wanted, there = sweep.along(targets[0].given) - sweep.along(made), linear.effects(cotangents)
        for k, target in enumerate(targets):
            off = np.abs(there - wanted)[:, target.rows]
            for number in np.flatnonzero((off <= target.tolerance).all(axis=1)):
                pair = first, linear.candidates[int(number)]
                if not _comes_to(*pair[::-1], sweep):
                    yield k, pair


def _laid_out(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the simplest under which what edges hand on is linear, as many as there is work for."""
    linear = [c for c in attempts if c.alteration.rank <= 2 and c.alteration.saved is not None]
    simplest = sorted(linear, key=lambda c: c.alteration.rank)
    ends = np.cumsum([len(c.alteration.pulls) for c in simplest])
    return simplest[: int(np.searchsorted(ends, MOST_EDGES))]


def interleaved(target: Target, attempts: Sequence[Attempt], effects: Array) -> Iterator[InSeries]:
    """Yield pairs of paths that are missing at every run of two lines of a loop."""
    loops = [
        c for c in _distinct([target], attempts, effects)
        if c.alteration.kind == "path-missing" and len(c.alteration.edges) > 1
    ]  # fmt: skip
    most = 4 * MOST_STEPS // len(target.sweep.steps)
    yield from itertools.islice(itertools.combinations(loops, 2), most)


class _Linear:
    """Alterations under which what an edge hands on is linear in what arrives, laid out as one matrix per edge."""

    def __init__(self, sweep: Sweep, candidates: Sequence[Attempt]) -> None:
        self.candidates, self.directions = candidates, PROBES * len(sweep.leaves)
        rows: dict[Edge, list[tuple[int, Array]]] = {}
        for number, candidate in enumerate(candidates):
            for edge, weights in _weights(candidate.alteration, sweep).items():
                rows.setdefault(edge, []).append((number, weights))
        self.rows = {
            edge: (np.array([k for k, _ in several]), np.concatenate([w for _, w in several]))
            for edge, several in rows.items()
        }

    def effects(self, cotangents: Mapping[ArrayStep, Array]) -> Array:
        """Return the effects of all of them under the cotangents of an altered sweep."""
        effects = np.zeros((len(self.candidates), self.directions))
        for edge, (numbers, weights) in self.rows.items():
            effects[numbers] += (weights @ np.ravel(cotangents[edge.step])).reshape(-1, self.directions)
        return effects


def _weights(alteration: BackwardAlteration, sweep: Sweep) -> dict[Edge, Array]:
    """Return what an alteration changes in the weights of each edge; nothing where its arrays do not go together."""
    edges = [e for e in alteration.pulls if e in sweep.shares and e.step.value.size <= SMALL]
    saved = alteration.saved
    if saved is None:
        return {}
    try:
        altered = {edge: sweep.weights(edge, saved(edge), alteration.factor) for edge in edges}
    except (ValueError, IndexError, TypeError):
        return {}
    return {edge: weights - sweep.weights(edge, edge.saved) for edge, weights in altered.items()}


def _distinct(targets: Sequence[Target], attempts: Sequence[Attempt], effects: Array) -> list[Attempt]:
    """Return one candidate of those that change the same, the simplest first."""
    rows = np.unique(np.concatenate([target.rows for target in targets]))
    scale = np.concatenate([target.tolerance for target in targets]).max() * 100
    digits: dict[tuple[float, ...], Attempt] = {}
    for k in sorted(range(len(attempts)), key=lambda k: attempts[k].alteration.rank):
        alteration = attempts[k].alteration
        if alteration.rank <= 2 and alteration.pulls and (np.abs(effects[k][rows]) > scale / 100).any():
            digits.setdefault(tuple(np.round(effects[k][rows] / scale)), attempts[k])
    return sorted(digits.values(), key=lambda c: (c.alteration.rank, -len(c.alteration.edges)))


def _comes_to(first: Attempt, second: Attempt, sweep: Sweep) -> bool:
    """Whether some of what the first hands on comes to what the second alters, or they are at one place."""
    reached = 0
    for edge in set(first.alteration.pulls) & set(sweep.shares):
        reached |= sweep.below[edge.parent]
    begins = [1 << sweep.place[edge.step] for edge in second.alteration.pulls if edge in sweep.shares]
    return any(bit & reached for bit in begins) or bool(set(first.alteration.pulls) & set(second.alteration.pulls))
