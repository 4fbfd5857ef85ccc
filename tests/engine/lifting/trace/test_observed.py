"""What was seen is compared in the same places: nothing that was replaced goes unnoticed, and nothing else is said."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Value
from engine.lifting.trace.kinds import follow
from engine.lifting.trace.noting import Notes
from engine.lifting.trace.numbers_held import follow as follow_numbers
from engine.lifting.trace.observed import Place


def seen(x):
    """Notes of a container and of everything in it that is a container or an array."""
    notes = Notes()
    notes.stack.append(x)
    while notes.stack:
        top = notes.stack.pop()
        if not (follow_numbers(notes, top) or follow(notes, top)):
            notes.facts.append(top)
    notes.facts += [held for *_, held in notes.contents]
    notes.lengths = [*notes.sizes, *map(len, notes.elements)]
    return notes


def a_list():
    x = [1.0, 2.0]
    return x, lambda: x.__setitem__(0, 3.0)


def a_longer_list():
    x = [1.0]
    return x, lambda: x.append(2.0)


def a_list_of_values():
    x = [Value(1.0), Value(1.0)]
    return x, lambda: x.__setitem__(1, Value(1.0))  # an equal one


def a_dict():
    x = {"a": 1.0}
    return x, lambda: x.update(a=2.0)


def another_key():
    x = {"a": 1.0}
    return x, lambda: x.update(b=1.0)


def a_nested_list():
    x = {"a": [[1.0], [2.0]]}
    return x, lambda: x["a"][1].append(3.0)


def a_set():
    x = {1, 2}
    return x, lambda: x.add(3)


def an_array():
    x = np.arange(3.0)
    return x, lambda: x.__setitem__(1, 7.0)


def an_array_of_objects():
    x = np.array([Value(1.0), Value(2.0)])
    return x, lambda: x.__setitem__(0, Value(1.0))


def a_large_array():
    x = np.zeros(20_000)
    return x, lambda: x.__setitem__(9_999, 1.0)


@pytest.mark.parametrize(
    "make",
    [
        a_list, a_longer_list, a_list_of_values, a_dict, another_key, a_nested_list, a_set, an_array,
        an_array_of_objects, a_large_array,
    ],
)  # fmt: skip
def test_a_change_is_noticed(make):
    x, change = make()
    before = seen(x)
    assert before.untouched()
    assert before.says_the_same(seen(x))
    assert list(before.replaced()) == []
    change()
    assert not before.untouched()
    assert not before.says_the_same(seen(x))
    assert len(list(before.replaced())) >= 1


def test_facts_are_the_same_as_they_look():
    for a, b, same in [(np.nan, np.nan, True), (0.0, -0.0, False), (1, 1.0, False), (Value(1.0), Value(1.0), False)]:
        first, second = Notes(), Notes()
        first.facts.append(a)
        second.facts.append(b)
        assert first.says_the_same(second) is same


def test_places_are_told_apart_by_holder_and_key():
    held = {}
    assert Place(held, "a", "x").mark == Place(held, "a", "y").mark != Place(held, "b", "x").mark
    assert Place({}, "a", "x").mark != Place(held, "a", "x").mark


def test_what_holds_something_is_called_by_its_name():
    notes = Notes()
    x = {"k": 1}
    notes.called[id(x)] = "the global x"
    assert notes.item(x, "k") == "the global x['k']"
    notes.called[id(x)] = "self."
    assert notes.item(x, "k") == "self.k"
    assert notes.item([], 0) == "a list[0]"
