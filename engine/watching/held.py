"""The Values that something holds, alone or in nested containers, with the keys that lead to each.

>>> q = {"q": [Value(1.0), Value(2.0)]}
>>> [(path, value.data) for path, value in values_in(q)]
[(('q', 0), 1.0), (('q', 1), 2.0)]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.value import Value

DEEPEST = 6  # containers inside one another


def values_in(x: Any, path: tuple[Any, ...] = (), depth: int = DEEPEST) -> Iterator[tuple[tuple[Any, ...], Value]]:
    """Yield (keys, Value) for every Value in nested lists, tuples, dictionaries and arrays of objects.

    Nothing of anybody's runs: classes derived from these are looked through as these are.
    """
    if is_of(x, Value):
        yield path, x
        return
    for key, y in _items(x) if depth else ():
        if is_of(y, Value):
            yield (*path, *key), y
        elif is_of(y, CONTAINERS):
            yield from values_in(y, (*path, *key), depth - 1)


def is_of(x: Any, kinds: type | tuple[type, ...]) -> bool:
    """Whether something is of a kind, by its type alone: `isinstance` asks the object, which may answer anything."""
    return issubclass(type(x), kinds)


def length(x: Any) -> int:
    """Return how many items a container has."""
    kinds: tuple[Any, ...] = (list, tuple, dict)
    for kind in kinds:
        if is_of(x, kind):
            return int(kind.__len__(x))
    return int(x.view(np.ndarray).size)


def _items(x: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if is_of(x, list):
        yield from (((i,), y) for i, y in enumerate(list.__iter__(x)))
    elif is_of(x, tuple):
        yield from (((i,), y) for i, y in enumerate(tuple.__iter__(x)))
    elif is_of(x, dict):
        yield from (((key,), y) for key, y in list(dict.items(x)))
    elif is_of(x, np.ndarray) and x.dtype == object:
        plain = x.view(np.ndarray)
        yield from zip(np.ndindex(plain.shape), plain.reshape(-1).tolist())


CONTAINERS = (list, tuple, dict, np.ndarray)
