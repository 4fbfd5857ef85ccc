"""Other points at which a gradient that is a function is tried: other numbers of the same signs, and longer arrays.

>>> there = elsewhere({"x": np.array([1.0, -2.0]), "n": 3}, np.random.default_rng(0))
>>> np.sign(there["x"]).tolist(), there["n"]
([1.0, -1.0], 3)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nn.samples import Array

TURNED, ZEROS, ONE = "where signs are turned", "at zeros", "for a length of one"
POINTS = 3  # with the one that is given
NEAREST, FARTHEST = 0.6, 1.6  # times each number: logarithms, roots and quotients stay defined
WIDER = (1.6, 2.5, 4.0, 8.0)  # times each number or divided by it, until other branches are taken
DRAWN = 4  # points for each of these


def elsewhere(x: Any, rng: np.random.Generator, most: float = 0.0) -> Any:
    """Return other floats of the same signs, in the same structure; what is no float, or array of floats, stays.

    Each is near what it was; or anything from that divided by `most` to `most` times that.  Different numbers from -1
    to 1 stay there, and each 1 among them is one still.
    """
    if isinstance(x, np.ndarray) and x.dtype.kind == "f":
        return np.asarray(_moved(x, _times(rng, most, x.shape)), x.dtype)
    if isinstance(x, (float, np.floating)):
        return x * type(x)(_times(rng, most))
    if isinstance(x, dict):
        return {key: elsewhere(item, rng, most) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)(elsewhere(item, rng, most) for item in x)
    return x


def unlike(x: Array, rng: np.random.Generator) -> Array:
    """Return what a function may hold in place of an array that is the same at every point.

    Whole numbers that are not 0, and two that are no 0 and 1, are in another order; labels of 0 and 1 are in between.
    """
    values = set(np.unique(x).tolist())
    if x.dtype.kind == "i" or (len(values) == 2 and values != {0.0, 1.0}):
        other: Array = x.copy()
        other[x != 0] = rng.permutation(x[x != 0])
        return other
    if not values <= {0.0, 1.0}:
        return np.asarray(elsewhere(x, rng))
    soft: Array = rng.uniform(0.2, 0.8, x.shape)
    is_of_rows = x.ndim > 1 and (x.sum(axis=-1) == 1.0).all()
    return soft / soft.sum(axis=-1, keepdims=True) if is_of_rows else soft


def _times(rng: np.random.Generator, most: float, shape: tuple[int, ...] = ()) -> Array:
    return np.asarray(most ** rng.uniform(-1.0, 1.0, shape) if most else rng.uniform(NEAREST, FARTHEST, shape))


def farther(x: Any, rng: np.random.Generator) -> Iterator[Any]:
    """Yield other floats of the same signs, farther and farther away: comparisons among them turn out otherwise."""
    for most in WIDER:
        yield from (elsewhere(x, rng, most) for _ in range(DRAWN))


def _moved(x: Array, times: Array) -> Array:
    """Return other numbers; labels, probabilities, and rows of them that add up to 1 stay such."""
    if not x.size or np.abs(x).max() > 1.0 or np.ptp(x) == 0.0:
        return np.asarray(x * times)
    moved = np.where(np.abs(x) > 1.0 / FARTHEST, np.sign(x) * np.abs(x) ** times, x * times)
    return np.asarray(moved / moved.sum(axis=-1, keepdims=True) if _adds_up(x) else moved)


def _adds_up(x: Array) -> bool:
    return x.ndim > 0 and x.shape[-1] > 1 and bool((x >= 0.0).all()) and np.allclose(x.sum(axis=-1), 1.0)


def _are_labels(x: Array) -> bool:
    return not x.size or _adds_up(x) or len(np.unique(np.abs(x))) <= min(2, x.size - 1)


def longer(inputs: Sequence[Any], rng: np.random.Generator) -> Iterator[list[Any]]:
    """Yield inputs with one more place along the axes of one length: those that a function may take as well.

    All axes of the length are, all first axes, or the first input's first axis alone; each place has other numbers.
    A length of 1 may be one that is repeated: with two places another function would be tried, one without a sum.
    """
    arrays = [x for x in inputs if isinstance(x, np.ndarray) and x.size and x.ndim]
    for n in _lengths(inputs):
        yield [_longer(x, [k for k, m in enumerate(np.shape(x)) if m == n], rng) for x in inputs]
        yield [_longer(x, [0] if np.shape(x)[:1] == (n,) else [], rng) for x in inputs]
    for first in [x for x in inputs if any(x is array for array in arrays)][:1]:
        yield [_longer(x, [0] if x is first else [], rng) for x in inputs]


def _longer(x: Any, axes: Sequence[int], rng: np.random.Generator) -> Any:
    for axis in axes if isinstance(x, np.ndarray) else ():
        x = np.concatenate([x, np.take(x, [0], axis)], axis)
    return elsewhere(x, rng)


def _lengths(inputs: Sequence[Any]) -> list[int]:
    arrays = [x for x in inputs if isinstance(x, np.ndarray) and x.size and x.dtype.kind == "f"]
    return list(dict.fromkeys(n for x in arrays for n in x.shape if n > 1))


def shorter(inputs: Sequence[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield inputs whose axes of one length have two places, and the same with one place."""
    for n in _lengths(inputs):
        ends = [tuple(n if length == n else None for length in np.shape(x)) for x in inputs]
        two, one = ([x[tuple(slice(end and m) for end in e)] if e else x for x, e in zip(inputs, ends)] for m in (2, 1))
        yield two, one


def beyond(inputs: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield inputs that have what those given have not, and what that is: the other sign, and zeros.

    What may be labels or probabilities stays: few different numbers, or rows of them that add up to 1.
    """
    free = [isinstance(x, np.ndarray) and x.dtype.kind == "f" and not _are_labels(x) for x in inputs]
    turned = [is_free and (x.min() > 0.0 or x.max() < 0.0) for x, is_free in zip(inputs, free)]
    if any(turned):
        yield TURNED, [-x if is_turned else x for x, is_turned in zip(inputs, turned)]
    yield ZEROS, [np.where(np.arange(x.size).reshape(x.shape) % 3, x, 0.0) if ok else x for x, ok in zip(inputs, free)]
