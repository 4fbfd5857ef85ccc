"""What NumPy's ufuncs that are no rule do with one number, which is a float, a Value or an undecided comparison.

>>> [apply("fmax", math.nan, 2.0), apply("heaviside", -1.0, 0.5), apply("signbit", -0.5)]
[2.0, 0.0, True]
>>> from engine import Value
>>> apply("isnan", Value(math.nan)), apply("degrees", Value(math.pi)).data
(True, 180.0)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

import engine.functions as fn
from engine.arguments import described
from engine.conditions import Condition
from engine.number import as_float
from engine.operands import is_value
from engine.rules import abs as absolute

LN2 = math.log(2.0)
COMPOSED: dict[str, Callable[..., Any]] = {}
"""The name of a ufunc that is no rule -> what it does with numbers."""

ANSWERS_TRUTH: set[str] = set()
"""Those of them that answer with a bool or a condition."""


def as_element(x: Any) -> Any:
    """Return a number as a Value or a float; an undecided comparison counts as 1 or 0.

    Raises
    ------
    TypeError
        If it is no real number.
    """
    if x.__class__ is float or is_value(x):
        return x
    return x.where(1.0, 0.0) if isinstance(x, Condition) else as_float(x, "an array of Values")


def primal(x: Any) -> float:
    """Return the number itself, for what needs no derivative: whoever uses it certifies by comparisons that it may."""
    return float(x._data) if is_value(x) else float(x)


def holds(x: Any) -> Any:
    """Return whether a number is not zero: a bool, or a condition."""
    return x if isinstance(x, (Condition, bool, np.bool_)) else as_element(x) != 0.0


def inverted(x: Any) -> Any:
    """Return the opposite of a bool or a condition."""
    return ~x if isinstance(x, Condition) else not x


def choose(condition: Any, x: Any, y: Any) -> Any:
    """Return `x` where the condition holds, else `y`; undecided, the choice is a node."""
    condition = holds(condition)
    if isinstance(condition, Condition):
        return condition.where(as_element(x), as_element(y))
    return x if condition else y


def isnan(x: Any) -> Any:
    """Return whether a number is NaN: a bool, or a condition."""
    return inverted(absolute(as_element(x)) <= math.inf)


def apply(name: str, *xs: Any) -> Any:
    """Do what a ufunc that is no rule does with numbers."""
    return COMPOSED[name](*xs)


def _composed(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def enter(f: Callable[..., Any]) -> Callable[..., Any]:
        COMPOSED.update(dict.fromkeys(names, f))
        return f

    return enter


def _answers(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    ANSWERS_TRUTH.update(names)
    return _composed(*names)


def _compares(relation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compare(x: Any, y: Any) -> Any:
        return relation(x if is_value(x) else as_element(x), y if is_value(y) else as_element(y))

    return compare


for _relation in ("lt", "le", "gt", "ge"):
    _name = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}[_relation]
    _answers(_name)(_compares(getattr(operator, _relation)))


@_answers("equal")
def _equal(x: Any, y: Any) -> Any:
    return x == y


@_answers("not_equal")
def _not_equal(x: Any, y: Any) -> Any:
    return x != y


@_answers("logical_and")
def both(x: Any, y: Any) -> Any:
    """Return whether both hold."""
    return holds(x) & holds(y)


@_answers("logical_or")
def either(x: Any, y: Any) -> Any:
    """Return whether one holds."""
    return holds(x) | holds(y)


@_answers("logical_xor")
def _one_alone(x: Any, y: Any) -> Any:
    return holds(x) ^ holds(y)


@_answers("logical_not")
def _untrue(x: Any) -> Any:
    return inverted(holds(x))


def _bits(symbol: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """Return what ``&`` and its like do with comparisons; of numbers they are not defined."""

    def checked(x: Any) -> Any:
        if isinstance(x, (Condition, bool, np.bool_)):
            return x
        raise TypeError(f"{symbol} of {described(x)} is not defined. Compare first: (x > 0) {symbol} (y > 0).")

    def of_one(x: Any) -> Any:
        return f(checked(x))

    def of_two(x: Any, y: Any) -> Any:
        return f(checked(x), checked(y))

    return of_one if symbol == "~" else of_two


_answers("bitwise_and")(_bits("&", both))
_answers("bitwise_or")(_bits("|", either))
_answers("bitwise_xor")(_bits("^", _one_alone))
_answers("invert")(_bits("~", _untrue))


_answers("isnan")(isnan)


@_answers("isfinite")
def _isfinite(x: Any) -> Any:
    return absolute(as_element(x)) < math.inf


@_answers("isinf")
def _isinf(x: Any) -> Any:
    return absolute(as_element(x)) == math.inf


@_answers("signbit")
def _signbit(x: Any) -> Any:
    x = as_element(x)
    return (x < 0.0) | (fn.divide(1.0, x) == -math.inf)  # as of -0.0


@_composed("positive", "conjugate")
def _itself(x: Any) -> Any:
    return as_element(x)


@_composed("fabs")
def _absolute(x: Any) -> Any:
    return absolute(as_element(x))


@_composed("deg2rad", "radians")
def _radians(x: Any) -> Any:
    return as_element(x) * (math.pi / 180.0)


@_composed("rad2deg", "degrees")
def _degrees(x: Any) -> Any:
    return as_element(x) * (180.0 / math.pi)


@_composed("logaddexp2")
def _logaddexp2(x: Any, y: Any) -> Any:
    return fn.logaddexp(as_element(x) * LN2, as_element(y) * LN2) / LN2


@_composed("fmax")
def _fmax(x: Any, y: Any) -> Any:
    return choose(isnan(x), y, choose(isnan(y), x, fn.maximum(as_element(x), as_element(y))))


@_composed("fmin")
def _fmin(x: Any, y: Any) -> Any:
    return choose(isnan(x), y, choose(isnan(y), x, fn.minimum(as_element(x), as_element(y))))


@_composed("fmod")
def _fmod(x: Any, y: Any) -> Any:
    x = as_element(x)
    left_over = fn.remainder(absolute(x), absolute(as_element(y)))
    return choose(x < 0.0, -left_over, left_over)


@_composed("heaviside")
def _heaviside(x: Any, y: Any) -> Any:
    x = as_element(x)
    return choose(x < 0.0, 0.0, choose(x > 0.0, 1.0, choose(isnan(x), x, y)))


@_composed("copysign")
def _copysign(x: Any, y: Any) -> Any:
    size = absolute(as_element(x))
    return choose(_signbit(y), -size, size)
