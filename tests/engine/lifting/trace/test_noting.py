"""Notes of a walk: places are watched once, skipped ones never, and doubt keeps quiet."""

from __future__ import annotations

import math

from engine.lifting.trace.noting import GLOBAL, Notes
from engine.lifting.trace.observed import Place


def test_a_place_is_watched_once_and_followed():
    notes, held = Notes(), {"a": [1]}
    for _ in range(2):
        notes.watch(lambda: held["a"], Place(held, "a", "held['a']"))
    assert len(notes.reads) == 1
    assert notes.stack == [[1]]
    held["a"] = [1]
    assert [place.called for place in notes.replaced()] == ["held['a']"]


def test_what_is_not_followed_is_a_fact():
    notes = Notes()
    notes.watch(lambda: 5, Place(notes, "n", "n"), follow=False)
    assert (notes.stack, notes.facts) == ([], [5])


def test_skipped_places_are_not_looked_at():
    held = {"a": 1, "b": 2}
    notes = Notes(skipped={(id(held), "a")})
    notes.watch(lambda: held["a"], Place(held, "a", "a"))
    notes.mapping(held)
    held["a"] = 3
    assert notes.untouched()
    held["b"] = 3
    assert not notes.untouched()


def test_what_cannot_be_followed_is_said_once_and_not_in_doubt():
    notes = Notes()
    notes.in_doubt = True
    notes.cannot_follow("a file")
    assert notes.blind == ""
    notes.in_doubt = False
    notes.cannot_follow("a socket")
    notes.cannot_follow("a file")
    assert notes.blind == "a socket"


def test_modules_that_are_globals_are_counted():
    notes = Notes()
    notes.watch(lambda: math, Place({}, "math", f"{GLOBAL}math"))
    assert notes.as_globals == {id(math): 1}


def test_contents_are_compared_by_equality():
    notes, held = Notes(), bytearray(b"ab")
    notes.content(held, lambda: bytes(held))
    assert notes.untouched()
    held[0] = 0
    assert not notes.untouched()
    assert [place.called for place in notes.replaced()] == ["a bytearray"]
