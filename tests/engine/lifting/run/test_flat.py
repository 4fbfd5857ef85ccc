"""The flat vector: its numbers by named arrays, in cells that may lie in another order."""

from __future__ import annotations

import numpy as np
import pytest

from engine import ShapeError
from engine.lifting.names import ParameterArray
from engine.lifting.run.flat import Flat

W, B = ParameterArray("W", (2, 2), 0, "W"), ParameterArray("b", (), 4, "b")


def test_without_an_order_cells_and_arrays_are_views_of_the_vector():
    flat, vector = Flat((W, B), 5), np.arange(5.0)
    assert flat.cells_of(vector) is vector
    assert all(np.shares_memory(array, vector) for array in flat.named(vector).values())


def test_an_order_is_undone_by_its_inverse():
    flat, vector = Flat((W, B), 5, np.array([3, 4, 0, 1, 2])), np.array([11.0, 5.0, 0.0, 1.0, 10.0])
    assert flat.named(vector)["W"].tolist() == [[0.0, 1.0], [10.0, 11.0]]
    assert flat.vector_of(flat.cells_of(vector)).tolist() == vector.tolist()


def test_two_numbers_of_one_cell_are_refused_unless_they_are_equal():
    flat = Flat((W, B), 5, np.array([0, 1, 2, 3, 4, 0]))
    assert flat.size == 6
    assert flat.cells_of(np.array([7.0, 1.0, 2.0, 3.0, 4.0, 7.0])).tolist() == [7.0, 1.0, 2.0, 3.0, 4.0]
    with pytest.raises(ShapeError, match="given twice has two different numbers"):
        flat.cells_of(np.arange(6.0))


def test_a_gradient_goes_straight_into_a_place_that_lies_as_the_cells_do():
    out = np.empty(5)
    assert Flat((W, B), 5).place(out, np.float64) is out
    assert Flat((W, B), 5).place(out, np.float32) is not out
    assert Flat((W, B), 5, np.arange(5)[::-1]).place(out, np.float64) is not out
