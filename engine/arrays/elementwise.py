"""NumPy's functions of one number that are no ufuncs: rounding, sinc, and what is trivial of real numbers.

>>> from engine.arrays.array import array
>>> np.sinc(array([0.0, 0.5])).round(3), np.real(array([1.0]))
(ValueArray([1.0, 0.637], dtype=object), ValueArray([1.0], dtype=object))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import engine.functions as fn
from engine.arrays.elements import as_element, choose
from engine.arrays.loops import element, over_arrays
from engine.arrays.plain import into, objects, settled
from engine.arrays.table import written

SINC_TERMS = 12  # of its series, which is exact to the last place where |pi x| < 1


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return over_arrays(lambda item: f(as_element(item)), 1)(objects(x))


@written("round", "around", "round_")
def rounded(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Round to a number of decimals, half to even; its derivative is 0."""
    rint, scale = element("rint"), 10.0**decimals
    return into(out, _each((lambda x: rint(x * scale) / scale) if decimals else rint, a), "round")


@written("fix")
def fix(x: Any, out: Any = None) -> Any:
    """Round towards 0."""
    return into(out, _each(element("trunc"), x), "fix")


@written("sinc")
def sinc(x: Any) -> Any:
    """Return sin(pi x) / (pi x); near 0 by its series, so that every derivative is right there."""
    return _each(_sinc, x)


def _sinc(x: Any) -> Any:
    angle = math.pi * x
    squared, series = angle * angle, 0.0
    for k in reversed(range(SINC_TERMS)):
        series = series * squared + (-1.0) ** k / math.factorial(2 * k + 1)
    near = squared < 1.0
    return choose(near, series, fn.divide(fn.sin(angle), choose(near, 1.0, angle)))


@written("angle")
def angle(z: Any, deg: bool = False) -> Any:
    """Return the angle of real numbers in the plane: 0, or half a turn where they are negative."""
    return _each(lambda x: choose(x < 0.0, 180.0 if deg else math.pi, 0.0), z)


@written("real", "real_if_close")
def real(val: Any, tol: Any = 100) -> Any:
    """Return the array itself: Values are real."""
    return objects(val)


@written("imag")
def imag(val: Any) -> Any:
    """Return zeros."""
    return np.zeros(np.shape(objects(val)))


@written("isreal")
def isreal(x: Any) -> Any:
    """Return True everywhere."""
    return np.ones(np.shape(objects(x)), dtype=bool)


@written("iscomplex")
def iscomplex(x: Any) -> Any:
    """Return False everywhere."""
    return np.zeros(np.shape(objects(x)), dtype=bool)


@written("isposinf")
def isposinf(x: Any, out: Any = None) -> Any:
    """Say where numbers are infinite and positive."""
    return into(out, settled(_each(lambda item: item == math.inf, x)), "isposinf")


@written("isneginf")
def isneginf(x: Any, out: Any = None) -> Any:
    """Say where numbers are infinite and negative."""
    return into(out, settled(_each(lambda item: item == -math.inf, x)), "isneginf")
