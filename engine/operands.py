"""What an operation may be computed on: numbers, Values, arrays of them, and whatever computes as they do.

>>> check_operand(2.0, "exp")
>>> check_operand("2", "exp")
Traceback (most recent call last):
...
TypeError: exp of '2' is not defined. Pass a number, a Value or a NumPy array of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arguments import described

REAL = "fiubO"  # kinds of arrays of numbers, and of Values
NUMBERS = (float, int, np.floating, np.integer, np.bool_)


def is_value(x: Any) -> bool:
    """Whether something is a node of a graph; asked of its class, since the closure itself is made when it is read.

    >>> is_value(2.0)
    False
    """
    return hasattr(x.__class__, "pullback")


def as_number(x: Any, name: str) -> float:
    """Return a number as a float; beyond the range of floats it is infinite."""
    if not isinstance(x, NUMBERS):
        raise undefined(name, x)
    try:
        return float(x)
    except OverflowError:  # an integer beyond the range of floats
        return math.inf if x > 0 else -math.inf


def undefined(name: str, x: Any) -> TypeError:
    """Return what is said of an operand that an operation is not defined on."""
    return TypeError(f"{name} of {described(x)} is not defined. Pass a number, a Value or a NumPy array of them.")


def check_operand(x: Any, name: str) -> None:
    """Refuse what is neither a number nor a Value, nor anything that computes as they do."""
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in REAL:
            raise undefined(name, x)
    elif not (isinstance(x, NUMBERS) or is_value(x)) and (
        isinstance(x, (np.generic, type)) or not hasattr(x, "__array_ufunc__")
    ):
        raise undefined(name, x)


def check_operands(x: Any, name: str) -> None:
    """Refuse likewise, and in an array of objects each of them."""
    check_operand(x, name)
    if isinstance(x, np.ndarray) and x.dtype == object:
        for item in x.flat:
            if not hasattr(item, "node"):  # a comparison that a trace keeps
                check_operand(item, name)


def as_operand(x: Any, name: str) -> Any:
    """Return what can be computed with by operators."""
    if x.__class__ is float or is_value(x):
        return x
    check_operands(x, name)
    return as_number(x, name) if isinstance(x, NUMBERS) else x


def check_shapes(name: str, xs: Sequence[Any]) -> None:
    """Refuse arrays of shapes that do not go together."""
    shapes = [x.shape for x in xs if isinstance(x, np.ndarray)]
    if len(shapes) < 2 or all(shape == shapes[0] for shape in shapes):
        return
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        *others, last = map(str, shapes)
        raise ValueError(
            f"{name} of arrays of shapes {', '.join(others)} and {last} is not defined. Pass arrays of one shape."
        ) from None
