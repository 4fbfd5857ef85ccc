"""NumPy over a field: views reach nowhere outside their arrays, and fresh memory is garbage."""

from __future__ import annotations

import numpy as np
import pytest

from engine.lifting.verify.elements import same
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import Count, FieldNumpy


def test_a_view_reaches_nowhere_outside_and_memory_is_garbage():
    numpy = FieldNumpy(Field(0, 1, 1))
    x = numpy.empty((6,))
    strided = numpy.lib.stride_tricks.as_strided
    assert same(strided(x[1:], (2, 2), [16, 8]), x[1:5].reshape(2, 2))
    assert same(strided(x[3:], (3,), [-8]), x[1:4][::-1])
    for view, shape, strides in [(x[1:], (3, 2), [16, 8]), (x[2:], (4,), [-8]), (x, (2, 4), [8, 8 * 2])]:
        with pytest.raises(IndexError, match="reaches outside"):
            strided(view, shape, strides)
    assert not same(numpy.empty((6,)), numpy.empty((6,)))
    with pytest.raises(ValueError, match="C-ordered"):
        numpy.empty((2, 2)).dot(numpy.empty((2, 2)), numpy.empty((2, 2)).T)
    with pytest.raises(ValueError, match="its place is"):
        np.add.reduce(numpy.empty((2, 2)), 0, out=numpy.empty((1, 2)))


def test_the_number_of_samples_is_a_size_and_an_exact_number():
    field = Field(0, 1, 1)
    n = Count(3, field)
    assert n * 4 == 4 * n == 12
    assert list(range(n)) == [0, 1, 2]
    assert same(1.0 / n * 3.0, 1.0 + 0.0 * (1.0 / n))
    assert same(np.float64(6.0) / n, 2.0 + 0.0 * (1.0 / n))
