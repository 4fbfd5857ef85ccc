"""Views as text: whatever a view is, its text run on an array of positions gives its positions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.emit.views import part_of, view_text
from engine.lifting.views import Source, View

SAMPLES = 3


def in_memory(name: str, array: np.ndarray, shape: tuple[int, ...], batched: bool = False) -> View:
    """Return the view that a NumPy view of `arange` is of a source of some shape."""
    offset = int(array.flat[0])
    return View(
        Source(name, shape, "value", batched), array.shape, offset, tuple(s // array.itemsize for s in array.strides)
    )


@st.composite
def views(draw):
    """Slices, exchanges of axes, new and repeated axes, in any order, of an array that may have been reshaped."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=0, max_size=3)))
    array = np.arange(int(np.prod(shape, dtype=int)))
    halved = draw(st.booleans()) and array.size % 2 == 0
    array = array.reshape((2, -1) if halved else shape)
    for _ in range(draw(st.integers(0, 4))):
        move = draw(st.sampled_from(["slice", "pick", "turn", "new", "repeat", "step"]))
        axis = draw(st.integers(0, max(0, array.ndim - 1)))
        if move in ("slice", "pick", "step") and array.ndim:
            first = draw(st.integers(0, array.shape[axis] - 1))
            last = draw(st.integers(first + 1, array.shape[axis]))
            cut = {"slice": slice(first, last), "pick": first, "step": slice(first, last, 2)}[move]
            array = array[(slice(None),) * axis + (cut,)]
        elif move == "turn":
            array = array.transpose(draw(st.permutations(range(array.ndim))))
        elif move == "new" and array.ndim < 5:
            array = np.expand_dims(array, axis)
        elif move == "repeat" and 1 in array.shape:
            array = np.broadcast_to(array, tuple(2 if n == 1 else n for n in array.shape))
    return in_memory("x", np.asarray(array), shape, draw(st.booleans()))


def positions(view: View) -> np.ndarray:
    """Return the positions that a view has in an array of samples."""
    at = view.positions()
    return np.stack([at + k * view.source.size for k in range(SAMPLES)]) if view.batched else at


@given(views(), st.booleans())
def test_the_text_of_a_view_gives_its_elements(view, exact):
    text = view_text("x", view, exact=exact)
    assert (text is None) == (part_of(view) is None and not view.is_whole())
    if text is None:
        return
    lead = (SAMPLES,) if view.batched else ()
    array = np.arange(SAMPLES**view.batched * view.source.size).reshape((*lead, *view.source.shape))
    got = eval(text, {"x": array, "N": SAMPLES})
    assert np.shares_memory(got, array)  # so that it can be written to
    assert got.ndim == len(lead) + len(view.shape) or not (exact or view.batched)
    np.testing.assert_array_equal(np.broadcast_to(got, (*lead, *view.shape)), positions(view))


@given(views())
def test_only_steps_within_an_axis_have_no_text(view):
    reaches = [n for n, s in zip(view.shape, view.strides) if n > 1 and s]
    if view_text("x", view) is None:
        assert reaches


@pytest.mark.parametrize(
    ("shape", "view", "text"),
    [
        ((4, 6), ((6, 4), 0, (1, 6)), "x.T"),
        ((4, 6), ((3,), 8, (1,)), "x[1, 2:5]"),
        ((4, 6), ((4, 1), 5, (6, 0)), "x[:, 5][:, None]"),
        ((24,), ((4, 6), 0, (6, 1)), "x.reshape(4, 6)"),
        ((24,), ((6, 4), 0, (1, 6)), "x.reshape(4, 6).T"),
        ((4,), ((3, 4), 0, (0, 1)), "x"),
        ((4,), ((), 2, ()), "x[2, ...]"),
        ((9,), ((3, 3), 0, (1, 1)), None),  # a sliding window
        ((9,), ((3,), 0, (2,)), None),
        ((9,), ((3,), 8, (-1,)), None),
    ],
)
def test_texts_are_what_one_would_write(shape, view, text):
    assert view_text("x", View(Source("x", shape, "value"), *view)) == text
