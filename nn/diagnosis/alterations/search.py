"""The search for what reproduces somebody's gradients: in one order, and only what does so at every point is believed.

What is tried, and how it is told cheaply from what is not worth trying, is a subclass's: alterations of any function
along random directions (`directions.py`), or a network's mistakes on the evidence at a parameter (`nn.diagnosis.walk`).
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from nn.diagnosis.alterations.alteration import Path, attempted
from nn.diagnosis.alterations.candidates import Attempt
from nn.diagnosis.alterations.target import Target, proves

FACTORS = ("doubled", "halved", "factor")
LEAST = 3  # times as many entries would prove it: fewer say nothing
LISTED = 3  # explanations that are listed

Leaves: TypeAlias = tuple[int, ...]


T = TypeVar("T", bound=Attempt)
Ways: TypeAlias = Callable[[int, Target], Iterator[Iterable[Sequence[T]]]]
"""Of a point and the gradients there: in their order, what may reproduce these."""


class Search(ABC, Generic[T]):
    """Gradients at several points, and what reproduces those by some of their leaves.

    What does is sought at the first point where they are wrong, and believed where it holds at all.

    Attributes
    ----------
    targets
        The gradients.
    listed
        How many of several explanations are returned.
    """

    listed = LISTED

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets

    @abstractmethod
    def alone(self, point: int, target: Target) -> Iterator[Iterable[Sequence[T]]]:
        """Yield, in the order in which they are believed, what may reproduce gradients by itself."""

    @abstractmethod
    def beside(self, point: int, target: Target) -> Iterator[Iterable[Sequence[T]]]:
        """Yield, in the order in which they are believed, pairs that may."""

    def distance(self, path: Sequence[T]) -> tuple[int, ...]:
        """Return how far a path is from being said, among those of one kind: of equal ones, the first is believed."""
        return ()

    def single(self, leaves: Leaves = ()) -> list[tuple[T, ...]]:
        """Return the simplest of which one reproduces the gradients by some leaves, or by all."""
        return self._first_believed(self.alone, leaves)

    def pairs(self, leaves: Leaves = ()) -> list[tuple[T, ...]]:
        """Return the simplest pairs that do."""
        return self._first_believed(self.beside, leaves)

    def _first_believed(self, ways: Ways[T], leaves: Leaves) -> list[tuple[T, ...]]:
        point, targets = self.first(leaves), self.of(leaves)
        for way in ways(point, targets[0]):
            paths = [path for path in way if believed(path, targets)]
            if paths:
                return simplest(paths, self.distance)[: self.listed]
        return []

    def first(self, leaves: Leaves) -> int:
        """Return the first point at which the gradients by some leaves are wrong."""
        return next((k for k, target in enumerate(self.targets) if not target.of(leaves).is_right), 0)

    def of(self, leaves: Leaves) -> list[Target]:
        """Return the gradients by some leaves, at the first point where they are wrong and then at the others."""
        first = self.first(leaves)
        return [self.targets[k].of(leaves) for k in sorted(range(len(self.targets)), key=lambda k: k != first)]


def believed(path: Sequence[Attempt], targets: Sequence[Target]) -> bool:
    """Whether a path reproduces the gradients at the first point and at every other, and that says something."""
    several = LEAST * [target.given[k] for target in targets for k in target.places]
    if not proves(several, len(path), sum(tried.fitted for tried in path), targets[0].precision):
        return False
    first, *others = targets
    return first.is_met(attempted(alterations_of(path), first.sweep)) and all(_holds(path, other) for other in others)


def _holds(path: Sequence[Attempt], target: Target) -> bool:
    there = [list(tried.at(target.sweep)) for tried in path]
    return any(target.is_met(attempted(several, target.sweep)) for several in itertools.product(*there))


def alterations_of(path: Sequence[Attempt]) -> Path:
    """Return what is altered by all that a path holds."""
    return tuple(tried.alteration for tried in path)


def simplest(paths: Iterable[Sequence[T]], distance: Callable[[Sequence[T]], Any]) -> list[tuple[T, ...]]:
    """Return the paths of the least rank, those that say where a factor comes from, the nearest of each kind."""
    several = [tuple(path) for path in paths]
    least = min(map(_rank, several), default=0)
    simple = [path for path in several if _rank(path) == least]
    specific = [path for path in simple if not set(_kinds(path)) & set(FACTORS)] or simple
    by_kind: dict[tuple[str, ...], tuple[T, ...]] = {}
    for path in sorted(specific, key=distance):
        by_kind.setdefault(_kinds(path), path)
    return list(by_kind.values())


def _rank(path: Sequence[Attempt]) -> int:
    return sum(tried.alteration.rank for tried in path)


def _kinds(path: Sequence[Attempt]) -> tuple[str, ...]:
    return tuple(sorted(tried.alteration.kind for tried in path))
