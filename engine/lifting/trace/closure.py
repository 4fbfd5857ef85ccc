"""Surroundings of a function: if what it sees there changes, the program that froze it is stale.

A call first looks whether anything was replaced, which takes microseconds; if so, all is read again and compared by
what it says: a number that is set to the same number is no change, nor is a function that is defined again as it was.

>>> scale = 2.0
>>> def f(x):
...     return scale * x
>>> around = Surroundings(f)
>>> around.changed()
False
>>> scale = 3.0
>>> around.changed(), around.changed()
(True, False)
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import chain
from operator import eq, is_
from typing import Any

import numpy as np

from engine.lifting.trace.follow import PLAIN, Walk
from engine.tracing import Onlooker, recording
from engine.value import Value


class Surroundings:
    """What a function sees, as it was when it was last looked at.

    Attributes
    ----------
    values
        The captured Values that were met, by identity.
    blind
        What cannot be followed; "" if all can.
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self._look()

    def _look(self) -> None:
        self.walk = walk = Walk().run(self.fn)
        self.lengths = [*map(len, walk.mappings), *map(len, walk.sequences)]

    @property
    def values(self) -> dict[int, Value]:
        """The captured Values, by identity."""
        return {id(v): v for values in self.walk.values for v in values}

    @property
    def gradients(self) -> frozenset[Value]:
        """The captured Values of which a gradient that changes is noticed."""
        return frozenset(self.values.values()) if self.walk.grad else frozenset()

    @property
    def blind(self) -> str:
        """What cannot be followed."""
        return self.walk.blind

    @property
    def unread(self) -> bool:
        """Whether a module that the function imports was not loaded yet."""
        return self.walk.unread

    def changed(self) -> bool:
        """Whether what the function sees has changed since this was last asked."""
        if self.untouched():
            return False
        before = self.walk
        self._look()
        return not _same_facts(before.facts, self.walk.facts)

    def untouched(self) -> bool:
        """Whether everything is where it was, the very same objects, and arrays hold what they held."""
        walk = self.walk
        with recording(_Apart()):  # Values are compared by identity
            try:
                return (
                    all(map(eq, walk.lists, walk.copies))
                    and self.lengths == [*map(len, walk.mappings), *map(len, walk.sequences)]
                    and all(map(is_, chain.from_iterable(map(_values, walk.mappings)), walk.items))
                    and all(map(is_, chain.from_iterable(walk.mappings), walk.keys))
                    and all(map(is_, map(type, walk.objects), walk.kinds))
                    and all(map(is_, [read() for read in walk.reads], walk.held))
                    and all(map(is_, chain.from_iterable(walk.sequences), chain.from_iterable(walk.elements)))
                    and all(check() for check in walk.checks)
                    and all(read() == held for read, held in walk.contents)
                )
            except Exception:  # of what is somebody else's: it is looked at closely
                return False


_values: Any = dict.values


class _Apart(Onlooker):
    """The active trace while surroundings are compared: a Value equals itself alone."""

    def branch(self, condition: Value) -> bool:
        """Say of two Values, which are not the same object, that they differ."""
        return False


def randomness() -> tuple[Any, ...]:
    """Return the states of the global generators, which drawing a number changes.

    >>> before = randomness()
    >>> _ = random.random()
    >>> randomness() == before
    False
    """
    state = np.random.get_state(legacy=False)  # noqa: NPY002 - a user's function may draw from it
    return random.getstate(), repr(state["state"])


def _same_facts(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(map(_same, before, now))


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, Value):
        return False
    if isinstance(a, PLAIN):
        return repr(a) == repr(b)  # NaN is itself, 0.0 is not -0.0
    return bool(a == b)
