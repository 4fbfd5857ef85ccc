"""Buffers: for each number of samples, held by one thread at a time, no more than are worth keeping."""

from __future__ import annotations

import warnings

import numpy as np

import engine
from engine import Value
from engine.lifting.run.executable import MOST_SIZES, Gradient


def compiled():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: engine.exp(x * w), batch=True)
    program(np.ones(3))
    return program.latest.compiled["parameters"]


def test_buffers_are_used_again_once_they_are_given_back():
    c = compiled()
    with c.buffers(3, np.float64) as first, c.buffers(3, np.float64) as second:  # as another thread would
        assert second is not first
    with c.buffers(3, np.float64) as again:
        assert again is first
    with c.buffers(3, np.float32) as other:
        assert other is not first


def test_no_more_sizes_are_kept_than_the_latest():
    c = compiled()
    for n in range(1, MOST_SIZES + 4):
        with c.buffers(n, np.float64):
            pass
    assert len(c.sizes) == MOST_SIZES
    assert (MOST_SIZES + 3, "<f8") in c.sizes and (1, "<f8") not in c.sizes


def test_the_text_is_loaded_once():
    c = compiled()
    namespace = c.namespace
    with c.buffers(7, np.float64):
        assert c.namespace is namespace


def test_numpy_warns_of_nothing_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert engine.lift(lambda x: engine.exp(x))(1e4) == np.inf


def test_a_gradient_without_parameters_names_none():
    assert Gradient(None, (1.0,)).named() == {}


def test_shapes_are_of_one_sample():
    program = engine.lift(lambda x, d: engine.total(x) * d["a"], batch=True)
    program(np.ones((4, 3)), {"a": np.ones(4)})
    assert program.latest.shapes == [(3,), ()]
