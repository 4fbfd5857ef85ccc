"""NumPy as people write it: right, or refused in the engine's words; eagerly, lifted, and lifted for a batch."""

from __future__ import annotations

import numpy as np
import pytest
from idioms import (
    DIED,
    IDIOMS,
    REFUSALS,
    REFUSED,
    RIGHT,
    UNREACHED,
    WRONG,
    amiss,
    as_expected,
    eager,
    judged,
    truth,
)

import engine


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of its floats
@pytest.mark.parametrize("section", IDIOMS)
def test_an_idiom_is_right_or_refused(section):
    assert amiss(section, "eager") == {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("way", ["lifted", "batched"])
@pytest.mark.parametrize("section", IDIOMS)
def test_a_lifted_idiom_is_right_or_refused(section, way):
    assert amiss(section, way) == {}


def test_there_are_enough_and_none_twice():
    every = [text for section in IDIOMS.values() for text in section]
    assert len(set(every)) == len(every) >= 500
    assert set(REFUSALS) <= set(every)
    assert all(as_expected(text, eager(text)) for text in REFUSALS)


@pytest.mark.parametrize("text", UNREACHED)
def test_lists_that_numpy_does_not_ask_about_are_an_error(text):
    assert eager(text).kind == DIED


def test_an_array_is_the_way_out():
    gradient = engine.grad(lambda s, t: np.linalg.det(engine.array([[s, t], [1.0, s]])), (0, 1))(0.8, 1.7)
    assert gradient == (1.6, -1.0)


def test_the_judge_tells_them_apart():
    want = truth("x ** 2")
    value, slopes = want
    assert judged(lambda: (value, slopes), want).kind == RIGHT
    assert judged(lambda: (value + 1e-3, slopes), want).kind == WRONG
    assert judged(lambda: (value, {"x": slopes["x"] * 1.001}), want).kind == WRONG
    assert judged(lambda: np.linalg.inv(np.zeros((2, 2))), want).kind == DIED
    assert eager("np.i0(x)").kind == REFUSED
