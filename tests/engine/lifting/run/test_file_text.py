"""Pieces of a file's text, evaluated: nestings are those of the engine, arrays are to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.run.file_text import items_text, numbers_text, results_text, variables_text
from engine.lifting.run.structured import filled, split
from engine.lifting.trace.inputs import describe
from engine.tree import flatten

NESTED = {"a": 1.0, "b": ([2.0, 3.0], np.ones((2, 2)), "said")}


@pytest.mark.parametrize("lead", [(), (3,)])
def test_variables_are_nested_as_an_argument(lead):
    spec, numbers = describe(NESTED, False, "x", []), np.arange(7.0 * max(1, *lead, 1)).reshape(*lead, 7)
    got, want = eval(variables_text(spec, "numbers"), {"numbers": numbers, "np": np}), split(numbers, spec)
    assert repr(got) == repr(want)


def test_results_are_nested_as_a_function_nests_them():
    structure = flatten({"a": 1.0, "b": ([2.0], np.ones((2, 2)))})[1]
    numbers = np.arange(6.0)
    got = eval(results_text(structure, "x", lead=False), {"x": numbers})
    assert repr(got) == repr({"a": 0.0, "b": ([1.0], np.arange(2.0, 6.0).reshape(2, 2))})
    many = eval(results_text(structure, "x", lead=True), {"x": numbers.reshape(1, 6)})
    assert many["a"].tolist() == [0.0] and many["b"][1].shape == (1, 2, 2)


def test_items_take_the_places_of_results():
    structure = flatten([1.0, (2.0, 3.0)])[1]
    assert eval(items_text(structure, "x"), {"x": "abc"}) == filled(structure, iter("abc")) == ["a", ("b", "c")]


@pytest.mark.parametrize(
    "x", [np.linspace(0, 1, 7), np.linspace(0, 1, 70).reshape(7, 10), np.arange(99), np.zeros((0, 2))]
)
def test_arrays_are_written_to_the_bit(x):
    import base64

    back = eval(numbers_text(x), {"np": np, "base64": base64})
    assert back.dtype == x.dtype and back.shape == x.shape and (back == x).all()
