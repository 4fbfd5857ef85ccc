"""Every Value in a container, with the keys that lead to it; nobody's code runs."""

from __future__ import annotations

import collections

import numpy as np

from engine import Value
from engine.watching.held import length, values_in

Pair = collections.namedtuple("Pair", "a b")


def paths(x):
    return {path: value.data for path, value in values_in(x)}


def test_lists_tuples_dictionaries_and_arrays_nested():
    array = np.array([[Value(1.0), 2.0], [3.0, Value(4.0)]], dtype=object)
    x = {"w": [Value(5.0), (Value(6.0), "no", None)], 7: array, "p": Pair(Value(8.0), 1)}
    assert paths(x) == {
        ("w", 0): 5.0, ("w", 1, 0): 6.0, (7, 0, 0): 1.0, (7, 1, 1): 4.0, ("p", 0): 8.0,
    }  # fmt: skip
    assert paths(Value(1.0)) == {(): 1.0}
    assert paths(np.array(Value(1.0), dtype=object)) == {(): 1.0}
    assert paths([1.0, "text", np.ones(3), {1, 2}]) == {}


def test_what_holds_itself_ends():
    x = [Value(1.0)]
    x.append(x)
    assert len(paths(x)) <= 10


def test_classes_derived_from_containers_run_nothing_of_their_own():
    class Loud(list):
        def __iter__(self):
            raise AssertionError

        __len__ = __getitem__ = __iter__

    class LoudArray(np.ndarray):
        def __getitem__(self, key):
            raise AssertionError

    assert paths(Loud([Value(1.0)])) == {(0,): 1.0}
    assert length(Loud([1, 2])) == 2
    array = np.array([Value(1.0)], dtype=object).view(LoudArray)
    assert paths(array) == {(0,): 1.0}
    assert [length(x) for x in ((1,), {1: 2}, np.ones((2, 3)), np.ones(()))] == [1, 1, 6, 1]
