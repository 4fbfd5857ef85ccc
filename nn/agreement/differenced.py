"""Somebody's gradients beside differences of the function: along one direction, and with the step that they show.

>>> x, h = np.array([0.5, 1.0]), 1e-3
>>> f, theirs = (lambda x: float(np.sum(np.exp(x)))), np.exp(x) * np.expm1(h) / h
>>> f"{step_of(f, [x], {0: theirs}, {0: np.exp(x)}, WAYS[0]):.6g}"
'0.001'
>>> off_along(f, [x], lambda: {0: np.exp(x)}) < 1e-9, off_along(f, [x], lambda: {0: theirs}) > 1e-5
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nn.samples import Array

TINY, WIDEST = (
    1e-7,
    8.0,
)  # of each number: so short a step that a smooth function is a straight line; times that at most
STEPS, SAFE = 8, 4.0  # how many, and how many times what they show
STEP = 1e-5  # along a direction, of the largest number of each array
FIRST, ROUNDS = 1e-3, 5  # the step that is tried first, of the numbers' size, and how often it is mended
TELLING, ALIKE = 0.1, 0.5  # of the largest error, what tells the step; of the median, how far from it that may be


class Way(NamedTuple):
    """Differences: their formula, the power of h by which they are off, and the lower end, as a part of h."""

    text: str
    order: int
    low: float


WAYS = (Way("(f(x + h) - f(x)) / h", 1, 0.0), Way("(f(x + h) - f(x - h)) / 2h", 2, -1.0))


def noise(f: Callable[..., float], arrays: Sequence[Array]) -> float:
    """Return what rounding does to a function, which may compute in single precision: how far it is from a line."""
    rng, middle = np.random.default_rng(0), 2.0 * f(*arrays)
    steps = [[TINY * x * rng.uniform(-WIDEST, WIDEST, x.shape) for x in arrays] for _ in range(STEPS)]
    ends = [f(*map(np.add, arrays, step)) + f(*map(np.subtract, arrays, step)) for step in steps]
    return SAFE * max((abs(end - middle) for end in ends if np.isfinite(end)), default=0.0)


def off_along(f: Callable[..., float], arrays: Sequence[Array], gradients: Callable[[], Mapping[int, Array]]) -> float:
    """Return how far gradients are off along one random direction, as a part of their terms.

    Parameters
    ----------
    f, arrays
        A function of arrays, and where it is looked at.
    gradients
        Returns the gradients, by the place of the array.

    Returns
    -------
    float
        NaN where the function does not take the numbers, infinite where it does and the gradients are not finite.
    """
    rng = np.random.default_rng(0)
    try:
        with np.errstate(all="ignore"):
            given = gradients()
            sizes = [STEP * (float(np.abs(x).max(initial=0.0)) or 1.0) * (k in given) for k, x in enumerate(arrays)]
            ways = [size * rng.normal(size=x.shape) for x, size in zip(arrays, sizes)]
            high, low = (float(f(*[x + sign * way for x, way in zip(arrays, ways)])) for sign in (1.0, -1.0))
            terms = np.concatenate([np.ravel(x * ways[k]) for k, x in given.items()])
            off = abs(0.5 * (high - low) - terms.sum()) / (np.abs(terms).sum() + STEP * max(abs(high), abs(low)))
    except Exception:  # not every function takes these numbers
        return np.nan
    return float(off) if np.isfinite(off) or not np.isfinite(high - low) else np.inf


def differences(f: Callable[..., float], arrays: Sequence[Array], k: int, way: Way, h: float) -> Array:
    """Return the differences along all entries of one of the arrays that a function takes, in a row."""
    moved = [np.array(x, float, order="C") for x in arrays]
    entries, ends = moved[k].reshape(-1), []
    for i, middle in enumerate(entries.tolist()):
        for by in (h, way.low * h):
            entries[i] = middle + by
            ends.append(float(f(*[x.copy() for x in moved])))
        entries[i] = middle
    return np.asarray(np.subtract(ends[::2], ends[1::2]) / ((1.0 - way.low) * h))


def step_of(
    f: Callable[..., float],
    arrays: Sequence[Array],
    given: Mapping[int, Array],
    right: Mapping[int, Array],
    way: Way,
    scale: float = 1.0,
) -> float:
    """Return the step with which differences are off as gradients are, at most entries; 0.0 if there is none.

    Parameters
    ----------
    f, arrays
        A function of arrays, and where it is looked at.
    given, right
        Gradients that are off, and the right ones, by the place of the array.
    way, scale
        The differences, and the size of the numbers, of which the first step is a part.
    """
    h, true = FIRST * scale, np.concatenate([np.ravel(right[k]) for k in given])
    off = np.concatenate([np.ravel(x) for x in given.values()]) - true
    for _ in range(ROUNDS):
        made = np.concatenate([differences(f, arrays, k, way, h) for k in given]) - true
        ratios = (off / made)[np.abs(made) >= TELLING * np.abs(made).max()]
        ratio = float(np.median(ratios))
        if not np.median(np.abs(ratios - ratio)) <= ALIKE * abs(ratio) or (way.order == 2 and ratio < 0.0):
            return 0.0
        h *= float(np.sign(ratio) * abs(ratio) ** (1.0 / way.order))
    return h
