"""Choices as Python's conditions: what a choice comes to where two numbers decide it, the smaller known.

>>> a, b = Expr("a"), Expr("b")
>>> for case in outcomes(Expr.call("maximum", a, b)):
...     print(*case, sep=": ")
b < a: a
a < b: b
>>> print(*[outcome for _, outcome in outcomes((a < b).where(0.0, Expr.call("equal", a, b).where(1.0, Expr("g"))))])
0.0 g

What neither case covers, ties of two kinds and what is not a number, is left to the function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.lifting.expr import Expr, show
from engine.lifting.ops import COMPARISONS

LESS, EQUAL, GREATER = -1, 0, 1  # how the first of two numbers is to the second
ZERO = Expr(0.0)
OF_NUMBERS: dict[str, Callable[[Expr, Expr], tuple[Expr, Expr]]] = {  # outcomes where the first is less, and greater
    "maximum": lambda a, b: (b, a),
    "minimum": lambda a, b: (a, b),
    "relu": lambda a, b: (b, a),
    "abs": lambda a, b: (-a, a),
}
CHOICES = ("where", *OF_NUMBERS)


def deciding(expr: Expr) -> tuple[Expr, Expr]:
    """Return the two numbers that decide a choice; of a condition that compares none, itself and 1.0."""
    if expr.op != "where":
        return expr.args[0], expr.args[1] if len(expr.args) > 1 else ZERO
    condition = _compared(expr.args[0])
    return (condition.args[0], condition.args[1]) if condition.op in COMPARISONS else (condition, Expr(1.0))


def outcomes(expr: Expr) -> list[tuple[Expr, Expr]]:
    """Return conditions, each with what the choice is where it holds; no two of them hold at once."""
    a, b = deciding(expr)
    if expr.op in OF_NUMBERS:
        less, greater = OF_NUMBERS[expr.op](a, b)
        return [(b < a, greater), (a < b, less)]
    if _compared(expr.args[0]).op not in COMPARISONS:
        return [(Expr.call("equal", a, b), expr.args[1]), (Expr.call("equal", a, ZERO), expr.args[2])]
    pair = show(a), show(b)
    less, equal, greater = [_outcome(expr, pair, order) for order in (LESS, EQUAL, GREATER)]
    with_less, with_greater = show(equal) == show(less), show(equal) == show(greater)
    return [(a <= b if with_less else a < b, less), (b <= a if with_greater and not with_less else b < a, greater)]


def _compared(condition: Expr) -> Expr:
    """Return a condition itself, which may have been made a number."""
    return condition.args[0] if condition.op == "float" else condition


def _outcome(expr: Expr, pair: tuple[str, str], order: int) -> Expr:
    """Return what a choice is where the order of two numbers is known; choices within it may be by the same two."""
    condition = _compared(expr.args[0]) if expr.op == "where" else expr
    if condition.op not in COMPARISONS:
        return expr
    names = show(condition.args[0]), show(condition.args[1])
    if names not in (pair, pair[::-1]):
        return expr
    here = order if names == pair else -order
    holds = {"less": here < 0, "less_equal": here <= 0, "equal": here == 0}[condition.op]
    return _outcome(expr.args[1 if holds else 2], pair, order)


def with_names(expr: Expr, names: Mapping[str, Expr]) -> Expr:
    """Return an expression with names in the places of what is written as they say."""
    if not names or not expr.op:
        return expr
    known = names.get(show(expr))
    return known or Expr(None, expr.op, tuple([with_names(arg, names) for arg in expr.args]))
