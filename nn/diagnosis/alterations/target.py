"""A gradient that is to be reproduced, and how much it proves.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: (x * x).sum(), [("x", np.array([1.0, 2.5, 0.7]))])
>>> target = Target(Sweep(root, leaves), [np.array([2.0, 5.0, -1.4])])
>>> target.is_met([np.array([2.0, 5.0, -1.4])]), target.is_met(target.sweep.gradients)
(True, False)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, attempted
from nn.diagnosis.alterations.sweep import Sweep
from nn.samples import Array

EXACT = 1e-9  # of the largest entry: beyond what rounding moves, below what is no coincidence
NEAR = 1e-8  # along a direction, of what it sums
ROUND, ODD = 3, 20  # bits that an entry proves: one such as 0, 1 or 2, and any other
FITTED, TRIED = 50, 14  # bits that a fitted number uses up, and one alteration of the thousands that are tried


@dataclass(frozen=True, eq=False)
class Target:
    """A gradient that is to be reproduced: its leaves in a row."""

    sweep: Sweep
    given: Sequence[Array]

    @cached_property
    def vector(self) -> Array:
        """What was given."""
        return _row(self.given)

    @cached_property
    def right(self) -> Array:
        """What is right."""
        return _row(self.sweep.gradients)

    @cached_property
    def limit(self) -> float:
        """How far an entry may be off."""
        return EXACT * max(float(np.abs(self.right).max(initial=0.0)), float(np.abs(self.vector).max(initial=0.0)))

    def is_met(self, gradients: Sequence[Array]) -> bool:
        """Whether gradients are what was given."""
        made = _row(gradients)
        return bool(np.isfinite(made).all() and np.abs(made - self.vector).max(initial=0.0) <= self.limit)

    # --- along the sweep's random directions

    @cached_property
    def residual(self) -> Array:
        """What is given beside what is right."""
        return self.sweep.along(self.given) - self.sweep.along(self.sweep.gradients)

    @cached_property
    def tolerance(self) -> Array:
        """How far an effect may be off."""
        sizes = np.abs(self.right) + np.abs(self.vector)
        return np.asarray(NEAR * (np.abs(np.concatenate(self.sweep.directions, axis=1)) @ sizes))

    def effect(self, alteration: BackwardAlteration) -> Array | None:
        """Return what an alteration changes, if it can be computed."""
        with np.errstate(all="ignore"):
            try:
                if alteration.changes or alteration.run:
                    effect = self.sweep.along(attempted((alteration,), self.sweep)) - self._along_right
                else:
                    effect = self.sweep.effect(alteration.pulls)
            except (ValueError, IndexError, TypeError):
                return None
        return effect if np.isfinite(effect).all() else None

    @cached_property
    def _along_right(self) -> Array:
        return self.sweep.along(self.sweep.gradients)

    def agrees(self, effect: Array) -> bool:
        """Whether an effect is the one that is sought."""
        return bool((np.abs(self.residual - effect) <= self.tolerance).all())

    def is_nothing(self, effect: Array) -> bool:
        """Whether an effect is too small to be one."""
        return bool((np.abs(effect) <= self.tolerance).all())

    def multiple(self, wanted: Array, effect: Array) -> float | None:
        """Return what an effect must be multiplied with to be the wanted one, if there is such a number."""
        size = float(effect @ effect)
        if size == 0.0:
            return None
        factor = float(wanted @ effect) / size
        return factor if (np.abs(wanted - factor * effect) <= self.tolerance * max(1.0, abs(factor))).all() else None


def bits(given: Sequence[Array]) -> int:
    """Return how much gradients say: entries that are the same, or that are round, say little."""
    row = _row(given)
    odd = np.unique(np.round(row[np.abs(row * 12 - np.round(row * 12)) > 1e-9], 12))
    return ROUND * (len(row) - len(odd)) + ODD * len(odd)


def proves(given: Sequence[Array], alterations: int, fitted: int = 0) -> bool:
    """Whether entries outnumber by far what was chosen and fitted to reproduce them."""
    return bits(given) >= TRIED * alterations + FITTED * fitted


def _row(gradients: Sequence[Array]) -> Array:
    """Return the gradients by all leaves as one vector."""
    return np.concatenate([np.ravel(x) for x in gradients])
