"""What an array is mistaken for, without anything beside it: moved by one, with two axes exchanged, at one place only.

>>> [what for what, _ in shifts(np.array([1.0, 2.0, 4.0]))]
['one late', 'one early']
>>> [x.tolist() for _, x in shifts(np.array([1.0, 2.0, 4.0]))]
[[0.0, 1.0, 2.0], [2.0, 4.0, 0.0]]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from nn.samples import Array

Variant: TypeAlias = tuple[str, Array]
FEW = 6  # places of an axis that are tried alone


def variant(of: Callable[[Array], Iterator[Variant]], x: Array, what: str) -> Array:
    """Return the variant of an array that has a text.

    Raises
    ------
    ValueError
        If this array has none.
    """
    for text, y in of(x):
        if text == what:
            return y
    raise ValueError(f"an array of shape {x.shape} is not {what}")


def moved_by(x: Array, axis: int, steps: int) -> Array:
    """Return an array moved along an axis, with zeros where nothing comes from."""
    y, n = np.zeros_like(x), x.shape[axis]
    if abs(steps) < n:
        to, of = (slice(steps, n), slice(0, n - steps)) if steps > 0 else (slice(0, n + steps), slice(-steps, n))
        before: tuple[slice, ...] = (slice(None),) * axis
        places, origins = (*before, to), (*before, of)
        y[places] = x[origins]
    return y


def along(x: Array, axis: int) -> str:
    """Return how an axis is called in a sentence, where there are several."""
    return f" along axis {axis}" if x.ndim > 1 else ""


def shifts(x: Array) -> Iterator[Variant]:
    """Yield an array whose entries stand one place late or early."""
    for axis, n in enumerate(x.shape):
        if n > 1:
            yield f"one late{along(x, axis)}", moved_by(x, axis, 1)
            yield f"one early{along(x, axis)}", moved_by(x, axis, -1)


def exchanged_axes(x: Array) -> Iterator[Variant]:
    """Yield an array with two axes of one length exchanged, and in the other order of memory."""
    for a, b in itertools.combinations(range(x.ndim), 2):
        if x.shape[a] == x.shape[b] > 1:
            yield f"axes {a} and {b} exchanged", x.swapaxes(a, b)
    if x.ndim > 1 and min(x.shape) > 1:
        yield "transposed, then reshaped", x.T.reshape(x.shape)
        yield "reshaped as the transpose, then transposed", x.reshape(x.T.shape).T
        yield "reversed", np.flip(x)
    for axis, n in enumerate(x.shape):
        if n > 1:
            yield f"reversed{along(x, axis)}", np.flip(x, axis)


def at_one_place(x: Array) -> Iterator[tuple[str, Array]]:
    """Yield masks of one row, column or head of an array."""
    for axis, n in enumerate(x.shape if x.ndim > 1 else ()):
        for k in sorted({*range(min(n, FEW)), n - 1}) if n > 1 else ():
            mask = np.zeros(x.shape)
            mask[(slice(None),) * axis + (k,)] = 1.0
            yield f"index {k if k < n - 1 else -1}{along(x, axis)}", mask


def products_of(g: Array, s: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Callable[[Array, Array], Array]]]:
    """Yield the products of what arrives and the other factor that have a shape: in another order, transposed."""
    if g.ndim == s.ndim == 2:
        for g_turned, s_turned, g_first in itertools.product((False, True), repeat=3):
            a, b = (g.shape[::-1] if g_turned else g.shape), (s.shape[::-1] if s_turned else s.shape)
            first, second = (a, b) if g_first else (b, a)
            if first[1] == second[0] and (first[0], second[1]) == shape:
                texts = [f"g{'.T' * g_turned}", f"s{'.T' * s_turned}"][:: 1 if g_first else -1]
                yield " @ ".join(texts), _product(g_turned, s_turned, g_first)
    if g.shape == s.shape == shape:
        yield "g * s", lambda g, s: g * s


def _product(g_turned: bool, s_turned: bool, g_first: bool) -> Callable[[Array, Array], Array]:
    def product(g: Array, s: Array) -> Array:
        a, b = (g.T if g_turned else g), (s.T if s_turned else s)
        return np.asarray(a @ b if g_first else b @ a)

    return product
