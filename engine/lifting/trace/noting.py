"""How a walk notes what it meets: contents to compare, places to watch, and what is still to be followed."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Set
from typing import Any

from engine.lifting.trace import kinds
from engine.lifting.trace.observed import Observed, Place

GLOBAL = "the global "  # begins what a global is called


class Notes(Observed):
    """What was seen so far, and a stack of what is to be followed.

    Parameters
    ----------
    skipped
        Marks of places that are not looked at.
    reading
        Which of the large arrays are read at each call.
    """

    def __init__(self, skipped: Set[tuple[int, Any]] = frozenset(), reading: Set[int] = frozenset()) -> None:
        super().__init__()
        self.skipped, self.reading = skipped, reading
        self.stack: list[Any] = []
        self.holds_array = False  # whether an array was met
        self.in_doubt = False  # whether what is met now is perhaps not looked at by the function
        self.visits: dict[int, int] = {}  # how often each module and each class was met
        self.as_globals: dict[int, int] = {}  # and how often a module as a global
        self._watched: set[tuple[int, Any]] = set()

    def named(self, texts: list[str]) -> None:
        """Take the names in some texts for attributes that are read."""
        raise NotImplementedError

    def cannot_follow(self, what: str) -> None:
        """Note, once, what cannot be followed, unless it is not known whether the function looks at it."""
        self.blind = self.blind or ("" if self.in_doubt else what)

    def may_vary(self, what: str) -> None:
        """Note, once, what may differ from run to run, though nothing that is seen changes."""
        self.varies = self.varies or what

    def content(self, holder: Any, read: Callable[[], Any]) -> None:
        """Have a call look whether what is read is still equal."""
        self.contents.append((holder, read, read()))

    def watch(self, read: Callable[[], Any], place: Place, follow: bool = True) -> None:
        """Have a call look whether something is still there, and follow it."""
        if place.mark in self.skipped or place.mark in self._watched:
            return
        self._watched.add(place.mark)
        x = read()
        self.reads.append(read)
        self.held.append(x)
        self.places.append(place)
        if follow:
            self.called.setdefault(id(x), place.called)
            self.stack.append(x)
            if place.called.startswith(GLOBAL) and issubclass(type(x), types.ModuleType):
                self.as_globals[id(x)] = self.as_globals.get(id(x), 0) + 1
        else:
            self.facts.append(x)

    def mapping(self, x: Mapping[Any, Any], called: str = "") -> None:
        """Follow what a dictionary holds: an object's attributes, or a dictionary of anybody's."""
        if called:
            self.called[id(x)] = called
        kinds.mapping(self, x)
