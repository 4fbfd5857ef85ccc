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
from nn.agreement.tolerance import UNIT_OF_SINGLE, is_single
from nn.diagnosis.difference import describe
from nn.diagnosis.miscounted import miscounted
from nn.diagnosis.noticed import noticed
from nn.diagnosis.rearranged import by_numbers, by_shape, by_sorting
from nn.diagnosis.report import Finding, Verdict
from nn.samples import Array

STEP = 1e-5  # of differences, by which they enlarge the rounding of the function's value
DIFFERENCED, TERM = "a numerical difference", "a small term, such as an eps, that the function does not have"
ROUNDED = "right: computed with more digits; in double precision rounding moves it by {:.1e} of its largest entry"
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
    """

    ok: bool
    changes: Sequence[tuple[Finding, ...]] = ()
    remark: str = ""


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
    wider
        The same with what the same code returns where it computes with more digits, if that is known.
    """

    has_terms = False
    precision = EXACT
    wider: Comparison | None = None

    def __init__(self, root: Value, leaves: Sequence[Value], right: Array, given: npt.NDArray[Any]) -> None:
        self.root, self.leaves, self.right, self.given = root, leaves, right, given.astype(float)
        single = given.dtype.kind == "f" and given.dtype.itemsize < self.given.dtype.itemsize
        self.is_single = single or is_single([self.given])
        self.analysis = analysed(root, leaves)
        self.beside: Sequence[Comparison] = ()
        self.is_at_kink = False

    def with_right(self, right: Array) -> Comparison:
        """Return the comparison with another gradient that is as right: at a kink."""
        other = copy(self)
        other.right, other.is_at_kink = right.reshape(self.right.shape), True
        other.wider = self.wider and self.wider.with_right(right)
        vars(other).pop("exact", None), vars(other).pop("nearer", None)
        return other

    def with_more_digits(self, given: npt.NDArray[Any]) -> Comparison:
        """Return the comparison with what the same code returns where it computes with more digits."""
        other = copy(self)
        other.wider = Comparison(self.root, self.leaves, self.right, given)
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
        within: Array = agrees(self.given, self.right, self._limit(relative, coarser))
        return within

    def _limit(self, relative: float, coarser: float) -> Array:
        sizes, rounding = np.array(self.analysis.sizes), np.array(self.analysis.derivatives)
        limit = np.maximum(relative * sizes, allowed(len(self.leaves)) * coarser * rounding)
        return limit.reshape(self.right.shape)

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

    @property
    def is_exact(self) -> bool:
        """Whether it is right to double precision, or would be, had rounding not moved it: more digits tell."""
        return bool(self.exact.all()) or (self.wider is not None and self.wider.is_exact)

    @cached_property
    def is_coarsely_right(self) -> bool:
        """Whether it is right to the precision of what computed it: float32, or differences of the function."""
        if not self.comparable:
            return False
        if self.wider is not None and self.wider.is_coarsely_right:
            return True
        if self.is_single:
            return bool(self.agreeing(SINGLE, UNIT_OF_SINGLE).all())
        together = [c for c in (self, *self.beside) if c.comparable]
        largest = max(float(np.abs(c.right).max(initial=0.0)) for c in together)
        noise = min(self.analysis.value / STEP, SINGLE * largest)
        if not agrees(self.given, self.right, differenced(self.right, largest) + noise).all():
            return False
        if np.all(self.exact | self.nearer):
            return True
        rounded = [c.agreeing(0.0, 1.0).ravel() for c in together]  # not EXACT: large terms hide differences
        return is_differenced(np.concatenate(rounded), np.concatenate([c.right.ravel() for c in together]))

    @cached_property
    def outcome(self) -> Outcome:
        """What the numbers say: right to rounding, or a change of the whole, or right to a coarser precision."""
        if not np.isfinite(self.given).all():
            return Outcome(False)
        if self.is_exact:
            rounded = "" if self.exact.all() else ROUNDED.format(self.relative)
            return Outcome(True, remark=KINK if self.is_at_kink else rounded)
        if changes := self._changes():
            return Outcome(False, changes)
        precision = f"right to single precision only ({self.relative:.1e} of the largest entry)"
        is_right = self.is_coarsely_right
        cause = "float32, or a numerical difference" if self.is_single else self._cause()
        return Outcome(is_right, remark=f"{precision}: {cause}" if is_right else "")

    def _cause(self) -> str:
        """Return why a gradient is right to some digits only: more of them move a difference, and no other formula."""
        if self.wider is None or np.array_equal(self.wider.given, self.given):
            return f"{DIFFERENCED}, or {TERM}"
        unmoved = agrees(self.given, self.wider.given, self._limit(0.0, 1.0))
        if unmoved.all():
            return TERM
        return DIFFERENCED if is_differenced(unmoved, self.right) else f"{DIFFERENCED}, or {TERM}"

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
        """Return the row of a table: the verdict, how far off the gradient is, and where, if that has no name."""
        note = self._whereabouts() if kind == "unnamed" else ""
        return Verdict(name, kind, self.relative / EPS, self.relative, note)

    def _whereabouts(self) -> str:
        if not self.comparable:
            return f"has shape {self.given.shape}, not {self.right.shape}"
        x = np.array([leaf.data for leaf in self.leaves]).reshape(self.right.shape)
        seen = "; ".join(noticed(self.right, self.given, x))
        if seen or self.given.ndim not in (1, 2):
            return seen
        return describe(self.given - self.right, {}, {"x": x, "the right gradient": self.right})
