"""Somebody's code once more with other roundings: what they do to each number that it returns.

Every result is off by some units, as many as its own bits and its operands' say, so that what is computed twice stays
equal (Parker, *Monte Carlo Arithmetic*, 1997).  What cancels is seen so wherever it does, and a mistake does not move.

>>> def slope(x):
...     p = 1.0 / (1.0 + np.exp(-x))
...     return [p * (1.0 - p), p]
>>> x = np.array([30.0])
>>> cancelled, other = spread_of(slope, [x], slope(x))
>>> cancelled > 1e-4 * np.exp(-30.0), other < 1e-14
(array([ True]), array([ True]))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn.samples import Array

MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)  # odd: each is a run
UNITS = 16.0  # that a number is off by, or up to three times as many: two of them seldom cancel
EXACT = {"negative", "positive", "absolute", "fabs", "maximum", "minimum", "fmax", "fmin", "sign", "copysign"}
EXACT |= {"floor", "ceil", "rint", "trunc"}  # what rounds nothing
OF_INTEGERS = {"add", "subtract", "multiply", "matmul", "square"}  # what rounds nothing where these are integers
PRODUCTS = {"dot", "inner", "outer", "vdot", "tensordot", "einsum", "convolve"}


class Perturbed(np.ndarray):
    """An array whose every function is off by some units of rounding."""

    multiplier = MULTIPLIERS[0]

    def __array_finalize__(self, like: Any) -> None:
        """Take what decides on the roundings from the array that this one is made of."""
        self.multiplier = getattr(like, "multiplier", self.multiplier)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Return what a function makes of plain arrays, each number off by some units if the function rounds."""
        plain = [_plain(x) for x in inputs]
        if out is not None:
            kwargs["out"] = tuple(_plain(x) for x in out)
        results = getattr(ufunc, method)(*plain, **kwargs)
        if method == "at" or ufunc.__name__ in EXACT or (ufunc.__name__ in OF_INTEGERS and _are_integers(plain)):
            rounded = results
        else:
            several = results if isinstance(results, tuple) else (results,)
            is_each = method == "__call__" and ufunc.signature is None
            by = [_bits(x) if is_each else np.bitwise_xor.reduce(_bits(x), axis=None) for x in plain]
            moved = tuple(self._moved(x, by) for x in several)
            rounded = moved if isinstance(results, tuple) else moved[0]
        if out is None:
            return self._of(rounded)
        for target, x in zip(out, rounded if isinstance(rounded, tuple) else (rounded,)):
            _plain(target)[...] = x
        return out if isinstance(results, tuple) else out[0]

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Return what a function makes of the array; products that are no ufuncs round, too."""
        result = super().__array_function__(func, types, args, kwargs)
        is_product = func.__name__ in PRODUCTS or func.__module__.startswith("numpy.linalg")
        return self._of(self._moved(_plain(result), ())) if is_product and isinstance(result, Perturbed) else result

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the numbers in another precision: a lower one rounds."""
        narrow = _plain(self).astype(dtype, *args, **kwargs)
        return self._of(narrow if narrow.dtype.itemsize >= self.dtype.itemsize else self._moved(narrow, ()))

    def __getitem__(self, key: Any) -> Any:
        """Return entries; one alone as an array that rounds as this one does."""
        return self._of(super().__getitem__(key))

    def _of(self, x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(map(self._of, x))
        if not isinstance(x, (np.ndarray, np.floating)) or x.dtype.kind != "f":
            return x
        perturbed = np.asanyarray(x).view(Perturbed)
        perturbed.multiplier = self.multiplier
        return perturbed

    def _moved(self, x: Any, by: Sequence[Any]) -> Any:
        """Return numbers off by some units, told by their bits and by those of the operands that they come from."""
        if not isinstance(x, (np.ndarray, np.floating)) or x.dtype.kind != "f":
            return x
        bits = _bits(x)
        for operand in by:
            bits = bits * np.uint64(MULTIPLIERS[-1]) ^ operand
        drawn = (((bits ^ bits >> np.uint64(29)) * np.uint64(self.multiplier)) >> np.uint64(32)) / 2.0**31 - 1.0
        times = 1.0 + UNITS * np.finfo(x.dtype).eps * (np.sign(drawn) + 2.0 * drawn)
        return np.asarray(x * times.reshape(x.shape), x.dtype)


def _bits(x: Any) -> Any:
    return np.array(x, np.float64, ndmin=1).view(np.uint64)


def spread_of(
    f: Callable[..., Sequence[Any]], arrays: Sequence[Any], known: Sequence[Any], runs: int = len(MULTIPLIERS)
) -> list[Array]:
    """Return how far a unit of rounding moves each array of several that a function of arrays returns.

    Parameters
    ----------
    f, arrays
        The function, and what it takes: arrays of floats are perturbed, everything else is as it is.
    known
        What it returned.
    runs
        How many ways of rounding are tried, at most four; with 0 it is how far the function moves by itself.
    """
    several = [[_perturbed(x, multiplier) for x in arrays] for multiplier in MULTIPLIERS[:runs]] or [list(arrays)]
    moved = [[np.abs(np.asarray(x, float) - was) / UNITS for x, was in zip(f(*there), known)] for there in several]
    return [np.maximum.reduce(run) for run in zip(*moved)]


def _perturbed(x: Any, multiplier: int) -> Any:
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return x
    perturbed = x.copy().view(Perturbed)
    perturbed.multiplier = multiplier
    return perturbed


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Perturbed) else x


def _are_integers(operands: Sequence[Any]) -> bool:
    """Whether all operands are integers, whose sums and products are exact."""
    return all(bool(np.all(np.rint(x) == x)) for x in operands)
