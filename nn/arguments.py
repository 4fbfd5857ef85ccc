"""What an argument may be, and one sentence where it is something else.

>>> whole("epochs", -3, "the passes over the data", least=0)
Traceback (most recent call last):
ValueError: epochs=-3 is the passes over the data; use 0 or more.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np


def whole(name: str, x: Any, what: str, *, least: int) -> int:
    """Return a whole number.

    Parameters
    ----------
    name, x, what
        What it is called, what was given, and what it is, for the message.
    least
        The smallest that it may be.

    Raises
    ------
    TypeError, ValueError
        If it is none, or smaller than `least`.
    """
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Integral):
        raise TypeError(f"{name}={shown(x)} is {what}; use a whole number, {least} or more.")
    if x < least:
        raise ValueError(f"{name}={x} is {what}; use {least} or more.")
    return int(x)


def number(name: str, x: Any, wanted: str, low: float = 0.0, high: float = math.inf, *, open_at: str = "") -> float:
    """Return a number in a range.

    Parameters
    ----------
    name, x
        What it is called, and what was given.
    wanted
        What to pass, for the message.
    low, high, open_at
        The range, and which of its ends ("low", "high" or "low high") are not in it; infinity never is.

    Raises
    ------
    TypeError, ValueError
        If it is none, or outside.
    """
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, numbers.Real):
        raise TypeError(f"{name}={shown(x)} {wanted}.")
    y = float(x)
    inside = (low < y if "low" in open_at else low <= y) and (y < high if "high" in open_at else y <= high)
    if not inside or math.isinf(y):
        raise ValueError(f"{name}={x} {wanted}.")
    return y


def one_of(name: str, x: Any, known: Iterable[str]) -> str:
    """Return one of some names.

    Raises
    ------
    TypeError, ValueError
        If it is none of them.
    """
    if not isinstance(x, str):
        raise TypeError(f"{name}={shown(x)} is no name; use one of {', '.join(known)}.")
    if x not in known:
        raise ValueError(f"{name}={x!r} is not known; use one of {', '.join(known)}.")
    return x


def truth(name: str, x: Any, *, none: bool = False) -> Any:
    """Return True or False (or None, where that means something).

    Raises
    ------
    TypeError
        If it is anything else.
    """
    if isinstance(x, (bool, np.bool_)) or (none and x is None):
        return x
    raise TypeError(f"{name}={shown(x)}: pass True{', False or None' if none else ' or False'}.")


def shown(x: Any) -> str:
    """Return a value as a message shows it: short, and of arrays their shape."""
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}"
    if isinstance(x, type):
        return f"the class {x.__name__}"
    if callable(x) and hasattr(x, "__name__"):
        return f"the function {x.__name__}"
    text = repr(x)
    return text if len(text) <= 60 and "\n" not in text and " at 0x" not in text else f"<{type(x).__name__}>"
