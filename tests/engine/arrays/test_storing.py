"""Numbers between numbers, and numbers stored: in objects as they are, in floats where nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_gradient, same_value

import engine
from engine import Value
from engine.errors import TraceError

V, W = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def test_even_steps_are_numpys_with_every_option():
    for f in (np.linspace, lambda a, b: np.linspace(a, b, 4, axis=1), lambda a, b: np.linspace(a, b, 3, endpoint=False),
              lambda a, b: np.linspace(a, b, 5, retstep=True)[0], lambda a, b: np.linspace(a, b, 5, retstep=True)[1],
              lambda a, b: np.linspace(a, b, 1), lambda a, b: np.linspace(a, b, 0), np.geomspace,
              lambda a, b: np.logspace(a, b, 3, base=2.0)):  # fmt: skip
        same_value(f, V, W)
        same_gradient(f, V, W) if np.size(f(V, W)) else None
    assert np.linspace(Value(0.0), 1.0, 3)[1].data == 0.5


def test_stores_in_objects_keep_values():
    x = np.zeros(4, dtype=object)
    v = Value(2.0)
    np.copyto(x, v, where=[True, False, False, False])
    np.put(x, [1], v)
    np.place(x, [False, False, True, False], [v])
    np.putmask(x, [False, False, False, True], v)
    assert all(item is v for item in x)
    B = np.zeros((2, 2), dtype=object)
    np.fill_diagonal(B, v)
    assert B[1, 1] is v
    assert np.full_like(engine.array(V), v).tolist() == [v, v]


def test_stores_in_floats_take_numbers_and_are_refused_where_a_derivative_would_be_lost():
    def put(x):
        floats = np.zeros(2)
        np.put(floats, [0], x)
        return floats[0] * x

    assert put(Value(3.0)).data == 9.0
    assert engine.grad(lambda x: put(engine.stop_gradient(x)) * x)(3.0) == 9.0
    with pytest.raises(TraceError, match="turned into a float"):
        engine.grad(put)(3.0)


def test_weights_are_summed_by_classes():
    weights = engine.array([Value(1.0), 2.0, Value(4.0)])
    assert [float(getattr(v, "_data", v)) for v in np.bincount([1, 1, 3], weights)] == [0.0, 3.0, 0.0, 4.0]
    with pytest.raises(TypeError, match="Its classes must be plain integers"):
        np.bincount(weights)
