"""What becomes a plain array of objects, how comparisons settle, and where Values may be written."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.arrays.plain import Undecided, decided, filled, into, objects, settled, writable
from engine.conditions import Condition
from engine.errors import TraceError
from engine.lifting.trace.watch import Recording
from engine.tracing import recording


def test_everything_of_numbers_becomes_a_plain_array_of_objects():
    v = Value(1.0)
    for x, shape in ((v, ()), (2, ()), (np.float32(2.0), ()), ([v, 2.0], (2,)), (np.ones((2, 1)), (2, 1)), ([], (0,))):
        items = objects(x)
        assert type(items) is np.ndarray
        assert (items.dtype, items.shape) == (object, shape)
    assert objects(engine.array([v])).tolist() == [v]
    assert type(objects(np.arange(2))[0]) is float  # an integer is a number, as it is to a Value
    assert objects(np.array([True]))[0] is True
    for ragged in ([np.ones(2), np.ones(3)], [[1.0], [2.0, 3.0]]):
        with pytest.raises(ValueError, match="array needs lists of one length at each level; these are ragged"):
            engine.array(ragged)


def test_rows_are_not_looked_into_twice():
    v = Value(1.0)
    assert filled([v, 2.0]).tolist() == [v, 2.0]
    assert filled([np.ones(2), np.zeros(2)]).shape == (2, 2)
    assert filled([]).shape == (0,)


def test_comparisons_are_bools_unless_one_is_undecided():
    assert settled(np.array([True, False], object)).dtype == bool
    assert settled(np.array(True, object)) is True
    assert settled(3.0) == 3.0


def test_comparisons_of_what_is_lifted_are_undecided():
    with recording(Recording()):
        mask = settled(np.array([Value(1.0) > 0.0, True], object))
        assert type(mask) is Undecided
        assert decided(mask).tolist() == [True, True]
        assert isinstance(settled(np.array(Value(1.0) > 0.0, object)), Condition)


def test_a_mask_is_decided_where_bools_are_needed():
    mask = np.array([True, False])
    assert decided(mask) is mask
    np.testing.assert_array_equal(decided([[1.0], [0.0]]), [[True], [False]])
    np.testing.assert_array_equal(decided(np.array([Value(2.0), Value(0.0)])), mask)


def test_values_are_written_into_objects_alone():
    out = np.zeros(2, dtype=object)
    assert into(None, 3.0, "add") == 3.0
    assert into((out,), np.array([1.0, 2.0], object), "add") is out
    assert out.tolist() == [1.0, 2.0]
    assert writable(engine.array([1.0]), "put").tolist() == [1.0]
    with pytest.raises(
        TraceError, match=r"np.add writes into an array of float64: Values would be turned into floats in"
    ):
        into(np.zeros(2), out, "add")
    with pytest.raises(TraceError, match="np.add writes into a list of 2"):
        writable([0.0, 0.0], "add")
