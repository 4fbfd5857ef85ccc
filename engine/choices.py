"""The calculus of choices: operations that are pieces of others, put together at ties, bounds and whole numbers.

They are rules as those of `engine.rules` are, written and entered alike.  What a piece does not reach gets a cotangent
of 0, and where two meet the table of rules says which of them counts.

>>> import engine
>>> engine.floor(-1.5), engine.remainder(-1.5, 1.0), engine.largest([1.0, 3.0, 2.0])
(-2.0, 0.5, 3.0)
>>> engine.grad(engine.largest)([3.0, 1.0, 3.0])
[0.5, 0.0, 0.5]
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import calls, rules, sums
from engine.rule import RULES, rule
from engine.rules import ANYWHERE, divide, stop_gradient, total, where

if TYPE_CHECKING:
    from engine.rules import N

# --- whole numbers -------------------------------------------------------------------------------------------

FLAT = "flat on either side"


def _by(ufunc: Callable[[float], Any]) -> Callable[[float], float]:
    """Return NumPy's function of one float, which keeps -0.0, inf and NaN where Python's gives an int."""
    return lambda x: float(ufunc(x))


BETWEEN = [(-2.3,), (0.3,), (1.7,)]
RATIOS = [(2.3, 0.7), (-0.5, 1.5), (2.0, -0.75)]


@rule(_by(np.floor), np.floor, at=BETWEEN, differentiable=False, kinks=[((1.0,), (0.0,), FLAT)])
def floor(g: N) -> tuple[N | float]:
    """The whole number below, or `x` itself where it is one; dz/dx = 0."""
    return (0.0,)


@rule(_by(np.ceil), np.ceil, at=BETWEEN, differentiable=False, kinks=[((1.0,), (0.0,), FLAT)])
def ceil(g: N) -> tuple[N | float]:
    """The whole number above, or `x` itself where it is one; dz/dx = 0."""
    return (0.0,)


@rule(_by(np.trunc), np.trunc, at=BETWEEN, differentiable=False, kinks=[((1.0,), (0.0,), FLAT)])
def trunc(g: N) -> tuple[N | float]:
    """The whole number towards 0, or `x` itself where it is one; dz/dx = 0."""
    return (0.0,)


@rule(_by(np.rint), np.rint, at=BETWEEN, differentiable=False, kinks=[((0.5,), (0.0,), FLAT)])
def rint(g: N) -> tuple[N | float]:
    """The nearest whole number, of two equally near ones the even; dz/dx = 0."""
    return (0.0,)


@rule(operator.floordiv, np.floor_divide, infix=("//", 5), at=RATIOS, differentiable=False)
def floor_divide(g: N) -> tuple[N | float, N | float]:
    """The whole number below x / y; dz/dx = 0, dz/dy = 0."""
    return 0.0, 0.0


@rule(
    operator.mod,
    np.remainder,
    infix=("%", 5),
    at=RATIOS,
    kinks=[((2.0, 1.0), (1.0, -2.0), "PyTorch: the side where the remainder begins at 0")],
)
def remainder(x: N, y: N, g: N) -> tuple[N, N]:
    """What `floor_divide` leaves over, of the sign of y; dz/dx = 1, dz/dy = -floor(x / y)."""
    return g, -g * floor_divide(x, y)


@rule(
    lambda x: float((x > 0.0) - (x < 0.0)),
    lambda x: where(x > 0.0, 1.0, where(x < 0.0, -1.0, 0.0)),
    at=ANYWHERE,
    differentiable=False,
    kinks=[((0.0,), (0.0,), "flat on either side")],
)
def sign(g: N) -> tuple[N | float]:
    """-1, 0 or 1; dz/dx = 0."""
    return (0.0,)


# --- the larger and the smaller ------------------------------------------------------------------------------

TIES = "PyTorch: ties share"


def _maximum(x: float, y: float) -> float:
    return x if x > y or x != x else y if y > x or y != y else x + 0.0 if x else x + y


def _minimum(x: float, y: float) -> float:
    return x if x < y or x != x else y if y < x or y != y else x if x else -(-x - y)


@rule(_maximum, np.maximum, at=[(2.0, -3.0), (-0.5, 1.5)], kinks=[((1.0, 1.0), (0.5, 0.5), TIES)])
def maximum(x: N, y: N, g: N) -> tuple[N, N]:
    """The larger; dz/dx = 1 where x > y, 1/2 where x = y, else 0."""
    half = where(x == y, 0.5 * g, g)
    return where(x < y, 0.0, half), where(y < x, 0.0, half)


@rule(_minimum, np.minimum, at=[(2.0, -3.0), (-0.5, 1.5)], kinks=[((1.0, 1.0), (0.5, 0.5), TIES)])
def minimum(x: N, y: N, g: N) -> tuple[N, N]:
    """The smaller; dz/dx = 1 where x < y, 1/2 where x = y, else 0."""
    half = where(x == y, 0.5 * g, g)
    return where(x > y, 0.0, half), where(y > x, 0.0, half)


def _clip(x: float, low: float, high: float) -> float:
    x = low if x < low else x
    return high if x > high else x


@rule(
    _clip,
    lambda x, low, high: np.minimum(np.maximum(x, low), high),
    at=[(-2.0, -1.0, 1.0), (0.3, -1.0, 1.0), (1.7, -1.0, 1.0)],
    operands=("x", "low", "high"),
    calls=calls.bounded,
    kinks=[
        ((1.0, -1.0, 1.0), (1.0, 0.0, 0.0), "PyTorch: the bounds belong to the inside"),
        ((-1.0, -1.0, 1.0), (1.0, 0.0, 0.0), "PyTorch: the bounds belong to the inside"),
    ],
)
def clip(x: N, low: N, high: N, g: N) -> tuple[N, N, N]:
    """x, held between low and high; dz/dx = 1 inside and on the bounds, else 0, and there the bound's is 1."""
    inside = where(x < low, 0.0, where(x > high, 0.0, g))
    return inside, where((x < low) & (low <= high), g, 0.0), where((x > high) | (low > high), g, 0.0)


