"""The alterations of a function's backward pass that reproduce somebody's gradient.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> x = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
>>> root, leaves = record(f, [("x", x)])
>>> found = reproducing(Sweep(root, leaves), [3.0 * (x - x.mean()) ** 2])
>>> [(a.kind, label(a.edges[0].parent)) for (a,) in found]
[('path-missing', 'mu')]
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from nn.diagnosis.alterations.edges import (
    SCALES,
    EdgeAlteration,
    groups,
    is_twin,
    joined,
    label,
    of_edges,
    of_steps,
    scaled,
)
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

EXACT = 1e-9  # of the largest entry: beyond what rounding moves, below what is no coincidence
ENTRIES = 4  # fewer say nothing about a factor that was fitted
LONGEST = 4.0  # seconds
GENERIC = ("doubled", "halved", "factor")
LISTED = 3  # explanations that are listed


@dataclass(frozen=True, eq=False)
class Target:
    """A gradient that is to be reproduced: its leaves in a row."""

    sweep: Sweep
    given: Sequence[Array]

    @cached_property
    def vector(self) -> Array:
        """What was given."""
        return np.concatenate([np.ravel(x) for x in self.given])

    @cached_property
    def right(self) -> Array:
        """What is right."""
        return np.concatenate([np.ravel(x) for x in self.sweep.gradients])

    @cached_property
    def limit(self) -> float:
        """How far an entry may be off."""
        return EXACT * max(float(np.abs(self.right).max(initial=0.0)), float(np.abs(self.vector).max(initial=0.0)))

    def is_met(self, gradients: Sequence[Array]) -> bool:
        """Whether gradients are what was given."""
        made = np.concatenate([np.ravel(x) for x in gradients])
        return bool(np.isfinite(made).all() and np.abs(made - self.vector).max(initial=0.0) <= self.limit)

    def factor(self, flow: Array) -> float | None:
        """Return the factor that a flow must have for the rest to be right, if there is one."""
        size = float(flow @ flow)
        if size <= self.limit**2 or len(flow) < ENTRIES:
            return None
        factor = 1.0 + float((self.vector - self.right) @ flow) / size
        misfit = np.abs(self.right + (factor - 1.0) * flow - self.vector).max()
        return factor if misfit <= self.limit else None


def reproducing(sweep: Sweep, given: Sequence[Array]) -> list[tuple[EdgeAlteration, ...]]:
    """Return the simplest alterations, or pairs of them, that reproduce all of the gradients; at most three."""
    target = Target(sweep, [np.asarray(x, float) for x in given])
    for tried in (_single, _pairs):
        deadline = time.perf_counter() + LONGEST / 2
        fitting = list(tried(target, deadline))
        if fitting:
            least = min(sum(a.rank for a in path) for path in fitting)
            return _distinct(_specific([path for path in fitting if sum(a.rank for a in path) == least]))[:LISTED]
    return []


def _specific(paths: list[tuple[EdgeAlteration, ...]]) -> list[tuple[EdgeAlteration, ...]]:
    """Return the paths that say where a factor comes from, if there are any."""
    specific = [path for path in paths if not any(a.kind in GENERIC for a in path)]
    return specific or paths


def _distinct(paths: Sequence[tuple[EdgeAlteration, ...]]) -> list[tuple[EdgeAlteration, ...]]:
    """Return one of each kind: those nearest to a variable's name."""
    by_kind: dict[tuple[str, ...], tuple[EdgeAlteration, ...]] = {}
    for path in sorted(paths, key=_distance):
        by_kind.setdefault(tuple(a.kind for a in path), path)
    return list(by_kind.values())


def _distance(path: Sequence[EdgeAlteration]) -> tuple[int, int]:
    edges = [a.edges[0] for a in path if a.edges]
    unnamed = sum(not edge.parent.name for edge in edges) + sum(not edge.step.name for edge in edges)
    return unnamed, -max((len(a.edges) for a in path), default=0)


def _single(target: Target, deadline: float) -> Iterator[tuple[EdgeAlteration, ...]]:
    for alteration in _candidates(target):
        if time.perf_counter() > deadline:
            return
        if target.is_met(_attempted(alteration, target.sweep)):
            yield (alteration,)


def _candidates(target: Target) -> Iterator[EdgeAlteration]:
    """Yield every alteration that is tried, the cheap ones first."""
    sweep = target.sweep
    yield from (*_merged(sweep), *_unsummed(sweep), *_explained(target), *_updated(target))
    repeated = {edge for group in groups(sweep) if len(group) > 1 for edge in group}
    for group in groups(sweep):
        is_exception = len(group) == 1 and (group[0] in repeated or is_twin(group[0]))
        for alteration in of_edges(group, sweep):
            yield replace(alteration, rank=alteration.rank + 1) if is_exception else alteration
    yield from (*of_steps(sweep), *joined(sweep))


def _updated(target: Target) -> Iterator[EdgeAlteration]:
    """Yield factors that a step of gradient descent has changed before they were used."""
    sweep = target.sweep
    for edge in sweep.edges:
        other = edge.step.operands[1 - edge.operand] if len(edge.step.operands) == 2 else None
        if not isinstance(other, ArrayStep) or edge.saved is None or other.value.shape != edge.saved.shape:
            continue
        if not np.array_equal(edge.saved, other.value) or sweep.cotangents[other].shape != edge.saved.shape:
            continue
        moved = EdgeAlteration("updated-value", (edge,), partial(_moved, g_other=sweep.cotangents[other], rate=1.0))
        flow = target.right - np.concatenate([np.ravel(x) for x in _attempted(moved, sweep)])
        rate = target.factor(flow)
        if rate is not None and rate < 1.0:
            pull = partial(_moved, g_other=sweep.cotangents[other], rate=1.0 - rate)
            yield EdgeAlteration(
                "updated-value", (edge,), pull, f"{label(other)} - {1.0 - rate:.4g} * d{label(other)}", 2
            )


