"""What differences say of a function's derivative at a point, how sure they are, and whether there is one at all.

Central differences over steps from tiny to large: a small step cancels, a large one leaves the neighbourhood.  Each
estimate has a bound, of the change from step to step and of the function's own rounding; going up from the
smallest step, the narrowest estimate is kept as long as it does not contradict the smaller neighbourhood.  The two
sides are looked at in the same way: where they contradict each other the point is a kink or a jump, and where there is
one side only, the edge of the domain.

>>> import math
>>> slope = measured(math.exp, 1.0)
>>> slope.kind, abs(slope.value - math.e) < slope.bound < 1e-8
('smooth', True)
>>> measured(abs, 0.0).kind, measured(abs, 0.0).sides
('kink', (-1.0, 1.0))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.agreement import EPS, RELATIVE, agrees

STEP = 6.055454452393343e-06  # cube root of the unit of rounding: balances truncation against cancellation
RATIO = 4.0  # of one step to the next
STEPS = 27  # from a quarter of the size of x to where x + h is x
WIDER = (1.0, 30.0, 1000.0)  # first steps, of which one may confirm what is expected
SLOWEST = 8.0  # times the last change: the rest of an error of h**0.1, 1 / (RATIO**0.1 - 1)
TINY = 5e-324


class Estimate(NamedTuple):
    """A derivative, how far it may be off, and how much of that is rounding."""

    value: float
    bound: float
    rounding: float

    def contradicts(self, other: Estimate) -> bool:
        """Whether two estimates cannot both be right."""
        return not abs(self.value - other.value) <= self.bound + other.bound


@dataclass(frozen=True)
class Measured:
    """What differences found at a point.

    Attributes
    ----------
    value, bound, rounding
        The derivative, how far it may be off, and how much of that is the function's rounding.
    kind
        "smooth"; "edge", where the function is defined on one side only; "steep", where the derivative is infinite;
        "kink", where the sides have derivatives that differ; "jump", where the function does.
    sides
        Of a kink: the derivatives from the left and from the right.
    """

    value: float
    bound: float = 0.0
    rounding: float = 0.0
    kind: str = "smooth"
    sides: tuple[float, float] = (math.nan, math.nan)


def measured(
    f: Callable[[float], float],
    x: float,
    *,
    rounding: float = 0.0,
    expected: float = math.nan,
    value: float | None = None,
    step: float = STEP,
) -> Measured:
    """Return what differences say of the derivative of `f` at `x`.

    Parameters
    ----------
    f
        A function of one number; where it is not defined it returns NaN or a complex number, or raises ArithmeticError
        or ValueError.
    x
        A finite number at which `f` is finite.
    rounding
        What rounding may do to ``f(x)``, at least half a unit.
    expected
        A derivative which, if the first step confirms it well, spares the others.
    value
        ``f(x)``, if it is known.
    step
        The first step, relative to x.
    """
    at = _Neighbourhood(f, x, rounding, {} if value is None else {x: value})
    for wider in WIDER:
        if (estimate := at.confirmed(expected, wider * step * (abs(x) or 1.0))) is not None:
            return Measured(*estimate)
    left, right = at.side(-1.0), at.side(1.0)
    if left is None or right is None:
        return _one_side(left or right)
    if "jump" in (left.kind, right.kind):
        return Measured(math.nan, kind="jump")
    if left.kind == right.kind == "steep" and left.value == right.value:
        return left
    if left.kind == right.kind == "smooth":
        both = _narrowest([at.central(h) for h in at.near()])
        if both is not None and not (_estimate(left).contradicts(_estimate(right)) and at.has_kink()):
            return Measured(*both)
    return Measured(math.nan, max(left.bound, right.bound), kind="kink", sides=(left.value, right.value))


def _one_side(side: Measured | None) -> Measured:
    if side is None:
        return Measured(math.nan, kind="jump")
    return replace(side, kind="edge") if side.kind == "smooth" else side


def _estimate(side: Measured) -> Estimate:
    return Estimate(side.value, side.bound, side.rounding)


class _Neighbourhood:
    """A function around a point."""

    def __init__(self, f: Callable[[float], float], x: float, rounding: float, known: dict[float, float]) -> None:
        self.f, self.x, self.rounding, self.known = f, x, rounding, known
        self.centre = self._at(x)
        largest = max(abs(x), 1.0) / RATIO
        sizes = [largest] if abs(x) >= 1e-3 or not x else [largest, abs(x) / RATIO]
        self.steps = sorted({size * RATIO**-k for size in sizes for k in range(STEPS)} - {0.0})

    def _at(self, x: float) -> float:
        if x not in self.known:
            try:
                result = self.f(x)
            except (ArithmeticError, ValueError):
                result = math.nan
            self.known[x] = math.nan if isinstance(result, complex) else float(result)  # (-1.0) ** 1.5 is complex
        return self.known[x]

    def _difference(self, high: float, low: float) -> Estimate | None:
        """Return the slope of the line through two points, and what rounding may do to it."""
        if high == low:
            return None
        f_high, f_low = self._at(high), self._at(low)
        if not (math.isfinite(f_high) and math.isfinite(f_low)):
            return None
        rounding = 2.0 * (self.rounding + EPS * max(abs(f_high), abs(f_low)) + TINY) / (high - low)
        return Estimate((f_high - f_low) / (high - low), rounding, rounding)

    def central(self, h: float) -> Estimate | None:
        """Return the central difference; None outside the domain."""
        return self._difference(self.x + h, self.x - h)

    def confirmed(self, expected: float, h: float) -> Estimate | None:
        """Return the central difference of a step if it confirms a derivative well, and its two halves are alike."""
        seen = self.central(h)
        if seen is None or not seen.rounding <= 10.0 * RELATIVE * abs(expected):
            return None
        close = agrees(seen.value, expected, RELATIVE * abs(expected) + seen.rounding)
        return seen if close and self.bend(h) <= 1e-3 * abs(expected) + 4.0 * seen.rounding else None

    def bend(self, h: float) -> float:
        """Return how far the slopes to both sides differ; of a smooth function it falls as h does."""
        return abs((self._at(self.x + h) - self.centre) - (self.centre - self._at(self.x - h))) / h

    def bends(self) -> list[tuple[float, float, bool]]:
        """Return every step within the domain with the bend there, and whether that is more than rounding."""
        by_step = []
        for h in self.steps:
            if (seen := self.central(h)) is not None:
                bend = self.bend(h)
                by_step.append((h, bend, bend > 20.0 * seen.rounding))
        return by_step

    def near(self) -> list[float]:
        """Return the steps, in rising order, within which the function bends as it does at the point.

        Further out its slope has nothing to do with the one here: far from a narrow bell all differences are 0.
        """
        bends = self.bends()
        for k, ((_, before, clear), (_, after, too)) in enumerate(zip(bends, bends[1:])):
            if clear and too and not RATIO**0.4 < after / before < RATIO**1.6:
                return [h for h, _, _ in bends[: max(k, 3)]]
        return [h for h, _, _ in bends]

    def has_kink(self) -> bool:
        """Whether the sides differ by the same at the smallest steps that show a difference at all."""
        clear = [bend for _, bend, above in self.bends() if above][:4]
        return len(clear) == 4 and all(RATIO**-0.4 < b / a < RATIO**0.4 for a, b in zip(clear, clear[1:]))

    def side(self, sign: float) -> Measured | None:
        """Return what the differences to one side say; None if the function is not defined there."""
        one_sided = [
            self._difference(self.x + h, self.x) if sign > 0 else self._difference(self.x, self.x - h)
            for h in self.steps
        ]
        seen = [estimate for estimate in one_sided if estimate is not None]
        if len(seen) < 3:
            return None
        growth = _growth(seen[:7])
        if growth > RATIO**0.7:  # the slopes grow as 1 / h
            return Measured(math.nan, kind="jump")
        if growth > RATIO**0.1:  # as some power of it, and without end
            return Measured(math.copysign(math.inf, seen[0].value), kind="steep")
        narrowest = _narrowest(one_sided)
        return None if narrowest is None else Measured(*narrowest)


def _rest(change: float, before: float) -> float:
    """Return what may be left of an error, from how it changed to the next smaller step and from the next larger one.

    An error of h**p falls by q = RATIO**p from step to step, and so do its changes: what is left is the last change
    times q / (q - 1).  Where the changes do not fall they are rounding, and one of them may be small by luck.
    """
    if before <= change:
        return change
    return max(before, min(SLOWEST, change / (before - change)) * before)


def _growth(smallest: Sequence[Estimate]) -> float:
    """Return by how much at least the slope grows from each of the smallest steps to the next smaller; 0 if unclear."""
    if len(smallest) < 5 or not all(abs(e.value) > 10.0 * e.bound for e in smallest):
        return 0.0
    return min([a.value / b.value for a, b in zip(smallest, smallest[1:])])


def _narrowest(estimates: Sequence[Estimate | None]) -> Estimate | None:
    """Return the narrowest estimate that no estimate from smaller steps contradicts; steps are in rising order."""
    narrowest: Estimate | None = None
    seen = [estimate for estimate in estimates if estimate is not None]
    for smaller, middle, larger in zip([*seen[:1], *seen], seen, seen[1:]):
        before = abs(larger.value - middle.value)
        rest = SLOWEST * before if smaller is middle else _rest(abs(middle.value - smaller.value), before)
        estimate = Estimate(middle.value, rest + middle.rounding, middle.rounding)
        if narrowest is not None and narrowest.contradicts(estimate):
            break
        if narrowest is None or estimate.bound < narrowest.bound:
            narrowest = estimate
    return narrowest
