"""The error function of arrays: SciPy's where that is installed, else by a table of polynomials.

>>> print(np.round(erf(np.array([-np.inf, -0.5, 0.0, 1.0])), 8))
[-1.         -0.52049988  0.          0.84270079]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

TWO_OVER_SQRT_PI = 1.1283791670955126
PER_UNIT = 4096  # polynomials of degree 3, each about a multiple of 1 / 4096
TO_NEAREST = 1.5 * 2.0**52 / PER_UNIT  # a float this large is rounded to such a multiple
NUMBER = 2**15 - 1  # of its bits, those that say which multiple it is
BEYOND = 6.0  # from where on the function is 1.0
FEW = 130  # elements that take less time one by one
VERY_FEW = 16  # elements for which SciPy is not imported, which takes a tenth of a second
AT_ONCE = 4096  # elements whose intermediate results stay in a processor's cache
_of_each = np.frompyfunc(math.erf, 1, 1)


def erf(x: Any, out: Any = None) -> Any:
    """Return the error function of every element of an array of floats.

    Parameters
    ----------
    x
        An array of floats, or one number.
    out
        Where the result goes; by default, a new array of the type of `x`.
    """
    if np.size(x) < VERY_FEW or np.asarray(x).dtype.itemsize > np.dtype(float).itemsize:
        return by_polynomials(x, out)
    return _implementation()(x, out)


@cache
def _implementation() -> Callable[[Any, Any], Any]:
    """Return SciPy's function, once something is computed by it: importing it takes longer than lifting."""
    try:
        function: Callable[[Any, Any], Any] = import_module("scipy.special").erf
    except ImportError:
        return by_polynomials
    return function


def by_polynomials(x: Any, out: Any = None) -> Any:
    """Return what `erf` does, without SciPy."""
    x = np.asarray(x)
    result = np.empty(x.shape, np.result_type(x.dtype, np.float32)) if out is None else out
    if x.size < FEW:
        result[...] = _of_each(x)
        return result
    flat, places = x.reshape(-1), np.empty(x.size, result.dtype)
    for start in range(0, x.size, AT_ONCE):
        _about_nearest(flat[start : start + AT_ONCE], places[start : start + AT_ONCE])
    np.copyto(result, places.reshape(x.shape))
    return result


def _about_nearest(x: Any, result: Any) -> None:
    """Write the polynomial about the nearest point that has one; that about zero is odd, as the function is."""
    size = np.abs(x).astype(float, copy=False)
    np.minimum(size, BEYOND, out=size)
    y = size + TO_NEAREST
    row = y.view(np.int64) & NUMBER  # of NaN, any
    y -= TO_NEAREST
    size -= y
    cubic, *lower = _coefficients()
    cubic.take(row, None, y, "clip")
    term = np.empty_like(y)
    for coefficients in lower:
        y *= size
        coefficients.take(row, None, term, "clip")
        y += term
    np.copysign(y, x, out=result, casting="same_kind")


@cache
def _coefficients() -> list[npt.NDArray[np.float64]]:
    """Return the coefficients about every point, the highest first: Taylor's, with a square for the fourth power.

    On the 1/4096 about a point, d**4 is nowhere further from d**2 / 8192**2 than 8192**-4 / 4.
    """
    points = np.arange(int(BEYOND * PER_UNIT) + 1) / PER_UNIT
    squares, slope = points * points, TWO_OVER_SQRT_PI * np.exp(-points * points)
    cubic, quartic = slope * (2.0 * squares - 1.0) / 3.0, slope * points * (3.0 - 2.0 * squares) / 6.0
    values = np.array([math.erf(c) for c in points.tolist()])
    return [cubic, quartic / (2.0 * PER_UNIT) ** 2 - points * slope, slope, values]
