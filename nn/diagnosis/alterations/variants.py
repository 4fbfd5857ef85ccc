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
