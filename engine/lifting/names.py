"""Names for what a program reads: parameters gathered into arrays by their labels, inputs after their arguments.

A label that is an `engine.Label`, or that reads like ``W[2, 5]``, says which array its scalar belongs to; other
labelled scalars keep their names. Unlabelled ones are called by the path through which the function reaches them
(`engine.watching.paths`); where none is known, they are one array, ``p``.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.label import Label
from engine.lifting.distinct import count_distinct
from engine.lifting.views import Indices
from engine.value import Value
from engine.watching.paths import Position, Reader, paths_of

BRACKETS = re.compile(r"(.+?)\[(\d+(?:\s*,\s*\d+)*)\]$")
RESERVED = {
    "N", "np", "dtype", "build", "theta", "gradient", "constants", "forward", "backward", "erf", "strided",
    "ragged_product", "jax", "jnp", "lax", "program", *keyword.kwlist, *dir(builtins),
}  # fmt: skip


@dataclass(frozen=True)
class ParameterArray:
    """One named array of parameters: where it lies in the flat vector, and what the program calls it.

    One that is `read` is no parameter: its numbers are a captured array's, read at each call.
    """

    name: str
    shape: tuple[int, ...]
    offset: int
    variable: str
    read: bool = False

    @cached_property
    def size(self) -> int:
        """Number of scalars; asked at every call."""
        return math.prod(self.shape)

    def of(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return this array's part of a flat vector, as a view in its shape."""
        part = flat[self.offset : self.offset + self.size]
        return part if len(self.shape) == 1 else part.reshape(self.shape)


def parameter_arrays(
    values: Sequence[Value],
    start: int = 0,
    taken: set[str] | None = None,
    names: set[str] | None = None,
    fn: Reader | None = None,
) -> tuple[tuple[ParameterArray, ...], Indices]:
    """Gather captured Values into arrays: (the arrays, position of each Value in the flat vector, from `start` on).

    Parameters
    ----------
    values, start
        The Values, and how many numbers the flat vector has before them.
    taken, names
        Variables and names of arrays that there are already; those given here are added.
    fn
        The function that reads them, or variables that lead to them, if there are such.

    >>> values = [Value(0.0, f"W[{i}, {j}]") for j in range(3) for i in range(2)] + [Value(0.0, "b")]
    >>> arrays, position = parameter_arrays(values)
    >>> [(a.name, a.shape, a.offset) for a in arrays], position.tolist()
    ([('W', (2, 3), 0), ('b', (), 6)], [0, 3, 1, 4, 2, 5, 6])
    """
    reached = _reached(values, fn)
    array_of, place_of = _places(values, reached)
    members = _members(array_of)
    position = np.zeros(len(values), dtype=np.int64)
    arrays: list[ParameterArray] = []
    taken = set(RESERVED) if taken is None else taken
    names = set() if names is None else names
    offset = start
    for name, numbers in members.items():
        indices = [place_of[k] for k in numbers]
        shape, order = _box(_ranks(indices) if values[numbers[0]] in reached else indices)
        position[numbers] = np.add(order, offset)
        arrays.append(ParameterArray(apart(name, names), shape, offset, variable(name, taken)))
        offset += len(numbers)
    return tuple(arrays), position


def _members(names: list[str]) -> dict[str, Sequence[int]]:
    """Return the places of each name, in order of first appearance; as a range where they follow one another.

    >>> _members(["W", "W", "b", "W", "c"])
    {'W': [0, 1, 3], 'b': range(2, 3), 'c': range(4, 5)}
    """
    members: dict[str, Sequence[int]] = {}
    start = 0
    for name, same in groupby(names):
        run = range(start, start + len(list(same)))
        members[name] = [*members[name], *run] if name in members else run
        start = run.stop
    return members


def apart(name: str, names: set[str]) -> str:
    """Return the name of an array that a later trace found, apart from those of arrays known before."""
    candidate, n = name, 1
    while candidate in names:
        n += 1
        candidate = f"{name} ({n})"
    names.add(candidate)
    return candidate


