"""A gradient that is to be reproduced, and how much it proves.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: (x * x).sum(), [("x", np.array([1.0, 2.5, 0.7]))])
>>> target = Target(Sweep(root, leaves), [np.array([2.0, 5.0, -1.4])])
>>> target.is_met([np.array([2.0, 5.0, -1.4])]), target.is_met(target.sweep.gradients)
(True, False)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nn.diagnosis.alterations.alteration import (
    BackwardAlteration,
    Path,
    Reruns,
    attempted,
    finished,
    together,
)
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.sweep import PROBES, Arrived, Sweep
from nn.samples import Array

EXACT = 1e-9  # of the largest entry: beyond what rounding moves, below what is no coincidence
NEAR = 1e-8  # along a direction, of what it sums
REST = 0.01  # of what is wrong in a gradient, which may be left of it unexplained
ENOUGH = 1000  # entries, which prove whatever more of them would
ROUND, ODD = 3, 20  # bits that an entry proves: one such as 0, 1 or 2, and any other
FITTED, TRIED = 50, 14  # bits that a fitted number uses up, and one alteration of the thousands that are tried


class Departure(NamedTuple):
    """Where the gradients of an altered sweep first differ from what was given, in the order of its steps.

    The place of the leaf among all, what arrives there, the sweep, and what has arrived at its steps so far.
    """

    place: int
    have: Array
    sweep: Sweep
    arrived: Arrived


@dataclass(frozen=True, eq=False)
class Target:
    """Gradients that are to be reproduced.

    Attributes
    ----------
    sweep, given
        The right backward pass, and a gradient by each of its leaves.
    which
        The leaves whose gradients count; all of them, if it is empty.
    allowed
        How far an entry of each leaf's gradient may be off; a part of the largest entry of all, if it is empty.
    precision
        That part: of what is computed more coarsely, a larger one.
    """

    sweep: Sweep
    given: Sequence[Array]
    which: tuple[int, ...] = ()
    allowed: Sequence[float] = ()
    precision: float = EXACT

    def of(self, which: Sequence[int]) -> Target:
        """Return the same of some leaves alone, or of the same ones."""
        return replace(self, which=tuple(which) or self.which)

    @cached_property
    def places(self) -> list[int]:
        """The leaves whose gradients count."""
        return list(self.which or range(len(self.given)))

    @cached_property
    def limits(self) -> Sequence[float]:
        """How far an entry of each leaf's gradient may be off."""
        largest = max(size(gradients[k]) for gradients in (self.sweep.gradients, self.given) for k in self.places)
        return self.allowed or [self.precision * largest] * len(self.given)

    def is_met(self, gradients: Sequence[Array]) -> bool:
        """Whether gradients are what was given, and explain what of that is wrong: rounding alone has no name."""
        right = self.sweep.gradients
        return all(self.is_close(k, gradients[k]) and self._explains(k, gradients[k], right[k]) for k in self.places)

    def is_close(self, place: int, made: Array) -> bool:
        """Whether an array is what was given for a leaf."""
        return bool((np.abs(made - self.given[place]) <= self.limits[place]).all())

    def _explains(self, place: int, made: Array, right: Array) -> bool:
        left = size(made - self.given[place])
        return left <= REST * size(right - self.given[place]) or self.is_close(place, right)

    @cached_property
    def is_right(self) -> bool:
        """Whether what was given is right."""
        return self.is_met(self.sweep.gradients)

    def departure(self, path: Path = (), known: Reruns | None = None) -> Departure | None:
        """Return where the gradients under some alterations first differ from what was given; None if nowhere.

        Nothing is computed beyond that.  Functions that were rerun for an alteration before are `known`.
        """
        places = {self.sweep.leaves[k]: k for k in self.places}
        with np.errstate(all="ignore"):
            sweep, pulls = together(path, self.sweep, known)
            arrived: dict[ArrayStep, Array] = {}
            for step, arrived[step] in sweep.swept(*pulls, afresh=sweep is not self.sweep):
                if step in places:
                    have = finished(path, step, arrived[step])
                    if not self.is_close(places[step], have):
                        return Departure(places[step], have, sweep, arrived)
        return None

    # --- along the sweep's random directions

    @cached_property
    def rows(self) -> Array:
        """Which entries of an effect count."""
        return np.concatenate([np.arange(k * PROBES, (k + 1) * PROBES) for k in self.places])

    @cached_property
    def residual(self) -> Array:
        """What is given beside what is right."""
        return np.asarray((self.sweep.along(self.given) - self._along_right)[self.rows])

    @cached_property
    def tolerance(self) -> Array:
        """How far an effect may be off."""
        pairs = zip(self.sweep.directions, self.given, self.sweep.gradients)
        sizes = [np.abs(d) @ np.ravel(np.abs(x) + np.abs(y)) for d, x, y in pairs]
        return np.asarray(NEAR * (self.precision / EXACT) * np.sum(sizes, axis=0)[self.rows])

    def effect(self, alteration: BackwardAlteration) -> Array | None:
        """Return what an alteration changes along all directions, if it can be computed."""
        with np.errstate(all="ignore"):
            try:
                if alteration.changes or alteration.run or alteration.finish:
                    effect = self.sweep.along(attempted((alteration,), self.sweep)) - self._along_right
                else:
                    effect = self.sweep.effect(alteration.pulls)
            except (ValueError, IndexError, TypeError):
                return None
        return effect if np.isfinite(effect).all() else None

    @cached_property
    def _along_right(self) -> Array:
        return self.sweep.along(self.sweep.gradients)

    def agreeing(self, effects: Array) -> Array:
        """Return which of several effects are the one that is sought."""
        return np.flatnonzero((np.abs(self.residual - effects[:, self.rows]) <= self.tolerance).all(axis=1))

    def is_nothing(self, effect: Array) -> bool:
        """Whether an effect is too small to be one."""
        return bool((np.abs(effect[self.rows]) <= self.tolerance).all())

    def multiples(self, flows: Array, shares: Array) -> list[tuple[int, float]]:
        """Return which shares, multiplied with a number, make what is sought if flows are missing; and the number."""
        wanted, shares = self.residual + flows[:, self.rows], shares[:, self.rows]
        sizes = (shares * shares).sum(axis=1)
        factors = (wanted * shares).sum(axis=1) / np.where(sizes > 0.0, sizes, np.nan)
        off = np.abs(wanted - factors[:, None] * shares)
        fits = (off <= self.tolerance * np.maximum(1.0, np.abs(factors))[:, None]).all(axis=1)
        return [(int(k), float(factors[k])) for k in np.flatnonzero(fits & (np.abs(factors - 1.0) > 1e-6))]


def bits(given: Sequence[Array], precision: float = EXACT) -> float:
    """Return how much gradients say, or enough of it: entries that are the same, or that are round, say little."""
    row = np.concatenate([np.ravel(x)[:ENOUGH] for x in given])
    odd = np.unique(np.round(row[np.abs(row * 12 - np.round(row * 12)) > 1e-9], 12))
    each = max(0.0, ODD + math.log2(EXACT / precision))
    return min(ROUND, each) * (len(row) - len(odd)) + each * len(odd)


def proves(given: Sequence[Array], alterations: int, fitted: int = 0, precision: float = EXACT) -> bool:
    """Whether entries outnumber by far what was chosen and fitted to reproduce them."""
    return bits(given, precision) >= TRIED * alterations + FITTED * fitted


def size(x: Array) -> float:
    """Return the largest entry."""
    return float(np.abs(x).max(initial=0.0))
