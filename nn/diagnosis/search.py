"""Which alterations of the equations reproduce somebody's gradients.

The backward pass is walked from the output downward and left at the first parameter that differs, so that most
alterations cost one product.  Where one parameter differs, the table's mistakes are asked for suspects.  A suspect that
explains it but fails further down is given a companion there; only if that leads nowhere are two mistakes sought in the
same parameter.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from nn.agreement.tolerance import close
from nn.diagnosis.alterations.alteration import BackwardAlteration, Reruns, finished, together
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.equations import Array, Problem, made
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes import Suspect, suspects

Explanation: TypeAlias = tuple[Suspect, ...]
"""Mistakes that together reproduce a gradient."""

MOST = 6
REST = 0.01


def alterations_of(path: Explanation) -> tuple[BackwardAlteration, ...]:
    """Return what an explanation's mistakes alter."""
    return tuple(suspect.alteration for suspect in path)


def _specific(explanations: list[Explanation]) -> list[Explanation]:
    """Return the explanations without anything generic, if there are any."""
    return [path for path in explanations if not any(s.mistake.generic for s in path)] or explanations


@dataclass(frozen=True)
class Search:
    """Somebody's gradients of a problem, compared to a relative tolerance per parameter.

    Parameters that are missing from the candidate are not compared.
    """

    problem: Problem
    candidate: Mapping[str, Array]
    tolerance: Mapping[str, float]
    _departures: dict[Explanation, str] = field(default_factory=dict, repr=False)
    _changing: dict[tuple[str, ...], Suspect] = field(default_factory=dict, repr=False)
    _reruns: Reruns = field(default_factory=dict, repr=False)

    def walk(self, *path: Suspect) -> Evidence | None:
        """Return where the candidate departs from the equations altered by these suspects; None if nowhere."""
        alterations = alterations_of(path)
        with np.errstate(all="ignore"):
            sweep, pulls = together(alterations, self.problem.network, self._reruns)
            arrived: dict[ArrayStep, Array] = {}
            for step, arrived[step] in sweep.swept(*pulls, afresh=sweep is not self.problem.network):
                if not step.op and step.name in self.candidate:
                    have = finished(alterations, step, arrived[step])
                    if not self._close(step.name, self.candidate[step.name], have):
                        limits = self.tolerance[step.name], self._floor(step.name)
                        return Evidence(self.problem, self.candidate, step.name, have, sweep, arrived, *limits)
        return None

    def _floor(self, name: str) -> float:
        """Return the size below which a gradient counts as nothing: rounding may be all that is left of it."""
        return 1e-3 * float(np.abs(self.problem.right[name]).max(initial=0.0))

    def _close(self, name: str, one: Array, other: Array) -> bool:
        return close(one, other, self.tolerance[name], self._floor(name))

    def explanations(self, pairs: bool = True, beside: Explanation = ()) -> list[Explanation]:
        """Return the smallest sets of mistakes that reproduce the candidate: single ones, else pairs, else none.

        Something generic, such as a factor without a reason, is returned only where nothing specific fits.

        Parameters
        ----------
        pairs
            Whether pairs are sought.
        beside
            Mistakes that are there already: each set has them, and is these alone where they reproduce the candidate.
        """
        start = self.walk(*beside)
        if start is None:
            return [beside] if beside else []
        tried = self._tried((*beside, suspect) for suspect in self._suspects(start))
        self._departures.update({path: departs.name for path, departs in tried if departs})
        singles = [path for path, departs in tried if departs is None]
        if singles or not pairs:
            return self._distinct(singles)
        first = self._place(start.name)
        later = [(path, departs) for path, departs in tried if departs and self._place(departs.name) > first]
        same = [(path, departs) for path, departs in tried if departs and self._shifts(start, departs)]
        return self._distinct(list(self._pairs(later)) or list(self._pairs(same)))

    def _suspects(self, evidence: Evidence) -> list[Suspect]:
        """Return the suspects on some evidence; those that change the forward pass are the same on any."""
        with np.errstate(all="ignore"):
            proposed = list(suspects(evidence))
        return [
            self._changing.setdefault((s.mistake.name, s.where, s.found), s) if s.alteration.changes else s
            for s in proposed
        ]

    def _tried(self, paths: Iterable[Explanation]) -> list[tuple[Explanation, Evidence | None]]:
        """Return where each path departs, of those whose arrays fit each other."""
        tried = []
        for path in paths:
            with contextlib.suppress(ValueError, IndexError):
                tried.append((path, self.walk(*path)))
        return tried

    def _place(self, name: str) -> int:
        return self.problem.order.index(name)

    def _shifts(self, start: Evidence, departs: Evidence) -> bool:
        """Whether a suspect changes the first wrong parameter, though not to what was given."""
        return departs.name == start.name and not self._close(start.name, departs.have, start.have)

    def _pairs(self, tried: list[tuple[Explanation, Evidence]]) -> Iterator[Explanation]:
        """Yield pairs of a suspect and one that explains what it leaves."""
        for (suspect,), departs in tried:
            for companion in self._suspects(departs):
                if companion.mistake.name != suspect.mistake.name or companion.where != suspect.where:
                    for path, left in self._tried([(suspect, companion)]):
                        if left is None:
                            yield path
                        elif left.name != departs.name:
                            self._departures[path] = left.name

    def _distinct(self, explanations: list[Explanation]) -> list[Explanation]:
        """Return one explanation per set of mistakes, the specific ones if there are any."""
        if self.problem.absent:  # without a bias nothing tells a wrong delta from what its product alone has wrong
            of_deltas = [path for path in explanations if not any(s.mistake.equation == "BP4" for s in path)]
            explanations = of_deltas or explanations
        distinct: dict[frozenset[str], Explanation] = {}
        for path in filter(self._explains, _specific(explanations)):
            distinct.setdefault(frozenset(suspect.mistake.name for suspect in path), path)
        return list(distinct.values())[:MOST]

    def certain(self) -> Explanation:
        """Return mistakes that are there whatever else is: those that reproduce the most, from the output downward.

        Asked where nothing reproduces all of it. Each must reproduce a matrix that the others leave wrong, and all that
        reach as far must agree on it: the few numbers of a bias fit by chance.
        """
        start = self.walk()
        reaching = {path: self._place(name) for path, name in self._departures.items() if self._is_proven(path, start)}
        furthest = [path for path, place in reaching.items() if place == max(reaching.values())]
        several = _specific([path for path in furthest if len(path) == min(map(len, furthest))])
        said = [{suspect.mistake.name for suspect in path} for path in several]
        common = set.intersection(*said) if said else set()
        return tuple(suspect for suspect in several[0] if suspect.mistake.name in common) if said else ()

    def reproduced(self, path: Explanation) -> list[str]:
        """Return the wrong parameters that mistakes reproduce before they depart from what was given."""
        departs = self.walk(*path)
        before = self.problem.order[: self._place(departs.name)] if departs and path else []
        return [
            name for name in before
            if name in self.candidate and not self._close(name, self.candidate[name], self.problem.right[name])
        ]  # fmt: skip

    def _is_proven(self, path: Explanation, start: Evidence | None) -> bool:
        """Whether each mistake of a path reproduces a wrong matrix that those before it leave wrong."""
        departures = [start.name if start else "", *[self._departures.get(path[: k + 1], "") for k in range(len(path))]]
        if not all(departures):
            return False
        places = [self._place(name) for name in departures]
        return all(self._has_wrong_matrix(begin, end) for begin, end in zip(places, places[1:]))

    def _has_wrong_matrix(self, begin: int, end: int) -> bool:
        names = [name for name in self.problem.order[begin:end] if name.endswith("W") and name in self.candidate]
        return any(not self._close(name, self.candidate[name], self.problem.right[name]) for name in names)

    def _explains(self, path: Explanation) -> bool:
        """Whether hardly anything of the difference is left: rounding alone must not be given a name."""
        altered = made(self.problem, alterations_of(path))
        for name, gradient in self.candidate.items():
            left, before = np.abs(gradient - altered[name]).max(), np.abs(gradient - self.problem.right[name]).max()
            if left > REST * before and not self._close(name, gradient, self.problem.right[name]):
                return False
        return True
