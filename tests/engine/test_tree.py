"""Nested structures flatten and come back the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value
from engine.errors import ShapeError
from engine.tree import flatten, unflatten

numbers = st.floats(-10, 10)
arrays = st.lists(numbers, min_size=1, max_size=4).map(np.array)
trees = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
)


@given(trees)
def test_a_tree_comes_back(tree):
    leaves, structure = flatten(tree)
    assert structure.size == len(leaves) == len(list(structure.paths()))
    again, same = flatten(unflatten(structure, leaves))
    assert same == structure
    assert hash(same) == hash(structure)
    assert again == leaves


def test_arrays_of_values_stay_objects_and_numbers_become_floats():
    _, structure = flatten(np.array([[1, 2]]))
    assert unflatten(structure, [1, 2]).dtype == float
    back = unflatten(structure, [Value(1.0), 2.0])
    assert back.dtype == object
    assert back.shape == (1, 2)


@pytest.mark.parametrize("bad", ["text", None, 1j, [1.0, "x"], {"k": None}, np.array(["a"]), np.array([None])])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError, match="not a number|numbers are needed"):
        flatten(bad)


def test_the_number_of_leaves_must_fit():
    _, structure = flatten([1.0, 2.0])
    with pytest.raises(ShapeError, match="a list of 2 holds 2 numbers; got 1"):
        unflatten(structure, [1.0])


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (1.0, "a number"),
        (np.ones((2, 3)), "an array of shape (2, 3)"),
        ({"a": 1.0}, "a dict with keys ['a']"),
        ((1, 2), "a tuple of 2"),
    ],
)
def test_structures_say_what_they_are(tree, text):
    assert str(flatten(tree)[1]) == text


def test_paths():
    assert list(flatten([{"w": np.ones(2)}, (1.0,), np.array(3.0)])[1].paths("x")) == [
        "x[0]['w'][0]",
        "x[0]['w'][1]",
        "x[1][0]",
        "x[2]",
    ]
