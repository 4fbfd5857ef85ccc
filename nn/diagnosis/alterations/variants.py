"""What an array is mistaken for, without anything beside it: moved by one, with two axes exchanged, at one place only.

Each is a function, with a text that is the same for other lengths.

>>> {text: change(np.array([1.0, 2.0, 4.0])).tolist() for text, change in shifts((3,))}
{'one late': [0.0, 1.0, 2.0], 'one early': [2.0, 4.0, 0.0]}
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from nn.samples import Array

Shape: TypeAlias = tuple[int, ...]
Variant: TypeAlias = tuple[str, Callable[[Array], Array]]
FEW = 6  # places of an axis that are tried alone


def along(shape: Shape, axis: int) -> str:
    """Return how an axis is called in a sentence, where there are several."""
    return f" along axis {axis}" if len(shape) > 1 else ""


def axes_text(axes: tuple[int, ...]) -> str:
    """Return how axes are called together."""
    return f"axis {', '.join(map(str, axes))}"


def some_axes(ndim: int) -> Iterator[tuple[int, ...]]:
    """Yield every choice of axes, of one first."""
    for count in range(1, ndim + 1):
        yield from itertools.combinations(range(ndim), count)


def place(axis: int, number: int) -> tuple[Any, ...]:
    """Return the index of one place along an axis."""
    return (slice(None),) * axis + (number,)


def only_at(x: Array, where: tuple[Any, ...]) -> Array:
    """Return an array that is zero but at one place."""
    y = np.zeros(x.shape)
    y[where] = x[where]
    return y


def times_at(x: Array, where: tuple[Any, ...], factor: float) -> Array:
    """Return an array that is multiplied at one place."""
    return np.asarray(x + (factor - 1.0) * only_at(x, where))


def moved_by_one(x: Array, axis: int, step: int, end: float = 0.0) -> Array:
    """Return an array moved by one along an axis; where nothing comes from stands a multiple of what was there."""
    y, first = np.roll(x, step, axis), place(axis, 0 if step > 0 else -1)
    y[first] = end * x[first]
    return y


def shifts(shape: Shape, end: float = 0.0) -> Iterator[Variant]:
    """Yield an array whose entries stand one place late or early."""
    for axis, n in enumerate(shape):
        for text, step in (("one late", 1), ("one early", -1)) if n > 1 else ():
            yield f"{text}{along(shape, axis)}", partial(moved_by_one, axis=axis, step=step, end=end)


def rearranged(shape: Shape) -> Iterator[Variant]:
    """Yield an array with two axes of one length exchanged, and in the other order of memory."""
    for a, b in itertools.combinations(range(len(shape)), 2):
        if shape[a] == shape[b] > 1:
            yield f"axes {a} and {b} exchanged", partial(np.swapaxes, axis1=a, axis2=b)
    if len(shape) > 1 and min(shape) > 1:
        yield "transposed, then reshaped", lambda x: x.T.reshape(x.shape)
        yield "reshaped as the transpose, then transposed", lambda x: x.reshape(x.T.shape).T
        yield "reversed", np.flip
    for axis, n in enumerate(shape):
        if n > 1:
            yield f"reversed{along(shape, axis)}", partial(np.flip, axis=axis)


def gathered(shape: Shape) -> Iterator[Variant]:
    """Yield an array of which all stands in the first place of an axis: summed, or what was put there last."""
    for axis, n in enumerate(shape):
        for text, take in (
            ("summed", partial(np.sum, axis=axis)),
            ("the last stays", partial(np.take, indices=-1, axis=axis)),
        ):
            if n > 1:
                yield f"{text}{along(shape, axis)}", partial(_in_first_place, axis=axis, take=take)


def _in_first_place(x: Array, axis: int, take: Callable[[Array], Array]) -> Array:
    y = np.zeros(x.shape)
    y[place(axis, 0)] = take(x)
    return y


def spread(shape: Shape) -> Iterator[Variant]:
    """Yield an array of which one end of an axis stands at all of its places."""
    for axis, n in enumerate(shape):
        for text, number in (("the first", 0), ("the last", -1)) if n > 1 else ():
            yield f"{text}{along(shape, axis)}", partial(_everywhere, axis=axis, number=number)


def _everywhere(x: Array, axis: int, number: int) -> Array:
    return np.broadcast_to(np.take(x, [number], axis=axis), x.shape)


def single_places(shape: Shape) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the index of one row, column or head of an array."""
    for axis, n in enumerate(shape if len(shape) > 1 else ()):
        for k in (*range(min(n - 1, FEW)), -1) if n > 1 else ():
            yield f"index {k}{along(shape, axis)}", place(axis, k)


def products_of(g: Shape, s: Shape, shape: Shape) -> Iterator[tuple[str, Callable[[Array, Array], Array]]]:
    """Yield the products of what arrives and the other factor that have a shape: in another order, transposed."""
    for g_turned, s_turned, g_first in itertools.product((False, True), repeat=3) if len(g) == len(s) == 2 else ():
        a, b = (g[::-1] if g_turned else g), (s[::-1] if s_turned else s)
        first, second = (a, b) if g_first else (b, a)
        if first[1] == second[0] and (first[0], second[1]) == shape:
            texts = [f"g{'.T' * g_turned}", f"s{'.T' * s_turned}"][:: 1 if g_first else -1]
            yield " @ ".join(texts), partial(_product, g_turned=g_turned, s_turned=s_turned, g_first=g_first)
    if g == s == shape:
        yield "g * s", np.multiply


def _product(g: Array, s: Array, g_turned: bool, s_turned: bool, g_first: bool) -> Array:
    a, b = (g.T if g_turned else g), (s.T if s_turned else s)
    return np.asarray(a @ b if g_first else b @ a)
