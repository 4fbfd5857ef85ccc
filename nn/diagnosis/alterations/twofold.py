"""Pairs whose effects are not known one by one: two steps of the forward pass changed, two numbers that are fitted.

>>> from nn.diagnosis.alterations.candidates import phases
>>> from nn.diagnosis.alterations.recorded import record
>>> weights = np.array([0.3, 1.7, -0.6, 0.8])
>>> def f(x):
...     return (weights * np.exp(x)).sum() + np.tanh(x * weights).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([0.5, 1.0, -2.0, 0.2]))]))
>>> exp, tanh = (next(e for e in sweep.edges if e.step.op == op) for op in ("exp", "tanh"))
>>> times = lambda factor: lambda edge, g: factor * edge.right(g)
>>> target = Target(sweep, sweep.altered({exp: times(3.7), tanh: times(0.6)}))
>>> attempts = list(phases(sweep)[0])
>>> effects = np.array([target.effect(c.alteration) for c in attempts])
>>> sorted(c.alteration.times for c in next(two_factors(target, attempts, effects)))
['0.6', '3.7']
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import attempted
from nn.diagnosis.alterations.candidates import Attempt, known_numbers
from nn.diagnosis.alterations.step import Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import Target
from nn.samples import Array

Pair: TypeAlias = tuple[Attempt, Attempt]
MOST_STEPS = 12_000  # that are rerun for two changes of a function, the same on every machine
MOST_FACTORS = 150  # places of which two have a factor
ALIKE = 1e-9  # of two directions, beyond which a factor of one cannot be told from a factor of the other


def two_functions(target: Target, attempts: Sequence[Attempt], effects: Array) -> Iterator[Pair]:
    """Yield pairs of changes of the forward pass that reproduce gradients together."""
    changing = [c for c, effect in zip(attempts, effects) if _is_change(c) and not target.is_nothing(effect)]
    most = MOST_STEPS // (2 * len(target.sweep.steps))
    for one, other in itertools.islice(itertools.combinations(changing, 2), most):
        if not set(one.alteration.changes) & set(other.alteration.changes):
            if target.is_met(attempted((one.alteration, other.alteration), target.sweep)):
                yield one, other


def _is_change(attempt: Attempt) -> bool:
    return bool(attempt.alteration.changes) and attempt.alteration.rank <= 2


def two_factors(target: Target, attempts: Sequence[Attempt], effects: Array) -> Iterator[Pair]:
    """Yield pairs of places whose shares, each multiplied with a number, make the gradients."""
    scaled = {c.alteration.edges: c for c in attempts if c.alteration.kind == "factor"}
    flows = _flows(target, attempts, effects, scaled)
    places, known = list(flows), known_numbers(target.sweep)
    for i, j, numbers in _solved(np.array([flow[target.rows] for flow in flows.values()]), target):
        if not _in_series(places[i], places[j], target.sweep):
            one, other = (scaled[places[k]].times(1.0 + float(x), known) for k, x in zip((i, j), numbers))
            yield from itertools.product(list(one), list(other))


def _solved(flows: Array, target: Target) -> Iterator[tuple[int, int, Array]]:
    """Yield which two flows, each times a number, are what is sought, and the numbers: by the normal equations."""
    if len(flows) < 2 or flows.shape[1] < 3:
        return
    products, wanted = flows @ flows.T, flows @ target.residual
    for i in range(len(flows) - 1):
        one, others, both = products[i, i], products.diagonal()[i + 1 :], products[i, i + 1 :]
        with np.errstate(all="ignore"):
            determinants = np.where(both**2 < (1.0 - ALIKE) * one * others, one * others - both**2, np.nan)
            a = (wanted[i] * others - wanted[i + 1 :] * both) / determinants
            b = (wanted[i + 1 :] * one - wanted[i] * both) / determinants
            off = np.abs(a[:, None] * flows[i] + b[:, None] * flows[i + 1 :] - target.residual)
            fits = (off <= target.tolerance).all(axis=1) & (np.minimum(np.abs(a), np.abs(b)) > ALIKE)
        yield from ((i, i + 1 + int(k), np.array([a[k], b[k]])) for k in np.flatnonzero(fits))


def _flows(
    target: Target, attempts: Sequence[Attempt], effects: Array, scaled: dict[tuple[Edge, ...], Attempt]
) -> dict[tuple[Edge, ...], Array]:
    """Return what flows through places that can have a factor: of those through which the same does, the first."""
    flows: dict[tuple[Edge, ...], Array] = {}
    seen: set[tuple[float, ...]] = set()
    for attempt, effect in zip(attempts, effects):
        key = tuple(np.round(effect[target.rows] / (100.0 * target.tolerance.max())))
        is_place = attempt.alteration.name == ("path-missing", "") and attempt.alteration.edges in scaled
        if is_place and any(key) and key not in seen and len(flows) < MOST_FACTORS:
            seen.add(key)
            flows[attempt.alteration.edges] = -effect
    return flows


def _in_series(one: tuple[Edge, ...], other: tuple[Edge, ...], sweep: Sweep) -> bool:
    return bool(set(one) & set(other)) or sweep.in_series((*one, *other))
