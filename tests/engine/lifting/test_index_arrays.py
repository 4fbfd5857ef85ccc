"""Index arrays are the views that NumPy would make of them, or gathers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.index_arrays import as_view, factor
from engine.lifting.views import Gather, Source, View


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(-3, 9)), max_size=4))
def test_what_steps_evenly_along_each_axis_is_a_view(axes):
    at = np.zeros([n for n, _ in axes], np.int64)
    for axis, (n, stride) in enumerate(axes):
        at += np.arange(n).reshape([-1 if a == axis else 1 for a in range(at.ndim)]) * stride
    at -= at.min()
    view = as_view(Source("z", (int(at.max()) + 1,), "value"), at)
    assert isinstance(view, View)
    np.testing.assert_array_equal(view.positions(), at)


def test_what_does_not_is_a_gather_that_knows_whether_places_are_distinct():
    z = Source("z", (2, 3), "value")
    for index, distinct in (([0, 1, 5, 1], False), ([0, 1, 5, 3], True)):
        gather = as_view(z, np.array(index))
        assert isinstance(gather, Gather)
        assert gather.distinct == distinct


def test_the_axes_in_which_index_arrays_are_affine():
    rows, columns = np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3)
    assert factor([rows]) == (3, 4)
    assert factor([columns]) == (3, 4)
    assert factor([rows, columns]) == (3, 4)
    assert factor([rows * 4 + columns]) == (12,)
    assert factor([np.array([0, 1, 3, 4, 9, 10])]) is None
