"""One gradient beside the right one: whether it is right, or which simple change of the right one it is.

>>> x = [Value(2.0, "x"), Value(3.0, "y")]
>>> compared = Comparison(x[0] * x[1], x, np.array([3.0, 2.0]), np.array([-3.0, -2.0]))
>>> [finding.name for (finding,) in compared.outcome.changes]
['sign']
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.agreement import EPS, EXACT, NEARER, SINGLE, agrees, allowed, differenced, is_differenced
from engine.rounding import analysed
from nn.agreement.tolerance import UNDERFLOW_OF_SINGLE, UNIT_OF_SINGLE, is_single
from nn.diagnosis.difference import describe, placed
from nn.diagnosis.miscounted import miscounted
from nn.diagnosis.noticed import noticed
from nn.diagnosis.rearranged import by_numbers, by_shape, by_sorting
from nn.diagnosis.report import Finding, Verdict
from nn.samples import Array

NEARLY_ALL = 0.9
HARDLY, SHOWN = 1e-3, 1e8  # of the largest entry; of the rounding of the function's value: rounding does not more
UNDERFLOW = float(np.finfo(float).tiny) / EPS  # what is less has lost digits, or is 0, in one formula alone
STEP = 1e-5  # of differences, by which they enlarge the rounding of the function's value
NOISY, TERM = (
    "float32, or a numerical difference",
    "a small term, such as an eps, that the function does not have, or has",
)
ROUNDED = (
    "right but for rounding, which moves it by {:.1e} of its largest entry: numerical differences, or what cancels"
)
KINK = "right at a kink, where it has the derivative of one side"


@dataclass(frozen=True)
class Outcome:
    """What the numbers of one gradient say: whether it is right, or what changes of the right one it is.

    Attributes
    ----------
    ok, remark
        Whether it is right, and what is to be said of that.
    changes
        The changes that reproduce it, each alone.
    is_off
        Whether it is right but for little that is no rounding.
    """

    ok: bool
    changes: Sequence[tuple[Finding, ...]] = ()
    remark: str = ""
    is_off: bool = False


class Comparison:
    """A function's right gradient and somebody's.

    Attributes
    ----------
    root, leaves
        The function's graph.
    right, given
        The two gradients.
    is_single
        Whether the given one is in single precision: as such, or in numbers that all happen to be, and are not few.
    beside
        Those of the same function by other arrays, which were computed in the same way.
    has_terms
        Whether the function's own terms are looked at.
    precision
        How large a part of the largest entry one may be off that has a name.
    spread
        How far other roundings move what the same code returns, if that is known.
    """

    has_terms = False
    precision = EXACT
    spread: Array | None = None

    def __init__(self, root: Value, leaves: Sequence[Value], right: Array, given: npt.NDArray[Any]) -> None:
        self.root, self.leaves, self.right, self.given = root, leaves, right, given.astype(float)
        single = given.dtype.kind == "f" and given.dtype.itemsize < self.given.dtype.itemsize
        self.is_single = single or is_single([self.given])
        self.analysis = analysed(root, leaves)
        below, above = np.reshape(self.analysis.jumps, (-1, 2)).T.reshape(2, *right.shape)
        self.least, self.most = right - below, right + above
        self.beside: Sequence[Comparison] = ()
        self.is_at_kink = False

    def with_right(self, right: Array) -> Comparison:
        """Return the comparison with another gradient that is as right, where it is finite: at a kink."""
        right = right.reshape(self.right.shape)
        return self._with(right=np.where(np.isfinite(right), right, self.right), is_at_kink=True)

    def with_spread(self, spread: Array) -> Comparison:
        """Return the comparison with how far other roundings move what the same code returns."""
        return self._with(spread=spread)

    def _with(self, **changed: Any) -> Comparison:
        other = copy(self)
        vars(other).update(changed)
        for derived in ("exact", "nearer", "rounded", "is_coarsely_right", "outcome"):
            vars(other).pop(derived, None)
        return other

    @property
    def comparable(self) -> bool:
        """Whether the two have one shape."""
        return self.given.shape == self.right.shape

    @property
    def relative(self) -> float:
        """The largest error beside the largest entry."""
        if not self.comparable:
            return np.inf
        largest = float(np.abs(self.right).max(initial=0.0))
        return float(np.abs(self.given - self.right).max(initial=0.0)) / (largest or 1.0)

    def agreeing(self, relative: float, coarser: float) -> Array:
        """Return which entries are right, beside the terms that they are the sums of and beside their own rounding."""
        if not self.comparable:
            return np.zeros(1, bool)
        within: Array = agrees(self.given, self.nearest, self._limit(relative, coarser))
        return within

    @property
    def nearest(self) -> Array:
        """What is right that is nearest to each entry: at a kink, all from one side's derivative to the other's."""
        nearest: Array = np.clip(self.given, np.minimum(self.right, self.least), np.maximum(self.right, self.most))
        return nearest

    def _limit(self, relative: float, coarser: float) -> Array:
        sizes, rounding = np.array(self.analysis.sizes), np.array(self.analysis.derivatives)
        limit = np.maximum(relative * sizes, allowed(len(self.leaves)) * coarser * rounding)
        limit += UNDERFLOW if coarser <= 1.0 else UNDERFLOW_OF_SINGLE
        return limit.reshape(self.right.shape)

    @property
    def is_vanished(self) -> bool:
        """Whether both gradients are too small for the function's value to show them."""
        return self._shown(np.abs(self.right) + np.abs(self.given)) <= self.analysis.value

    @property
    def may_be_rounded(self) -> bool:
        """Whether rounding, in whatever steps, may have moved the gradient as far: the function hardly shows it."""
        if not self.comparable or self.is_single or self.exact.all():
            return False
        return self.relative < HARDLY or self._shown(self.given - self.right) < SHOWN * self.analysis.value

    def _shown(self, gradient: Array) -> float:
        """Return how far a gradient moves the function's value along arguments as large as these."""
        return float(np.sum(np.abs(gradient.ravel() * [leaf.data for leaf in self.leaves])))

    @cached_property
    def nearer(self) -> Array:
        """Which entries are off by a part of their own that no mistake changes so little."""
        within: Array = agrees(self.given, self.right, NEARER * np.abs(self.right))
        return within

    @cached_property
    def exact(self) -> Array:
        """Which entries are right to double precision: a saturated one too, where a formula cancels (p - 1)."""
        if not self.comparable:
            return np.zeros(1, bool)
        largest = float(np.abs(self.right).max(initial=0.0))
        saturated: Array = self.nearer & agrees(self.given, self.right, EXACT * largest)
        return self.agreeing(EXACT, 1.0) | saturated

    @cached_property
    def rounded(self) -> Array:
        """Which entries are right but for the rounding of the code that returned them."""
        if self.spread is None or not self.comparable:
            return self.exact
        own: Array = agrees(self.given, self.nearest, self._limit(EXACT, 1.0) + allowed(1) * self.spread)
        return self.exact | own

    @property
    def _off(self) -> Array:
        """How far off the entries are that are not right but for rounding."""
        return np.where(self.rounded, 0.0, self.given - self.right)

    @property
    def is_exact(self) -> bool:
        """Whether all entries are right, but for rounding."""
        return bool(self.rounded.all())

    @property
    def is_noisy(self) -> bool:
        """Whether rounding moves nearly all entries further than those of a formula: it is one of differences."""
        moved = np.zeros(1) if self.spread is None else (self.spread > self._limit(0.0, 1.0))[self.right != 0.0]
        return bool(moved.size) and float(moved.mean()) > NEARLY_ALL

    @cached_property
    def is_coarsely_right(self) -> bool:
        """Whether it is right to the precision of what computed it: float32, or differences of the function."""
        if not self.comparable:
            return False
        if self.is_single:
            return bool(self.agreeing(SINGLE, UNIT_OF_SINGLE).all())
        together = [c for c in (self, *self.beside) if c.comparable]
        largest = max(float(np.abs(c.right).max(initial=0.0)) for c in together)
        if not agrees(self.given, self.right, self._of_differences(largest)).all():
            return False
        if np.all(self.exact | self.nearer):
            return True
        rounded = [c.agreeing(0.0, 1.0).ravel() for c in together]  # not EXACT: large terms hide differences
        return is_differenced(np.concatenate(rounded), np.concatenate([c.right.ravel() for c in together]))

    def _of_differences(self, largest: float) -> Array:
        """Return how far differences may be off; of a formula, a small part of each entry."""
        if self.spread is None:
            return np.asarray(differenced(self.right, largest) + min(self.analysis.value / STEP, SINGLE * largest))
        coarse = differenced(self.right, largest if self.is_noisy else 0.0)
        return np.asarray(coarse + allowed(1) * self.spread)

    @cached_property
    def outcome(self) -> Outcome:
        """What the numbers say: right to rounding, or a change of the whole, or right to a coarser precision."""
        if not np.isfinite(self.given).all():
            return Outcome(False)
        if self.is_exact:
            rounded = ROUNDED.format(self.relative) if self.relative > EXACT else ""
            return Outcome(True, remark=KINK if self.is_at_kink else rounded)
        if changes := self._changes():
            return Outcome(False, changes)
        is_right = self.is_coarsely_right
        return Outcome(
            is_right, remark=self._coarse_remark() if is_right else "", is_off=is_right and not self.is_noisy
        )

    def _coarse_remark(self) -> str:
        """Return what a gradient that is right to some digits only is right to, and why."""
        cause = NOISY if self.is_single or self.is_noisy else f"{NOISY}, or {TERM}"
        if self.spread is None or self.is_noisy:
            return f"right to single precision only ({self.relative:.1e} of the largest entry): {cause}"
        where = placed(self._off) if self.given.ndim in (1, 2) else ""
        return f"right but for {self.relative:.1e} of the largest entry{where and f', {where}'}: {TERM}"

    def _changes(self) -> list[tuple[Finding, ...]]:
        """Return the changes of the whole gradient that reproduce it, or the terms that do, or another order."""
        right, given, is_wrong = self.right, self.given, not self.is_coarsely_right
        known = right, given, self.precision
        several = [*by_shape(*known), *by_numbers(*known)] if is_wrong else []
        if not several and self.has_terms and self.comparable and (is_wrong or not self.is_single):
            terms = miscounted(self.root, self.leaves, right, given)  # differences may hide a small one
            if terms:
                return [tuple(terms)]
        return [(finding,) for finding in several or (by_sorting(*known) if is_wrong else ())]

    def verdict(self, name: str, kind: str) -> Verdict:
        """Return the row of a table: the verdict, how far off it is, and where, if unnamed; shapes, if they differ."""
        note = self._whereabouts() if kind == "unnamed" or not self.comparable else ""
        return Verdict(name, kind, self.relative / EPS, self.relative, note)

    def _whereabouts(self) -> str:
        if not self.comparable:
            return f"has shape {self.given.shape}, not {self.right.shape}"
        x = np.array([leaf.data for leaf in self.leaves]).reshape(self.right.shape)
        seen = "; ".join(noticed(self.right, self.given, x))
        if seen or self.given.ndim not in (1, 2):
            return seen
        return describe(self._off, {}, {"x": x, "the right gradient": self.right})