def _reached(values: Sequence[Value], fn: Reader | None) -> dict[Value, Position]:
    """Return the array that each Value without a label sits in, and where, as far as a path to it is known."""
    unlabelled = [value for value in values if not value._label]
    known = paths_of(fn, unlabelled) if fn is not None and unlabelled else []
    return {value: place for value, place in zip(unlabelled, known) if place is not None}


def _ranks(indices: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return indices with those counted alone that there are: of a table, a function may read some rows.

    >>> _ranks([(7, 0), (7, 1), (2, 0), (2, 1)])
    [(1, 0), (1, 1), (0, 0), (0, 1)]
    """
    if len({len(index) for index in indices}) != 1 or not indices[0]:
        return indices
    ranks = [np.unique(axis, return_inverse=True)[1].reshape(-1).tolist() for axis in zip(*indices)]
    return list(zip(*ranks))


def _places(values: Sequence[Value], reached: dict[Value, Position]) -> tuple[list[str], list[tuple[int, ...]]]:
    """Return the array of each Value, and its place there."""
    labels: list[Any] = [v._label for v in values]
    if set(map(type, labels)) == {Label}:  # a network's, of which there may be hundreds of thousands
        return [label.array for label in labels], [label.place for label in labels]
    placed = [reached.get(v) or _place(label) for v, label in zip(values, labels)]
    return [array for array, _ in placed], [place for _, place in placed]


def _place(label: str) -> tuple[str, tuple[int, ...]]:
    if isinstance(label, Label):
        return label.array, label.place
    indexed = BRACKETS.fullmatch(str(label))
    if indexed:
        return indexed[1], tuple(int(i) for i in indexed[2].split(","))
    return (str(label), ()) if label else ("p", (-1,))


def _box(indices: list[tuple[int, ...]]) -> tuple[tuple[int, ...], Sequence[int] | Indices]:
    """Return the array's shape and each index's flat place; what does not fill a box is a list in order."""
    first = indices[0]
    if len(indices) == 1 and first in ((), (-1,)):
        return (), [0]
    if first and len(set(map(len, indices))) == 1 and -1 not in first:
        places = np.fromiter(chain.from_iterable(indices), np.int64).reshape(len(indices), -1).T
        shape = tuple((places.max(axis=1) + 1).tolist())
        if math.prod(shape) == len(indices) and places.min() >= 0:
            order = np.ravel_multi_index(tuple(places), shape)
            if count_distinct(order) == len(indices):
                return shape, order
    return (len(indices),), range(len(indices))


def variable(name: str, taken: set[str]) -> str:
    """Return a short Python name: ``layers.0.W`` -> ``W1``; distinct from those taken, and added to them.

    >>> taken = set()
    >>> [variable(n, taken) for n in ("layers.0.W", "layers.1.W", "attention.wq", "2 x", "class", "0_1", "7/8", "θ")]
    ['W1', 'W2', 'wq', 'x_2', 'class_', 'p_0_1', 'p_7_8', 'p']
    """
    numbered = re.fullmatch(r"layers\.(\d+)\.(\w+)", name, re.ASCII)
    short = f"{numbered[2]}{int(numbered[1]) + 1}" if numbered else name.split(".")[-1] or name
    short = _legal(re.sub(r"\W+", "_", short, flags=re.ASCII).strip("_"))
    candidate, n = short, 1
    while candidate in taken:
        n += 1
        candidate = f"{short}_{n}"
    taken.add(candidate)
    return candidate


def _legal(short: str) -> str:
    """Return letters, digits and underscores as an identifier that is no word of Python's."""
    digits = re.match(r"\d+", short)
    if digits:
        rest = short[digits.end() :].strip("_")
        short = f"{rest}_{digits[0]}" if rest[:1].isalpha() else f"p_{short}"
    short = short or "p"
    return f"{short}_" if keyword.iskeyword(short) or hasattr(builtins, short) else short
