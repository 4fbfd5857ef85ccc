"""Numbers that the compiler folds: the exact fraction goes along, and is rounded once, where it is printed.

>>> product = fold("multiply", 0.1, 3.0)
>>> product, product.fraction - Fraction(0.3)
(0.30000000000000004, Fraction(1, 36028797018963968))
>>> fold("multiply", 2.0, 3.0)
6.0
>>> fold("multiply", 1e200, 1e200) is None
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from operator import add, mul, sub, truediv

ARITHMETIC: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "add": add, "subtract": sub, "multiply": mul, "divide": truediv,
}  # fmt: skip


class Folded(float):
    """The float nearest to a fraction that no float is; in computations it is that float."""

    __slots__ = ("fraction",)
    fraction: Fraction


def exactly(x: float) -> Fraction:
    """Return the number that a finite float stands for."""
    return x.fraction if isinstance(x, Folded) else Fraction(x)


def fold(op: str, x: float, y: float) -> float | None:
    """Return ``x op y``, or None where it is better done later: out of the range of floats, or not finite."""
    if not (math.isfinite(x) and math.isfinite(y)) or (op == "divide" and not y):
        return None
    fraction = ARITHMETIC[op](exactly(x), exactly(y))
    return rounded(fraction) if fraction else _zero(op, float(x), float(y))


def _zero(op: str, x: float, y: float) -> float:
    """Return ``x op y``, which is exactly zero, with the sign that IEEE 754 gives it."""
    if op in ("multiply", "divide"):
        return math.copysign(0.0, math.copysign(1.0, x) * math.copysign(1.0, y))
    return -0.0 if not x and told_apart((x,)) == told_apart((y if op == "add" else -y,)) == ((0.0, -1.0),) else 0.0


def told_apart(numbers: Iterable[float]) -> tuple[tuple[float, float], ...]:
    """Return numbers as a key that tells 0.0 from -0.0, which are equal.

    >>> told_apart([0.0]) == told_apart([-0.0])
    False
    """
    return tuple([(x, math.copysign(1.0, x)) for x in numbers])


def negated(x: float) -> float:
    """Return -x, with its fraction."""
    if not isinstance(x, Folded):
        return -x
    folded = Folded(-float(x))
    folded.fraction = -x.fraction
    return folded


def rounded(fraction: Fraction) -> float | None:
    """Return the float nearest to a fraction, which goes along where they differ; None beyond the range of floats."""
    try:
        nearest = float(fraction)
    except OverflowError:
        return None
    if Fraction(nearest) == fraction:
        return nearest
    if abs(nearest) < MOST_ACCURATE:
        return None
    folded = Folded(nearest)
    folded.fraction = fraction
    return folded


MOST_ACCURATE = 2.0**-1021  # smaller floats have fewer digits
