"""What was seen of a function's surroundings, and how a call finds in microseconds that nothing of it was replaced.

*Facts* are the same as long as what was seen says the same: numbers, texts, types, Values by identity.  *Watches* say
sooner, without reading everything, that nothing can have changed: who held what, and the contents of arrays.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import eq, is_
from typing import Any

from engine.lifting.trace.library import is_plain
from engine.lifting.trace.repeatable import is_repeatable_number
from engine.tracing import Onlooker, recording
from engine.value import Value

MISSING: Any = object()
_values: Any = dict.values


@dataclass(frozen=True, eq=False)
class Place:
    """Where something is held: an object and a key in it, or the whole object (key None); and what to call it."""

    holder: Any
    key: Any
    called: str

    @property
    def mark(self) -> tuple[int, Any]:
        """What tells places apart."""
        return id(self.holder), self.key


@dataclass
class Observed:
    """What a walk has seen: facts, watches, the Values among it, and what could not be followed."""

    facts: list[Any] = field(default_factory=list)
    values: list[Iterable[Value]] = field(default_factory=list)  # in one container each
    reads: list[Callable[[], Any]] = field(default_factory=list)  # each is to give `held`, the very same object
    held: list[Any] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)  # of the reads
    sequences: list[Any] = field(default_factory=list)  # lists and other sequences, whose elements are to be the same
    elements: list[tuple[Any, ...]] = field(default_factory=list)
    lists: list[list[Value]] = field(default_factory=list)  # of Values alone
    copies: list[list[Value]] = field(default_factory=list)
    mappings: list[Mapping[Any, Any]] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)  # of all mappings, one after the other
    items: list[Any] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # of the mappings
    lengths: list[int] = field(default_factory=list)  # of mappings and sequences
    objects: list[Any] = field(default_factory=list)
    kinds: list[type] = field(default_factory=list)  # the types of the objects, to be the same
    checks: list[tuple[Any, Callable[[], bool]]] = field(default_factory=list)  # of a container of another kind
    contents: list[tuple[Any, Callable[[], Any], Any]] = field(default_factory=list)  # of a holder, to be equal
    draws: list[Callable[[], Any]] = field(default_factory=list)  # states of generators of random numbers
    large: list[Any] = field(default_factory=list)  # arrays that may be read at each call
    met: dict[int, int] = field(default_factory=dict)  # in how many places each is held
    called: dict[int, str] = field(default_factory=dict)  # what to call an object
    asks_kinds: bool = False  # whether some code tells a Value from a number by its kind
    gradients: bool = False  # whether gradients of the Values are read
    blind: str = ""  # what cannot be followed
    unread: bool = False  # whether a module that is named was not loaded
    plain: set[type] = field(default_factory=set)  # of numbers, texts and dates, and of whatever lies beside these
    bare: list[types.FunctionType] = field(default_factory=list)  # functions on which nothing is stored
    libraries: list[Mapping[str, Any]] = field(default_factory=list)  # what their modules and classes hold
    asked: tuple[str, ...] = ()  # the attributes that code names
    of_libraries: list[tuple[Mapping[str, Any], str, Any]] | None = None  # and what these are there
    varies: str = ""  # what may differ from run to run, though nothing that is seen changes

    @functools.cached_property
    def by_identity(self) -> dict[int, Value]:
        """The Values, by identity, once all have been seen."""
        return {id(v): v for values in self.values for v in values}

    @functools.cached_property
    def repeatable(self) -> bool:
        """Whether whoever sees this, and nothing else, computes the same whenever nothing of it has changed."""
        if self.varies or self.blind or self.unread or self.draws:
            return False
        return all(map(is_repeatable_number, self.plain))

    def remember_libraries(self) -> None:
        """Note, before the first run, what code may read of libraries: no call looks there."""
        if self.of_libraries is None:
            self.of_libraries = [
                (held, name, held.get(name, MISSING)) for held in self.libraries for name in self.asked
            ]

    def stored_elsewhere(self) -> bool:
        """Whether something was stored since where no call looks: on a library, or on a function that had nothing."""
        replaced = any(held.get(name, MISSING) is not x for held, name, x in self.of_libraries or ())
        return replaced or any(f.__dict__ for f in self.bare)

    def untouched(self) -> bool:
        """Whether everything is where it was, the very same objects, and arrays hold what they held."""
        with recording(_Apart()):  # Values are compared by identity
            try:
                return (
                    all(map(eq, self.lists, self.copies))
                    and self.lengths == [*map(len, self.mappings), *map(len, self.sequences)]
                    and all(map(is_, chain.from_iterable(map(_values, self.mappings)), self.items))
                    and all(map(is_, chain.from_iterable(self.mappings), self.keys))
                    and all(map(is_, map(type, self.objects), self.kinds))
                    and all(map(is_, [read() for read in self.reads], self.held))
                    and all(map(is_, chain.from_iterable(self.sequences), chain.from_iterable(self.elements)))
                    and all(check() for _, check in self.checks)
                    and all(read() == held for _, read, held in self.contents)
                )
            except Exception:  # of what is somebody else's: it is looked at closely
                return False

    def says_the_same(self, other: Observed) -> bool:
        """Whether two looks saw the same."""
        return len(self.facts) == len(other.facts) and all(map(_same, self.facts, other.facts))

    def replaced(self) -> Iterator[Place]:
        """Yield the places that hold something else than they held, those that are known."""
        with recording(_Apart()):
            for read, held, place in zip(self.reads, self.held, self.places):
                if read() is not held:
                    yield place
            for x, copy in (*zip(self.lists, self.copies), *zip(self.sequences, self.elements)):
                if len(x) != len(copy) or not all(map(is_, x, copy)):
                    yield self._whole(x)
            for holder, check in self.checks:
                if holder is not None and not check():
                    yield self._whole(holder)
            for holder, read, held in self.contents:
                if holder is not None and read() != held:
                    yield self._whole(holder)
            yield from self._replaced_items()

    def _replaced_items(self) -> Iterator[Place]:
        start = 0
        for x, length in zip(self.mappings, self.lengths):
            stop = start + length
            before = dict(zip(self.keys[start:stop], self.items[start:stop]))
            start = stop
            attributes = self.called.get(id(x), "").endswith(".")
            if not attributes and before.keys() != x.keys():
                yield self._whole(x)
                continue
            for key in dict.fromkeys([*before, *x]):
                if before.get(key, MISSING) is not x.get(key, MISSING):
                    yield Place(x, key, self.item(x, key))

    def _whole(self, x: Any) -> Place:
        return Place(x, None, self.called.get(id(x)) or f"a {type(x).__name__}")

    def item(self, x: Any, key: Any) -> str:
        """Return what to call an item of a mapping."""
        called = self.called.get(id(x), f"a {type(x).__name__}")
        return f"{called}{key}" if called.endswith(".") else f"{called}[{key!r}]"


class _Apart(Onlooker):
    """The active trace while surroundings are compared: a Value equals itself alone."""

    def branch(self, condition: Value, *, certifies: bool = False) -> bool:
        """Say of two Values, which are not the same object, that they differ."""
        return False


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, Value):
        return False
    if is_plain(type(a)):
        return repr(a) == repr(b)  # NaN is itself, 0.0 is not -0.0
    return bool(a == b)
