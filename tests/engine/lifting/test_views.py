"""Views are NumPy's, on shapes and strides alone: every operation beside the one of an array of positions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.views import Gather, Source, View, all_distinct

SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def positions(source):
    """What a view's positions must be, as NumPy computes them from those of the whole."""
    return np.arange(source.size).reshape(source.shape)


@st.composite
def views(draw):
    """A view, and the array that NumPy has for it."""
    source = Source("z", draw(SHAPES), "value")
    view, array = source.view, positions(source)
    for _ in range(draw(st.integers(0, 4))):
        step = draw(st.sampled_from(["T", "squeeze", "expand", "slice", "take", "broadcast"]))
        if step == "T" and array.ndim >= 2:
            view, array = view.T, array.swapaxes(-1, -2)
        elif step == "squeeze":
            view, array = view.squeeze(), array.squeeze()
        elif step == "expand":
            axis = draw(st.integers(-array.ndim - 1, array.ndim))
            view, array = view.expand_dims(axis), np.expand_dims(array, axis)
        elif step == "slice" and array.ndim:
            start = draw(st.integers(0, array.shape[0] - 1))
            index = slice(start, draw(st.integers(start + 1, array.shape[0])))
            view, array = view[index], array[index]
        elif step == "take" and array.ndim:
            axis = draw(st.integers(0, array.ndim - 1))
            index = (*[slice(None)] * axis, draw(st.integers(0, array.shape[axis] - 1)))
            view, array = view[index], array[index]
        elif step == "broadcast":
            shape = tuple(draw(st.integers(1, 3)) if n == 1 else n for n in array.shape)
            view, array = view.broadcast_to(shape), np.broadcast_to(array, shape)
    return view, array


@given(views())
def test_a_view_is_what_numpy_has(pair):
    view, array = pair
    assert view.shape == array.shape
    assert view.size == array.size
    np.testing.assert_array_equal(view.positions(), array)
    assert view.span() == (array.min(), array.max())
    assert view.overlaps() == (not all_distinct(array))


@given(views())
def test_what_it_says_of_itself(pair):
    view, array = pair
    following = np.arange(array.size) + view.offset
    assert view.is_contiguous() == (array.reshape(-1) == following).all()
    whole = positions(view.source)
    assert view.is_whole() == (array.shape == whole.shape and bool((array == whole).all()))


@given(views(), st.data())
def test_reshape_is_numpys_or_is_refused(pair, data):
    view, array = pair
    shape = [n for n in array.shape if n > 1]
    for _ in range(data.draw(st.integers(0, 2))):
        shape.insert(data.draw(st.integers(0, len(shape))), 1)
    np.testing.assert_array_equal(view.reshape(tuple(shape)).positions(), array.reshape(shape))
    if view.is_contiguous():
        np.testing.assert_array_equal(view.reshape((array.size,)).positions(), array.reshape(-1))
    elif len([n for n in array.shape if n > 1]) > 1:
        with pytest.raises(ValueError, match=r"is no view of shape .*; copy it first"):
            view.reshape((array.size,))


@given(views())
def test_dropping_repeated_axes(pair):
    view, array = pair
    rest, axes = view.unrepeated()
    squeezed = array.squeeze()
    np.testing.assert_array_equal(
        rest.positions(), squeezed[tuple(0 if a in axes else slice(None) for a in range(squeezed.ndim))]
    )
    assert all(stride for _, stride in rest.axes)


def test_the_same_places_of_another_source():
    z, dz = Source("z", (2, 3), "value"), Source("dz", (2, 3), "value")
    assert str(z.view[1].on(dz)) == "dz[3; (1,)]"
    assert z.view[0].on(dz, 3).offset == 3
    assert Gather(z, (2,), np.array([0, 5])).on(dz).source is dz


def test_transposed_means_that_the_last_axis_is_the_slower():
    z = Source("z", (2, 3), "value").view
    assert z.T.is_transposed()
    assert not z.is_transposed()
    assert not z[:, :1].T.is_transposed()


def test_a_view_beyond_its_source_is_refused():
    source = Source("z", (4,), "value")
    for view in ((5,), 0, (1,)), ((2,), 3, (1,)), ((2,), 0, (-1,)), ((2, 3), 0, (2, 1)):
        with pytest.raises(IndexError, match="reaches from element"):
            View(source, *view)
    with pytest.raises(IndexError, match="reaches from element"):
        Gather(source, (2,), np.array([0, 4]))
    assert View(source, (0,), 9, (1,)).shape == (0,)
