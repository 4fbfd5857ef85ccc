"""The number of different whole numbers, as a set has it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.distinct import count_distinct


@given(st.lists(st.integers(-(10**6), 10**6) | st.integers(-3, 3)))
def test_it_is_the_size_of_the_set(numbers):
    assert count_distinct(np.array(numbers, dtype=np.int64)) == len(set(numbers))


def test_an_array_of_several_axes_is_looked_at_whole():
    assert count_distinct(np.array([[5, 6], [6, 7]])) == 3
