"""Notation: where elements are of arrays, plain and packed, and tables under one name each."""

from __future__ import annotations

import numpy as np

from engine.lifting.emit.elements import Picked
from engine.lifting.emit.notation import Notation
from engine.lifting.views import Source


def test_an_element_is_told_by_its_index():
    x = Source("x", (2, 3), "input")
    columns, axis, _ = Notation(set()).coordinates(Picked(x, np.array([0, 4])))
    assert [c.tolist() for c in columns] == [[0, 1], [0, 1]] and axis is None


def test_an_integer_moves_along_the_axis_that_it_steps_by():
    x, t = Source("x", (4, 3), "input"), Source("t", (2,), "index")
    reading = Picked(x, np.array([0, 1]), t, np.array([0, 1]), 3, 9)
    assert Notation(set()).coordinates(reading)[1:] == (0, 1)
    flat = Picked(x, np.array([11, 11]), t, np.array([0, 1]), -2, 0)
    columns, axis, apart = Notation(set()).coordinates(flat)
    assert (len(columns), axis, apart) == (1, 0, -2)


def test_a_cotangent_is_packed_as_what_it_is_of():
    y = Source("y", (3,), "value")
    dy = Source("dy", (3,), "value", of=y)
    notation = Notation(set(), {y: (np.array([0, 1, 1]), np.array([0, 0, 1]))})
    assert notation.table(dy) is notation.packed[y]


def test_a_table_has_one_name():
    notation = Notation({"at1"})
    tables = [np.array([1, 2]), np.array([1, 2]), np.array([2, 1])]
    names = {notation.constant(table) for table in tables}
    assert names == {"at2", "at3"}
