"""Arrays, buffers and generators: what they hold is compared, or read at each call."""

from __future__ import annotations

import array
import random

import numpy as np
import pytest

from engine import Value
from engine.lifting.trace.noting import Notes
from engine.lifting.trace.numbers_held import LARGE, as_arrays, as_buffer, follow

FEW, MANY = np.arange(3.0), np.zeros(LARGE // 8)


def draw_legacy(g):
    g.random_sample()


GENERATORS = [
    (np.random.default_rng(0), lambda g: g.random()),
    (np.random.PCG64(0), lambda g: g.random_raw()),
    (np.random.RandomState(0), draw_legacy),
    (random.Random(0), lambda g: g.random()),
]


@pytest.mark.parametrize(("generator", "draw"), GENERATORS, ids=lambda x: type(x).__name__)
def test_a_draw_is_noticed(generator, draw):
    notes = Notes()
    assert follow(notes, generator)
    assert notes.untouched() and len(notes.draws) == 1
    draw(generator)
    assert not notes.untouched()


@pytest.mark.parametrize(
    "x", [FEW, MANY, MANY[::2], np.zeros(3, "i2"), MANY.astype("i8")], ids=lambda x: f"{x.dtype}{x.size}"
)
def test_a_changed_number_is_noticed(x):
    x, notes = x.copy() if x.flags.c_contiguous else np.repeat(x, 2)[::2], Notes()
    assert follow(notes, x)
    assert notes.untouched()
    x[1] = 5
    assert not notes.untouched()


def test_a_large_array_that_is_read_at_each_call_is_compared_by_shape_alone():
    x, notes = MANY.copy(), Notes(reading={0})
    follow(notes, x)
    assert notes.large[0] is x
    x[1] = 5.0
    assert notes.untouched()
    x.shape = (2, -1)
    assert not notes.untouched()


def test_large_integers_and_subclasses_are_not_read():
    class Mine(np.ndarray):
        pass

    notes = Notes(reading={0, 1})
    for x in (MANY.astype("i8"), MANY.view(Mine)):
        follow(notes, x)
    assert notes.large == []


def test_arrays_of_objects_hold_what_is_followed():
    v, notes = Value(1.0), Notes()
    follow(notes, np.array([v, v]))
    assert [x for values in notes.values for x in values] == [v, v]


def test_what_is_no_array():
    assert not follow(Notes(), [1.0])


def test_buffers_and_what_becomes_arrays():
    x, notes = array.array("d", [1.0, 2.0]), Notes()
    assert as_buffer(notes, x)
    assert not as_buffer(Notes(), object())
    x[0] = 3.0
    assert not notes.untouched()
    pandas = pytest.importorskip("pandas")
    frame, notes = pandas.DataFrame({"a": [1.0, 2.0]}), Notes()
    assert as_arrays(notes, frame)
    frame.index = [5, 6]
    assert not notes.untouched()


def test_whatever_somebody_s_class_raises():
    class Bad:
        def __array__(self, *_, **__):
            raise RuntimeError("no")

    assert not as_arrays(Notes(), Bad())
