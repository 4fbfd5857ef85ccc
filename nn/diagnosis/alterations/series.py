"""Pairs of alterations of which one changes what comes to the other: the second is sought where the first is made.

>>> from nn.diagnosis.alterations.candidates import phases
>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     h = np.tanh(x)
...     return (h * np.exp(h)).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([0.5, 1.0, -2.0]))]))
>>> tanh, exp = (next(e for e in sweep.edges if e.step.op == op) for op in ("tanh", "exp"))
>>> target = Target(sweep, sweep.altered({tanh: lambda edge, g: g, exp: lambda edge, g: -edge.right(g)}))
>>> tried = [(c, target.effect(c.alteration)) for c in phases(sweep)[0]]
>>> pairs = in_series(target, tried, time.process_time() + 1)
>>> ["sign", "slope-missing"] in [sorted(c.alteration.kind for c in pair) for pair in pairs]
True
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import attempted
from nn.diagnosis.alterations.candidates import Attempt
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import PROBES, Sweep
from nn.diagnosis.alterations.target import Target
from nn.samples import Array

Pair: TypeAlias = tuple[Attempt, Attempt]
Tried: TypeAlias = Sequence[tuple[Attempt, Array]]
SMALL = 4000  # elements of a step, beyond which its alterations are not laid out beside one another


def in_series(target: Target, tried: Tried, deadline: float) -> Iterator[Pair]:
    """Yield pairs that reproduce a gradient, the one nearer to the result first."""
    linear = _Linear(target.sweep, [c for c, _ in tried if c.alteration.rank <= 2 and c.alteration.saved is not None])
    for first in _distinct(tried, target):
        if time.process_time() > deadline:
            return
        cotangents = target.sweep.under(first.alteration.pulls)
        made = [cotangents.get(leaf, np.zeros(leaf.value.shape)) for leaf in target.sweep.leaves]
        wanted = target.sweep.along(target.given) - target.sweep.along(made)
        for second in linear.with_effect(wanted, target.tolerance, cotangents):
            if not _comes_to(second, first, target.sweep):
                if target.is_met(attempted((first.alteration, second.alteration), target.sweep)):
                    yield first, second


def interleaved(target: Target, tried: Tried, deadline: float) -> Iterator[Pair]:
    """Yield pairs of paths that are missing at every run of two lines of a loop."""
    loops = [c for c, _ in tried if c.alteration.kind == "path-missing" and len(c.alteration.edges) > 1]
    for pair in itertools.combinations(loops, 2):
        if time.process_time() > deadline:
            return
        if target.is_met(attempted((pair[0].alteration, pair[1].alteration), target.sweep)):
            yield pair


class _Linear:
    """Alterations under which what an edge hands on is linear in what arrives, laid out as one matrix per edge."""

    def __init__(self, sweep: Sweep, candidates: Sequence[Attempt]) -> None:
        self.candidates = candidates
        rows: dict[Edge, list[tuple[int, Array]]] = {}
        for number, candidate in enumerate(candidates):
            alteration = candidate.alteration
            for edge in alteration.pulls:
                if edge in sweep.shares and edge.step.value.size <= SMALL and alteration.saved is not None:
                    weights = sweep.weights(edge, alteration.saved(edge), alteration.factor)
                    rows.setdefault(edge, []).append((number, weights - sweep.weights(edge, edge.saved)))
        self.rows = {
            edge: (np.array([k for k, _ in several]), np.concatenate([w for _, w in several]))
            for edge, several in rows.items()
        }

    def with_effect(self, wanted: Array, tolerance: Array, cotangents: Mapping[ArrayStep, Array]) -> Iterator[Attempt]:
        """Yield those that have an effect, under the cotangents of an altered sweep."""
        effects = np.zeros((len(self.candidates), PROBES))
        for edge, (numbers, weights) in self.rows.items():
            effects[numbers] += (weights @ np.ravel(cotangents[edge.step])).reshape(-1, PROBES)
        for number in np.flatnonzero((np.abs(effects - wanted) <= tolerance).all(axis=1)):
            yield self.candidates[int(number)]


def _distinct(tried: Tried, target: Target) -> list[Attempt]:
    """Return one candidate of those that change the same, the simplest first."""
    digits: dict[tuple[float, ...], Attempt] = {}
    for candidate, effect in sorted(tried, key=lambda one: one[0].alteration.rank):
        alteration = candidate.alteration
        if alteration.rank <= 2 and alteration.pulls and not target.is_nothing(effect):
            digits.setdefault(tuple(np.round(effect / target.tolerance / 100)), candidate)
    return sorted(digits.values(), key=lambda c: (c.alteration.rank, -len(c.alteration.edges)))


def _comes_to(first: Attempt, second: Attempt, sweep: Sweep) -> bool:
    """Whether some of what the first hands on comes to what the second alters, or they are at one place."""
    reached = 0
    for edge in set(first.alteration.pulls) & set(sweep.shares):
        reached |= sweep.below[edge.parent]
    begins = [1 << sweep.place[edge.step] for edge in second.alteration.pulls if edge in sweep.shares]
    return any(bit & reached for bit in begins) or bool(set(first.alteration.pulls) & set(second.alteration.pulls))
