"""The search for a network's mistakes: a walk through its backward pass, from the output downward.

The walk leaves at the first parameter that differs, so that most alterations cost one product, and there the table's
mistakes are proposed.  One that explains it but fails further down is given a companion there; only if that leads
nowhere are two mistakes sought in the same parameter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from nn.diagnosis.alterations.alteration import Reruns
from nn.diagnosis.alterations.search import Search, alterations_of
from nn.diagnosis.alterations.target import Target, size
from nn.diagnosis.equations import Array, Problem
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes import Suspect, suspects

Explanation: TypeAlias = tuple[Suspect, ...]
"""Mistakes that together reproduce a gradient."""
FLOOR = 1e-3  # of a right gradient's largest entry, below which another counts as nothing


class Walk(Search[Suspect]):
    """The search among the table's mistakes for somebody's gradients of a problem.

    Parameters
    ----------
    problem, candidate
        What is differentiated, and the gradients; parameters that are missing are not compared.
    tolerance
        How far off each may be, as a part of its largest entry.
    beside
        Mistakes that are there already: what is found has them, and is these alone where they reproduce the gradients.
    """

    listed = 6

    def __init__(
        self,
        problem: Problem,
        candidate: Mapping[str, Array],
        tolerance: Mapping[str, float],
        beside: Explanation = (),
    ) -> None:
        self.already = beside
        self.problem, self.tolerance = problem, [tolerance.get(name, 0.0) for name in problem.order]
        given = [candidate.get(name, problem.right[name]) for name in problem.order]
        sizes = [max(size(x), FLOOR * size(problem.right[name])) for name, x in zip(problem.order, given)]
        allowed = [part * largest for part, largest in zip(self.tolerance, sizes)]
        which = tuple(k for k, name in enumerate(problem.order) if name in candidate)
        super().__init__([Target(problem.network, given, which, allowed)])
        self.departures: dict[Explanation, int] = {}
        self._tried_alone: dict[tuple[int, ...], list[tuple[Explanation, Evidence | None]]] = {}
        self._changing: dict[tuple[str, ...], Suspect] = {}
        self._reruns: Reruns = {}

    def target(self, names: Iterable[str]) -> Target:
        """Return the gradients by some parameters."""
        return self.targets[0].of(sorted(map(self.problem.order.index, names)))

    def departs(self, path: Explanation = (), target: Target | None = None) -> Evidence | None:
        """Return the evidence where gradients depart from the equations that some suspects alter; None if nowhere."""
        target = target or self.targets[0]
        departure = target.departure(alterations_of(path), self._reruns)
        return Evidence(self.problem, target, self.tolerance[departure.place], *departure) if departure else None

    def alone(self, point: int, target: Target) -> Iterator[Iterable[Explanation]]:
        """Yield the mistakes that leave no difference."""
        yield [path for path, departs in self._alone(target) if departs is None]

    def beside(self, point: int, target: Target) -> Iterator[Iterable[Explanation]]:
        """Yield pairs of a mistake and one that leaves no difference, further down or in the same parameter."""
        start = self.departs((), target)
        left = [(path, departs) for path, departs in self._alone(target) if departs is not None]
        if start is not None:
            limit = target.limits[start.place]
            yield self._completed(target, [(p, e) for p, e in left if e.place > start.place])
            same = [(p, e) for p, e in left if e.place == start.place]
            yield self._completed(target, [(p, e) for p, e in same if not size(e.have - start.have) <= limit])

    def _alone(self, target: Target) -> list[tuple[Explanation, Evidence | None]]:
        """Return every suspect where the equations are left, and where it departs."""
        known = self._tried_alone
        if target.which not in known:
            start, first = self.departs(self.already, target), self.already
            paths = ((*first, s) for s in self._suspects(start)) if start else [first] if first else []
            known[target.which] = self._tried(paths, target)
        return known[target.which]

    def _suspects(self, evidence: Evidence) -> list[Suspect]:
        """Return the suspects on some evidence; those that change the forward pass are the same on any."""
        with np.errstate(all="ignore"):
            proposed = list(suspects(evidence))
        return [
            self._changing.setdefault((s.mistake.name, s.where, s.found), s) if s.alteration.changes else s
            for s in proposed
        ]

    def _tried(self, paths: Iterable[Explanation], target: Target) -> list[tuple[Explanation, Evidence | None]]:
        """Return where each path departs, of those whose arrays fit each other."""
        tried = []
        for path in paths:
            with contextlib.suppress(ValueError, IndexError):
                tried.append((path, self.departs(path, target)))
        if target.which == self.targets[0].which:
            self.departures |= {path: departs.place for path, departs in tried if departs}
        return tried

    def _completed(self, target: Target, left: Sequence[tuple[Explanation, Evidence]]) -> Iterator[Explanation]:
        """Yield pairs of a suspect and one that explains what it leaves."""
        for (suspect,), departs in left:
            several = [s for s in self._suspects(departs) if (s.mistake, s.where) != (suspect.mistake, suspect.where)]
            tried = self._tried(((suspect, companion) for companion in several), target)
            yield from (path for path, further in tried if further is None)

    # --- what is there whatever else is

    def certain(self) -> Explanation:
        """Return mistakes that are there whatever else is: those that reproduce the most, from the output downward.

        Asked where nothing reproduces all of it. Each must reproduce a matrix that the others leave wrong, and all that
        reach as far must agree on it: the few numbers of a bias fit by chance.
        """
        start = self.departs()
        reaching = {path: place for path, place in self.departures.items() if self._is_proven(path, start)}
        furthest = [path for path, place in reaching.items() if place == max(reaching.values())]
        shortest = [path for path in furthest if len(path) == min(map(len, furthest))]
        several = [path for path in shortest if not any(s.mistake.generic for s in path)] or shortest
        said = [{suspect.mistake.name for suspect in path} for path in several]
        common = set.intersection(*said) if said else set()
        return tuple(suspect for suspect in several[0] if suspect.mistake.name in common) if said else ()

    def reproduced(self, path: Explanation) -> list[str]:
        """Return the wrong parameters that mistakes reproduce before they depart from what was given."""
        departs = self.departs(path) if path else None
        return [name for name in self.problem.order[: departs.place if departs else 0] if self._is_wrong(name)]

    def _is_wrong(self, name: str) -> bool:
        place = self.problem.order.index(name)
        return place in self.targets[0].places and not self.targets[0].of((place,)).is_right

    def _is_proven(self, path: Explanation, start: Evidence | None) -> bool:
        """Whether each mistake of a path reproduces a wrong matrix that those before it leave wrong."""
        departures = [start.place if start else None, *[self.departures.get(path[: k + 1]) for k in range(len(path))]]
        places = [place for place in departures if place is not None]
        return len(places) == len(departures) and all(map(self._has_wrong_matrix, places, places[1:]))

    def _has_wrong_matrix(self, begin: int, end: int) -> bool:
        return any(name.endswith("W") and self._is_wrong(name) for name in self.problem.order[begin:end])
