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
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from engine.lifting.trace.code_names import words
from engine.lifting.trace.follow import Walk
from engine.lifting.trace.observed import Observed, Place
from engine.lifting.trace.owners import attribute_name
from engine.lifting.trace.stand_in import Reading
from engine.value import Value


class Surroundings:
    """What a function sees, as it was when it was last looked at.

    Attributes
    ----------
    seen
        What the last look has seen.
    own
        Places that the function itself changes at every run: they are not compared.
    absences
        Attributes that a run has asked captured Values for in vain.
    readings
        Large arrays that are read at each call, by their number among all.
    reset
        Whether something changed while the function was traced, or arrays were forgotten: older traces are stale.
    """

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self.own: dict[tuple[int, Any], Place] = {}
        self.absences: dict[tuple[int, Any], Place] = {}
        self.readings: dict[int, Reading] = {}
        self.reset = False
        self._look()

    def _look(self) -> None:
        self.seen: Observed = Walk(self.own.keys(), self.readings.keys(), self.absences.values()).run(self.fn)

    @property
    def values(self) -> dict[int, Value]:
        """The captured Values, by identity."""
        return self.seen.by_identity

    @property
    def gradients(self) -> frozenset[Value]:
        """The captured Values of which a gradient that changes is noticed."""
        return frozenset(self.values.values()) if self.seen.gradients else frozenset()

    @property
    def blind(self) -> str:
        """What cannot be followed."""
        return self.seen.blind

    @property
    def unread(self) -> bool:
        """Whether a module that the function imports was not loaded yet."""
        return self.seen.unread

    @property
    def repeatable(self) -> bool:
        """Whether the function computes the same whenever it runs, as long as nothing that it sees changes."""
        return self.seen.repeatable

    def untouched(self) -> bool:
        """Whether everything is where it was, the very same objects, and arrays hold what they held."""
        return self.seen.untouched()

    def changed(self) -> bool:
        """Whether what the function sees has changed since this was last asked."""
        if self.untouched():
            return False
        before = self.seen
        self._look()
        if before.says_the_same(self.seen):
            for k, reading in self.readings.items():
                reading.array = self.seen.large[k]
            return False
        if self.readings:
            self.readings, self.reset = {}, True
            self._look()
        return True

    def candidates(self) -> dict[int, Reading]:
        """Return the large arrays that may be read at each call, apart from those that the function writes."""
        if self.seen.asks_kinds:
            return {}
        return {
            k: self.readings.get(k) or Reading(x, _short(self.seen.called.get(id(x), "")))
            for k, x in enumerate(self.seen.large)
            if (id(x), None) not in self.own
        }

    def read_at_each_call(self, readings: dict[int, Reading], others: Iterable[int]) -> None:
        """Read some arrays at each call, and compare the numbers of others, which a trace has taken for constants."""
        readings = {k: reading for k, reading in (readings | self.readings).items() if k not in others}
        if readings.keys() != self.readings.keys():
            self.readings = readings
            self._look()

    def leave_to_the_function(self, places: Iterable[Place]) -> None:
        """Compare some places no more: the function itself changes them at every run."""
        self.own |= {place.mark: place for place in places}
        self._look()

    def look_for(self, absences: Mapping[tuple[int, str], Value]) -> None:
        """Compare attributes too that captured Values did not have when a run asked for them."""
        captured = self.values if absences else {}
        fresh = {mark: v for mark, v in absences.items() if id(v) in captured and mark not in self.absences}
        if fresh:
            self.absences |= {mark: Place(v, mark[1], attribute_name(v, mark[1])) for mark, v in fresh.items()}
            self._look()

    def randomness(self) -> tuple[Any, ...]:
        """Return the states of all generators of random numbers that the function can see."""
        return (*randomness(), *[state() for state in self.seen.draws])


def _short(called: str) -> str:
    """Return the last name in what something is called."""
    return (words(called) or ["p"])[-1]


def randomness() -> tuple[Any, ...]:
    """Return the states of the global generators, which drawing a number changes.

    >>> before = randomness()
    >>> _ = random.random()
    >>> randomness() == before
    False
    """
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - a user's function may draw from it
    numbers = [x.tobytes() if isinstance(x, np.ndarray) else x for x in state.values()]
    return random.getstate(), numbers