def _moved(edge: Edge, g: Array, g_other: Array, rate: float) -> Array:
    return edge.pull(g, edge.saved - rate * g_other)


def _attempted(alteration: EdgeAlteration, sweep: Sweep) -> list[Array]:
    """Return its gradients; not a number where its arrays do not go together."""
    try:
        return alteration.gradients(sweep)
    except (ValueError, IndexError):
        return [np.full(leaf.value.shape, np.nan) for leaf in sweep.leaves]


def _explained(target: Target) -> Iterator[EdgeAlteration]:
    """Yield edges with the factor that they would need: a number of the function's, or any where nothing else fits."""
    numbers = _numbers(target.sweep)
    for group in groups(target.sweep):
        flow = np.concatenate([np.ravel(x) for x in target.sweep.flow(group)])
        factor = target.factor(flow)
        if factor is None or any(abs(factor - c) < 1e-6 for c, _ in SCALES):
            continue
        what = next((text for text, x in numbers.items() if abs(factor - x) < 1e-7 * abs(factor)), "")
        yield scaled(group, factor, "factor", what or f"{factor:.6g}", 1 if what else 4)


def _numbers(sweep: Sweep) -> dict[str, float]:
    """Return numbers that a function knows: lengths, constants, and their inverses."""
    numbers: dict[str, float] = {}
    for step in sweep.steps:
        for n in step.value.shape:
            numbers[f"{n}"] = float(n)
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray) and not x.ndim and float(x) not in (0.0, 1.0):
                numbers.setdefault(step.constants.get(k) or f"{float(x):.4g}", float(x))
    return numbers | {f"1/{text}": 1.0 / x for text, x in numbers.items() if x}


def _merged(sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield cotangents that are assigned where they should be added up."""
    for step, edges in sweep.arriving.items():
        if len(edges) < 2:
            continue
        shares = [edge.right(sweep.cotangents[edge.step]) for edge in edges]
        whole = np.sum(shares, axis=0)
        for order in (shares, shares[::-1]):
            last = np.zeros(step.value.shape)
            for share in order:
                last = np.where(share != 0.0, share, last)
            is_loop = len({(edge.step.place, edge.step.op, edge.operand) for edge in edges}) == 1
            for kept in (order[-1], last):
                if not is_loop and any(np.array_equal(kept, share) for share in shares):
                    continue  # paths that are missing
                yield EdgeAlteration(
                    "overwritten", (edges[0],), lambda edge, g: edge.right(g), label(step), 0, {step: kept - whole}
                )


def _unsummed(sweep: Sweep) -> Iterator[EdgeAlteration]:
    """Yield cotangents of a sum's operand that are not summed first."""
    for edge in sweep.edges:
        below = _summed_from(edge.parent)
        if edge.kind == "local" and below is not None and below.value.shape == edge.step.value.shape:
            share = sweep.cotangents[edge.step] * edge.saved
            yield EdgeAlteration(
                "unsummed", (edge,), lambda edge, g: np.zeros(edge.parent.value.shape), "", 1, {below: share}
            )


def _summed_from(step: ArrayStep) -> ArrayStep | None:
    return step.edges[0].parent if step.op == "sum" else None


def _pairs(target: Target, deadline: float) -> Iterator[tuple[EdgeAlteration, ...]]:
    """Yield two paths that are missing, or an alteration and a scale that the residual which it leaves proposes."""
    if len(target.vector) <= ENTRIES:
        return
    sweep = target.sweep
    edges = groups(sweep)
    several = [scaled(group, 0.0, "path-missing") for group in edges if len(group) > 1]
    for pair in itertools.combinations(several, 2):
        if target.is_met(both(*pair, sweep)):
            yield pair
    flows = [np.concatenate([np.ravel(x) for x in sweep.flow(group)]) for group in edges]
    for first in [a for group in edges for a in of_edges(group, sweep) if a.rank <= 1]:
        if time.perf_counter() > deadline:
            return
        made = np.concatenate([np.ravel(x) for x in _attempted(first, sweep)])
        if not np.isfinite(made).all() or np.abs(made - target.right).max() <= target.limit:
            continue
        for second in _proposed(target.vector - made, edges, flows, target.limit):
            if not set(second.edges) & set(first.edges) and target.is_met(both(first, second, sweep)):
                yield first, second


def _proposed(
    residual: Array, edges: Sequence[tuple[Edge, ...]], flows: Sequence[Array], limit: float
) -> Iterator[EdgeAlteration]:
    for group, flow in zip(edges, flows):
        for factor, kind in SCALES:
            if np.abs(residual - (factor - 1.0) * flow).max() <= limit < np.abs(flow).max():
                yield scaled(group, factor, kind)


def both(first: EdgeAlteration, second: EdgeAlteration, sweep: Sweep) -> list[Array]:
    """Return the gradients of two alterations at once."""
    pulls = dict.fromkeys(first.edges, first.pull) | dict.fromkeys(second.edges, second.pull)
    return sweep.altered(pulls, {**first.added, **second.added})