@rule(sums.largest, np.max, at=[(0.5,), (1.0, -2.0, 0.3), (2.0, 1.0)], kinks=[((1.0, 1.0, 1.0), (1 / 3,) * 3, TIES)])
def largest(xs: Sequence[N], z: N, g: N) -> tuple[N | float, ...]:
    """The largest operand; dz/dx = 1 / n for each of the n that are as large, 0 for the others."""
    share = divide(g, total([where(x < z, 0.0, 1.0) for x in xs]))
    return tuple([where(x < z, 0.0, share) for x in xs])


@rule(sums.largest, np.max, at=[(0.5,), (1.0, -2.0, 0.3), (2.0, 1.0)], differentiable=False)
def shift(n: int, g: N) -> tuple[N | float, ...]:
    """The largest operand, as a constant that softmax subtracts from all; dz/dx = 0 by definition."""
    return (0.0,) * n


# --- entries of a table --------------------------------------------------------------------------------------


def _select(xs: Sequence[float]) -> float:
    return xs[int(xs[-1])]


BETWEEN_INDICES = [(0.5, 0.5), (1.0, -2.0, 0.3, 2.5), (2.0, 2.0, 1.5)]


@rule(_select, _select, calls=lambda _: calls.select, analytic=False, at=BETWEEN_INDICES)
def select(xs: Sequence[Any], g: N) -> tuple[N | float, ...]:
    """The entry of a table that the last operand, an integer, says; dz/dx = 1 for it, 0 for the others."""
    chosen = int(stop_gradient(xs[-1]))
    return tuple([g if i == chosen else 0.0 for i in range(len(xs) - 1)] + [0.0])


if not TYPE_CHECKING:  # type checkers and editors read the names themselves
    __all__ = [name for name in RULES if name not in rules.__all__]
