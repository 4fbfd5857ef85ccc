"""Where parameters are: the Values in a module's attributes, in order of definition, each once, with its path.

Lists, tuples, dicts, arrays, sets and modules are looked into.  Values in anything else would neither be trained nor
saved, so that it is refused.

>>> from engine import Value
>>> [name for name, _ in named_values({"W": np.array([[Value(1.0), Value(2.0)]]), "b": (Value(0.0),)})]
['W.0.0', 'W.0.1', 'b.0']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np

from engine import Value

ATOMS = (str, bytes, int, float, complex, type(None), np.generic, type, ModuleType, range)


def named_values(attributes: Mapping[str, Any]) -> list[tuple[str, Value]]:
    """Return ``(path, Value)`` of every Value in some attributes, each once.

    Parameters
    ----------
    attributes
        What to look into, by name; whatever has an ``attributes()`` in it is looked into as well.

    Raises
    ------
    TypeError
        If there are Values in something that is not looked into, or several in a set that gives them no order.
    """
    walk = _Walk()
    for name, x in attributes.items():
        walk.look(name, x)
    walk.refuse_hidden()
    return walk.named


def attributes_of(module: Any, base: type) -> dict[str, Any]:
    """Return a module's attributes: its own, then those in slots, then those of its classes below `base`."""
    attributes = dict(vars(module))
    for kind in type(module).__mro__[: type(module).__mro__.index(base)]:
        for name, x in vars(kind).items():
            if isinstance(x, MemberDescriptorType) and hasattr(module, name):
                attributes.setdefault(name, getattr(module, name))
            elif not name.startswith("__") and not hasattr(x, "__get__"):
                attributes.setdefault(name, x)
    return attributes


class _Walk:
    """One look through nested attributes: Values by their paths, what was seen, and what could not be looked into."""

    def __init__(self) -> None:
        self.named: list[tuple[str, Value]] = []
        self.seen: set[int] = set()
        self.hidden: list[tuple[str, Any]] = []

    def look(self, path: str, x: Any) -> None:
        """Look into something, and note the Values that are in it."""
        if isinstance(x, ATOMS) or id(x) in self.seen:
            return
        self.seen.add(id(x))
        if isinstance(x, Value):
            self.named.append((path, x))
        elif isinstance(x, Set):
            self._look_into_a_set(path, x)
        elif (items := _items(x)) is not None:
            for key, item in items:
                if type(item) is not Value:
                    self.look(f"{path}.{key}", item)
                elif id(item) not in self.seen:  # at once: most of what is met is this
                    self.seen.add(id(item))
                    self.named.append((f"{path}.{key}", item))
        else:
            self.hidden.append((path, x))

    def _look_into_a_set(self, path: str, x: Set[Any]) -> None:
        """A set has no order that another process would find again, so that its Values need labels."""
        parts, before = [], self.named
        for item in x:
            self.named = []
            self.look("", item)
            parts.append(self.named)
        self.named = before
        parts = sorted((part for part in parts if part), key=lambda part: [v.label for _, v in part])
        labels = [[v.label for _, v in part] for part in parts]
        if any(labels[i] == labels[i + 1] for i in range(len(labels) - 1)):
            raise TypeError(
                f"{path} is a set of Values without labels of their own, and has no order to save them in; use a list."
            )
        for k, part in enumerate(parts):
            self.named += [(f"{path}.{k}{inner}", value) for inner, value in part]

    def refuse_hidden(self) -> None:
        """Refuse Values in what was not looked into, unless they were found elsewhere."""
        for path, x in self.hidden:
            for inner in _within(x, set(self.seen)):
                raise TypeError(
                    f"{path} is {_described(x)} that holds {inner}, where parameters() does not look: derive "
                    "its class from nn.Module, or keep its Values in lists, dicts or arrays."
                )


def _items(x: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return what is in a container or a module, by key, or None if it is neither."""
    if isinstance(x, (list, tuple)):
        return enumerate(x)
    if hasattr(x, "named_parameters") and hasattr(x, "attributes"):
        return list(x.attributes().items())
    if isinstance(x, np.ndarray):
        return [(".".join(map(str, at)), item) for at, item in np.ndenumerate(x)] if x.dtype == object else []
    if isinstance(x, Mapping):
        return [*x.items(), *((f"key {k}", key) for k, key in enumerate(x) if isinstance(key, Value))]
    if isinstance(x, Sequence) or (hasattr(x, "__reversed__") and hasattr(x, "__len__")):  # a deque is no Sequence
        return enumerate(x)
    return None


def _within(x: Any, seen: set[int]) -> Iterator[str]:
    """Yield a word for every Value in an object of whatever kind, at whatever depth, that was not seen."""
    waiting = _insides(x)
    while waiting:
        inside = waiting.pop()
        if isinstance(inside, ATOMS) or id(inside) in seen:
            continue
        seen.add(id(inside))
        if isinstance(inside, Value):
            yield f"the Value {inside.label!r}" if inside.label else "a Value"
        else:
            waiting += _insides(inside)


def _insides(x: Any) -> list[Any]:
    if isinstance(x, FunctionType):
        return [*(c.cell_contents for c in x.__closure__ or () if _is_filled(c)), *(x.__defaults__ or ())]
    if isinstance(x, partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, Set):
        return list(x)
    items = _items(x)
    if items is not None:
        return [item for _, item in items]
    slots = [getattr(x, name, None) for kind in type(x).__mro__ for name in _slots(kind)]
    return [*vars(x).values(), *slots] if hasattr(x, "__dict__") else slots


def _slots(kind: type) -> tuple[str, ...]:
    return tuple(name for name, x in vars(kind).items() if isinstance(x, MemberDescriptorType))


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True


def _described(x: Any) -> str:
    kind = type(x).__name__
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
