"""The reverse sweep over recorded steps, and what an alteration of it changes.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: (x * x).sum(), [("x", np.array([1.0, 2.0]))])
>>> sweep = Sweep(root, leaves)
>>> sweep.gradients[0].tolist()
[2.0, 4.0]
>>> one = sweep.edges[-1]
>>> sweep.altered({one: lambda edge, g: 0.0 * edge.right(g)})[0].tolist()
[1.0, 2.0]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge, Saving
from nn.samples import Array

CANCELLED = 1e-12
PROBES = 4  # random directions of each leaf: one number of many could agree by chance, four do not
Pull: TypeAlias = Callable[[Edge, Array], Array]
"""What an altered edge hands on, of the cotangent that arrives."""
Arrived: TypeAlias = Mapping[ArrayStep, Array]
Change: TypeAlias = Callable[[ArrayStep, Sequence[Any]], ArrayStep]
"""The step that stands in place of one, of what its operands have become."""


class Seeing:
    """A pull that looks at what has arrived elsewhere too, altered as that is.

    Attributes
    ----------
    where
        Of a sweep and what has arrived so far, the pull.
    """

    def __init__(self, where: Callable[[Sweep, Arrived], Pull]) -> None:
        self.where = where

    def __call__(self, edge: Edge, g: Array) -> Array:
        """Raise a TypeError: only a sweep can tell."""
        raise TypeError("what this pull hands on depends on a sweep: it is called by one")


class Sweep:
    """A recorded function differentiated backward.

    Attributes
    ----------
    root, leaves
        Where it begins, with cotangents of 1, and by what it differentiates.
    steps
        In the order in which it visits them.
    edges
        All of them, from the root on.
    arriving
        The edges that lead to a step.
    numbers
        What the function was given beside arrays, by name.
    families
        What each family of alterations makes of it, as far as that was asked for.
    before
        The same function, step by step, as it was called before, if it was.
    """

    def __init__(self, root: ArrayStep, leaves: Sequence[ArrayStep]) -> None:
        self.root, self.leaves = root, list(leaves)
        self.numbers: Mapping[str, float] = {}
        self.families: dict[object, list[Any]] = {}
        self.before: Sweep | None = None
        self._slopes: dict[Edge, Array] = {}
        self._ways: dict[tuple[Edge, ...], list[ArrayStep]] = {}
        self.steps = _visited(root, self.leaves)
        self.place = {step: k for k, step in enumerate(self.steps)}
        self.edges = [edge for step in self.steps for edge in step.edges if edge.parent in self.place]
        self.arriving: dict[ArrayStep, list[Edge]] = {}
        for edge in self.edges:
            self.arriving.setdefault(edge.parent, []).append(edge)

    @cached_property
    def named(self) -> dict[str, ArrayStep]:
        """The steps that have a name."""
        return {step.name: step for step in self.steps if step.name}

    @cached_property
    def cotangents(self) -> dict[ArrayStep, Array]:
        """What arrives at every step."""
        return self._collected(self.swept(afresh=True))

    @cached_property
    def shares(self) -> dict[Edge, Array]:
        """What every edge hands on."""
        return {edge: edge.right(self.cotangents[edge.step]) for edge in self.edges}

    def without_shifts(self) -> Sweep:
        """Return the sweep without the edges of extremes whose cotangent cancels: a softmax's shift is a constant."""
        shifts = [step for step in self.steps if step.op in ("max", "amax", "min", "amin") and self._cancels(step)]
        for step in shifts:
            step.edges = []
        return Sweep(self.root, self.leaves) if shifts else self

    def _cancels(self, step: ArrayStep) -> bool:
        above = [float(np.abs(self.cotangents[edge.step]).max(initial=0.0)) for edge in self.arriving.get(step, [])]
        return bool(np.abs(self.cotangents[step]).max(initial=0.0) <= CANCELLED * max(above, default=0.0))

    @property
    def gradients(self) -> list[Array]:
        """The right gradient by each leaf."""
        return self._of_leaves(self.cotangents)

    def _of_leaves(self, cotangents: Mapping[ArrayStep, Array]) -> list[Array]:
        return [np.asarray(cotangents.get(leaf, np.zeros(leaf.value.shape))) for leaf in self.leaves]

    def swept(self, *pulls: Mapping[Edge, Pull], afresh: bool = False) -> Iterator[tuple[ArrayStep, Array]]:
        """Yield each step and what arrives there, from the root on, where some edges hand on something else.

        Nothing is computed before it is asked for.  Where an edge is altered more than once, what it has saved is
        altered first, and else the first is innermost.

        Parameters
        ----------
        *pulls
            What altered edges hand on.
        afresh
            Whether everything is computed, and not only what the altered edges change.
        """
        altered: dict[Edge, list[Pull]] = {}
        for edge, pull in itertools.chain(*[several.items() for several in pulls]):
            altered.setdefault(edge, []).append(pull)
        changed = set(self.steps) - {self.root} if afresh else {edge.parent for edge in altered}
        arrived: dict[ArrayStep, Array] = {self.root: np.ones(self.root.value.shape)}
        for step in self.steps:
            if step in changed:
                several = [
                    self._handed(edge, arrived, altered.get(edge, ()))
                    if edge in altered or edge.step in changed or afresh
                    else self.shares[edge]
                    for edge in self.arriving[step]
                ]
                arrived[step] = sum(several[1:], several[0])
                changed.update(edge.parent for edge in step.edges)
            elif step is not self.root:
                arrived[step] = self.cotangents[step]
            yield step, arrived[step]

    def _handed(self, edge: Edge, arrived: Arrived, pulls: Sequence[Pull]) -> Array:
        """Return what an edge hands on of what has arrived, with some alterations of it."""
        for pull in sorted(pulls, key=lambda pull: not isinstance(pull, Saving)):
            seen = pull.where(self, arrived) if isinstance(pull, Seeing) else pull
            edge = edge.handing_on(seen)
        share, shape = np.asarray(edge.right(arrived[edge.step])), edge.parent.value.shape
        return share if share.shape == shape else np.broadcast_to(share, shape)

    def _collected(self, swept: Iterator[tuple[ArrayStep, Array]]) -> dict[ArrayStep, Array]:
        with np.errstate(all="ignore"):
            return dict(swept)

    def altered(self, *pulls: Mapping[Edge, Pull]) -> list[Array]:
        """Return the gradients where some edges hand on something else; those in series are rerun."""
        return self._of_leaves(self.under(*pulls))

    def under(self, *pulls: Mapping[Edge, Pull]) -> dict[ArrayStep, Array]:
        """Return the cotangents where some edges hand on something else."""
        return self._collected(self.swept(*pulls))

    def seeded(self, seeds: Mapping[ArrayStep, Array], cut: Iterable[Edge]) -> dict[ArrayStep, Array]:
        """Return the cotangents that come of some alone, where some edges hand on nothing."""
        sums, without = dict(seeds), set(cut)
        for step in self.steps:
            for edge in step.edges if step in sums else ():
                if edge.parent in self.place and edge not in without:
                    sums[edge.parent] = sums.get(edge.parent, 0.0) + edge.right(sums[step])
        return sums

    def rerun(self, changes: Mapping[ArrayStep, Change]) -> tuple[Sweep, dict[ArrayStep, ArrayStep]]:
        """Return the sweep of another function, which has other steps in some places, and what each step has become."""
        become: dict[ArrayStep, ArrayStep] = {}
        with np.errstate(all="ignore"):
            for step in reversed(self.steps):
                operands = [become.get(x, x) if isinstance(x, ArrayStep) else x for x in step.operands]
                if step in changes:
                    become[step] = changes[step](step, operands).described_as(step)
                elif any(x is not y for x, y in zip(operands, step.operands)):
                    become[step] = step.again(*operands).described_as(step)
            return Sweep(become.get(self.root, self.root), self.leaves), become

    # --- along random directions: what an alteration changes in the gradient, at the cost of the altered step alone

    @cached_property
    def directions(self) -> list[Array]:
        """Random directions of each leaf alone, one leaf after the other: (PROBES * leaves, size) of each."""
        rng = np.random.default_rng(sum(leaf.value.size for leaf in self.leaves))
        directions = []
        for k, leaf in enumerate(self.leaves):
            drawn = np.zeros((len(self.leaves), PROBES, leaf.value.size))
            drawn[k] = rng.normal(size=(PROBES, leaf.value.size))
            directions.append(drawn.reshape(-1, leaf.value.size))
        return directions

    @cached_property
    def tangents(self) -> dict[ArrayStep, Array]:
        """What each step changes along the directions: (PROBES * leaves, size)."""
        tangents = dict(zip(self.leaves, self.directions))
        for step in reversed(self.steps):
            edges = [edge for edge in step.edges if edge.parent in tangents]
            if edges:
                tangents[step] = np.sum(
                    [self._pushed(edge, tangents[edge.parent], edge.saved) for edge in edges], axis=0
                )
        return tangents

    def _pushed(self, edge: Edge, tangents: Array, saved: object) -> Array:
        parent, step = edge.parent.value, edge.step.value
        pushed = [edge.push(t.reshape(parent.shape), saved) for t in tangents]
        return np.stack([np.broadcast_to(t, step.shape).ravel() for t in pushed])

    def weights(self, edge: Edge, saved: object, factor: float = 1.0) -> Array:
        """Return what a cotangent of an edge's step is weighted with along the directions, for some saved array."""
        return np.asarray(factor * self._pushed(edge, self.tangents[edge.parent], saved))

    def along(self, gradients: Sequence[Array]) -> Array:
        """Return gradients along the directions."""
        return np.asarray(np.sum([d @ np.ravel(x) for d, x in zip(self.directions, gradients)], axis=0))

    def effect(self, pulls: Mapping[Edge, Pull], cotangents: Mapping[ArrayStep, Array] | None = None) -> Array:
        """Return what altered edges change in the gradient along the directions.

        Under other cotangents it is what they change there, if nothing is altered below them.
        """
        pulls = {edge: pull for edge, pull in pulls.items() if edge in self.shares}
        if cotangents is None and len(pulls) == 1:
            ((edge, pull),) = pulls.items()
            if isinstance(pull, Saving) and edge.kind == "local":
                return np.asarray(self._per_slope(edge) @ np.ravel(pull.saved(edge) - edge.saved))
        at_once = self.cotangents if cotangents is None else cotangents
        if cotangents is None and self.in_series(pulls):
            if any(isinstance(pull, Seeing) for pull in pulls.values()):
                return self.along(self.altered(pulls)) - self.along(self.gradients)
            at_once = self.cotangents | self._come_to(pulls)
        total = np.zeros(PROBES * len(self.leaves))
        for edge, pull in pulls.items():
            before = self.shares[edge] if at_once is self.cotangents else edge.right(at_once[edge.step])
            share = self._handed(edge, at_once, [pull])
            total = total + self.tangents[edge.parent] @ (share - before).ravel()
        return total

    def _per_slope(self, edge: Edge) -> Array:
        """Return what a change of an elementwise edge's derivative changes along the directions."""
        if edge not in self._slopes:
            self._slopes[edge] = self.weights(edge, np.ones(edge.step.value.shape)) * self.cotangents[edge.step].ravel()
        return self._slopes[edge]

    def _come_to(self, pulls: Mapping[Edge, Pull]) -> dict[ArrayStep, Array]:
        """Return what altered edges make of the cotangents that come to others of them: nothing below is computed."""
        arrived: dict[ArrayStep, Array] = {}
        for step in self._between(tuple(pulls)):
            several = [
                self._handed(edge, arrived if edge.step in arrived else self.cotangents, [pulls[edge]])
                if edge in pulls
                else edge.right(arrived[edge.step])
                if edge.step in arrived
                else self.shares[edge]
                for edge in self.arriving[step]
            ]
            arrived[step] = sum(several[1:], several[0])
        return arrived

    def _between(self, edges: tuple[Edge, ...]) -> list[ArrayStep]:
        """Return the steps on the way from one of some edges to another."""
        if edges not in self._ways:
            begins, reached = 0, 0
            for edge in edges:
                begins |= 1 << self.place[edge.step]
                reached |= self.below[edge.parent]
            on_the_way = (step for step, place in self.place.items() if reached >> place & 1)
            self._ways[edges] = [step for step in on_the_way if self.below[step] & begins]
        return self._ways[edges]

    @cached_property
    def below(self) -> dict[ArrayStep, int]:
        """The steps that a step's cotangent comes to, itself included, as bits."""
        bits = {step: 1 << place for step, place in self.place.items()}
        for step in reversed(self.steps):
            for edge in step.edges:
                bits[step] |= bits.get(edge.parent, 0)
        return bits

    def in_series(self, edges: Iterable[Edge]) -> bool:
        """Whether what one of some edges hands on comes to another."""
        several = list(edges)
        begins = 0
        for edge in several:
            begins |= 1 << self.place[edge.step]
        return len(several) > 1 and any(self.below[edge.parent] & begins for edge in several)


def _visited(root: ArrayStep, leaves: Sequence[ArrayStep]) -> list[ArrayStep]:
    """Return the steps between a root and some leaves, each before its operands."""
    ordered: list[ArrayStep] = []
    seen: set[ArrayStep] = set()
    reaching: set[ArrayStep] = set(leaves)
    pending = [(root, False)]
    while pending:
        step, is_done = pending.pop()
        if is_done:
            if step is root or step in reaching or any(edge.parent in reaching for edge in step.edges):
                reaching.add(step)
                ordered.append(step)
        elif step not in seen:
            seen.add(step)
            pending.append((step, True))
            pending.extend((edge.parent, False) for edge in step.edges)
    return _leaves_early(ordered[::-1])


def _leaves_early(steps: list[ArrayStep]) -> list[ArrayStep]:
    """Return steps with each leaf as soon as all has arrived at it: whoever looks at one needs no more than that."""
    complete = {edge.parent: place for place, step in enumerate(steps) for edge in step.edges}
    places = {step: place if step.op else complete.get(step, place) for place, step in enumerate(steps)}
    return sorted(steps, key=places.__getitem__)
