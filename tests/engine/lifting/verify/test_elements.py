"""Arrays of a field's numbers behave as NumPy's do."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.verify.elements import Elements, lift, same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import FieldNumpy

ARRAYS = {
    "slices": lambda x, np: x[1:, ::2],
    "one element": lambda x, np: x[2, ...],
    "new axes": lambda x, np: x[:, None, 1:] + x[0][:, None][None, :1],
    "transposed and cut": lambda x, np: x.T.reshape(2, 6)[:, 1:3],
    "transposed": lambda x, np: x.reshape(1, 3, 4).transpose(2, 0, 1),
    "sums": lambda x, np: np.add.reduce(x, 0) * np.add.reduce(x, (0, 1)),
    "runs": lambda x, np: np.add.reduceat(x, [0, 2], 1),
    "product": lambda x, np: x.dot(x.T) + x @ x.T,
    "with a vector": lambda x, np: x.dot(x[0]) + np.matmul(x, x[1]),
    "products of several": lambda x, np: np.matmul(x.reshape(3, 2, 2), x.reshape(3, 2, 2)),
    "taken": lambda x, np: x.take([[0, 5], [11, 5]]) + x.take([1, 1], 1)[0],
    "broadcast": lambda x, np: np.broadcast_to(x[0], (2, 4)) * 3,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_of_a_field_are_arrays(name):
    """Whole numbers computed by NumPy, and as elements of a field, in the same shapes."""
    whole = np.random.default_rng(0).integers(-50, 50, (3, 4))
    field = Field(0, 2, 2)
    want = ARRAYS[name](whole, np)
    got = ARRAYS[name](Elements(field.integers(whole), field), FieldNumpy(field))
    assert got.shape == want.shape
    assert same(got, Elements(field.integers(want), field))


def test_a_number_that_was_read_stays_as_it_was():
    field = Field(seed=3, levels=1, points=2)
    x = Elements(field.random((2, 3)), field)
    before, read = x.copy(), x.item(4)
    assert read.shape == () and same(read, before[1, 1])
    x.fill(0.0)
    assert same(read, before[1, 1]) and not same(read, x[1, 1])
    assert same(x[0, 0].item(), 0.0)


def test_a_number_that_is_the_same_at_all_points_is_added_to_as_numbers_are():
    field = Field(3, 2, 5)
    number, x = lift(2.0, field), Elements(field.random(()), field)
    total, less = number, number
    total += x
    less -= x
    assert same(total, x + 2.0) and same(less, 2.0 - x) and same(number, 2.0)
