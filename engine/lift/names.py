"""Names for what a program reads: parameters gathered into arrays by their labels, inputs after their arguments.

A label that is an `engine.Label`, or that reads like ``W[2, 5]``, says which array its scalar belongs to; other
labelled scalars keep their names, and unlabelled ones are one array, ``p``.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.label import Label
from engine.lift.ir import Indices, Source
from engine.value import Value

BRACKETS = re.compile(r"(.+?)\[(\d+(?:\s*,\s*\d+)*)\]$")
RESERVED = {
    "N",
    "np",
    "dtype",
    "build",
    "theta",
    "gradient",
    "constants",
    "forward",
    "backward",
    "erf",
    "strided",
    "jax",
    "jnp",
    "lax",
}


@dataclass(frozen=True)
class Parameter:
    """One named array of parameters: where it lies in the flat vector, and what the program calls it."""

    name: str
    shape: tuple[int, ...]
    offset: int
    variable: str

    @property
    def size(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)

    def of(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return this array's part of a flat vector, as a view in its shape."""
        part = flat[self.offset : self.offset + self.size]
        return part if len(self.shape) == 1 else part.reshape(self.shape)

    def source(self, prefix: str = "") -> Source:
        """Return the array as something steps can read (or write, with a prefix)."""
        return Source(prefix + self.variable, self.shape, "parameter")


def parameters(
    values: Sequence[Value], start: int = 0, taken: set[str] | None = None
) -> tuple[tuple[Parameter, ...], Indices]:
    """Gather captured Values into arrays: (the arrays, position of each Value in the flat vector, from `start` on).

    >>> values = [Value(0.0, f"W[{i}, {j}]") for j in range(3) for i in range(2)] + [Value(0.0, "b")]
    >>> arrays, position = parameters(values)
    >>> [(a.name, a.shape, a.offset) for a in arrays], position.tolist()
    ([('W', (2, 3), 0), ('b', (), 6)], [0, 3, 1, 4, 2, 5, 6])
    """
    members: dict[str, list[tuple[tuple[int, ...], int]]] = {}
    for k, value in enumerate(values):
        name, index = _place(value.label)
        members.setdefault(name, []).append((index, k))
    position = np.zeros(len(values), dtype=np.int64)
    arrays: list[Parameter] = []
    taken = set(RESERVED) if taken is None else taken
    offset = start
    for name, found in members.items():
        shape, order = _box([index for index, _ in found])
        for at, (_, k) in zip(order, found):
            position[k] = offset + at
        arrays.append(Parameter(name, shape, offset, variable(name, taken)))
        offset += len(found)
    return tuple(arrays), position


def _place(label: str) -> tuple[str, tuple[int, ...]]:
    if isinstance(label, Label):
        return label.array, label.place
    found = BRACKETS.match(label)
    if found:
        return found[1], tuple(int(i) for i in found[2].split(","))
    return (label, ()) if label else ("p", (-1,))


def _box(indices: list[tuple[int, ...]]) -> tuple[tuple[int, ...], list[int]]:
    """Return the array's shape and each index's flat place; what does not fill a box is a list in order."""
    first = indices[0]
    if len(indices) == 1 and first in ((), (-1,)):
        return (), [0]
    if first and len({len(i) for i in indices}) == 1 and -1 not in first:
        places = np.array(indices).T
        shape = tuple((places.max(axis=1) + 1).tolist())
        if math.prod(shape) == len(indices):
            order = np.ravel_multi_index(tuple(places), shape)
            if len(np.unique(order)) == len(indices):
                return shape, order.tolist()
    return (len(indices),), list(range(len(indices)))


def variable(name: str, taken: set[str]) -> str:
    """Return a short Python name: ``layers.0.W`` -> ``W1``; distinct from those taken, and added to them.

    >>> taken = set()
    >>> [variable(n, taken) for n in ("layers.0.W", "layers.1.W", "attention.wq", "2 x", "class")]
    ['W1', 'W2', 'wq', 'x_2', 'class_']
    """
    numbered = re.fullmatch(r"layers\.(\d+)\.(\w+)", name)
    if numbered:
        short = f"{numbered[2]}{int(numbered[1]) + 1}"
    else:
        short = re.sub(r"\W+", "_", name.split(".")[-1] or name).strip("_") or "p"
        if short[0].isdigit():
            digits = re.match(r"\d+", short)
            assert digits is not None
            short = f"{short[digits.end() :].strip('_') or 'p'}_{digits[0]}"
    if keyword.iskeyword(short) or not short.isascii():
        short = f"{short}_" if short.isascii() else "p"
    candidate, n = short, 1
    while candidate in taken:
        n += 1
        candidate = f"{short}_{n}"
    taken.add(candidate)
    return candidate
