"""Vectors as arguments and results are nested: back and forth is the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import ShapeError
from engine.lifting.run.structured import arranged, as_argument, filled, split
from engine.lifting.trace.inputs import describe
from engine.tree import flatten

numbers = st.floats(-9.0, 9.0)
trees = st.recursive(
    numbers | st.lists(numbers, min_size=1, max_size=3).map(np.array),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, min_size=1),
    max_leaves=6,
)


@settings(max_examples=30)
@given(trees)
def test_an_argument_is_its_vector(tree):
    spec = describe(tree, False, "x", [])
    vector = as_argument(tree, spec, False, "x")
    again = split(vector, spec)
    assert flatten(again)[0] == flatten(tree)[0]
    assert flatten(filled(spec, iter(vector.tolist())))[0] == flatten(tree)[0]


def test_samples_are_in_front():
    X = {"u": np.arange(6.0).reshape(3, 2), "v": np.arange(3.0)}
    spec = describe(X, True, "x", [])
    rows = as_argument(X, spec, True, "x")
    assert rows.tolist() == [[0.0, 1.0, 0.0], [2.0, 3.0, 1.0], [4.0, 5.0, 2.0]]
    again = split(rows, spec)
    assert (again["u"] == X["u"]).all()


def test_a_matrix_has_the_structure_of_results_and_then_of_variables():
    matrix = np.arange(6.0).reshape(2, 3)
    (_, pair), (_, three) = flatten([1.0, {"a": 2.0}]), flatten(np.zeros(3))
    found = arranged(matrix, pair, three)
    assert found[0].tolist() == [0.0, 1.0, 2.0]
    assert found[1]["a"].tolist() == [3.0, 4.0, 5.0]
    assert arranged(matrix, flatten(np.zeros(2))[1], three).shape == (2, 3)
    assert arranged(matrix[:1, :1], flatten(1.0)[1], flatten(1.0)[1]) == 0.0


def test_another_structure_is_refused():
    spec = describe([1.0, 2.0], False, "x", [])
    with pytest.raises(ShapeError, match=r"the direction must have .* shape \(2,\); got a number"):
        as_argument(1.0, spec, False, "the direction")


def test_a_direction_goes_by_keys_and_not_by_their_order():
    spec = describe({"u": 1.0, "v": [2.0, {"w": 3.0, "z": 4.0}]}, False, "x", [])
    direction = {"v": (2.0, {"z": 4.0, "w": 3.0}), "u": 1.0}
    assert as_argument(direction, spec, False, "the direction").tolist() == [1.0, 2.0, 3.0, 4.0]
    for other in ({"u": 1.0, "x": direction["v"]}, [1.0, direction["v"]]):
        with pytest.raises(ShapeError, match=r"the direction must be a dict with keys \['u', 'v'\]"):
            as_argument(other, spec, False, "the direction")
