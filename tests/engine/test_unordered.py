"""A comparison with NaN that C code makes inside a transform is refused; a written one is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

import engine
from engine import Value
from engine.errors import TraceError

X = np.array([math.nan, 1.0, 2.0])


def plain(x):
    return np.array([x[0], x[1], x[2]])


LOST = {
    "max": lambda x: np.max(plain(x)),
    "maximum": lambda x: np.sum(np.maximum(plain(x), 0.0)),
    "sort": lambda x: np.sum(np.sort(plain(x))),
    "clip": lambda x: np.sum(np.clip(plain(x), 0.0, 1.0)),
    "argmax": lambda x: x[int(np.argmax(plain(x)))],
    "Python's max": lambda x: max(x[1], x[0]),
    "sorted": lambda x: sorted([x[1], x[0]])[0],
}
WRITTEN = {
    "an if": lambda x: x[1] if x[0] < 1.0 else x[2],
    "a chain": lambda x: x[1] if 0.0 < x[0] <= 1.0 else x[2],
    "a turned one": lambda x: x[1] if 1.0 > x[0] else x[2],  # noqa: SIM300
    "engine.where": lambda x: engine.where(x[0] >= 0.0, x[1], x[2]),
    "an array's": lambda x: np.where(x > 0.0, x, x[2])[0],
    "equality": lambda x: x[1] if x[0] == x[0] or x[0] in [1.0] else x[2],
    "in a comprehension": lambda x: [x[1] if v > 5.0 else x[2] for v in x][0],  # noqa: RUF015
}


@pytest.mark.parametrize("f", LOST.values(), ids=LOST)
def test_what_c_code_compares_is_refused(f):
    with pytest.raises(
        TraceError, match=r"compared with NaN by code that is not written in Python, in test_unordered.py"
    ):
        engine.grad(f)(X)


@pytest.mark.parametrize("f", WRITTEN.values(), ids=WRITTEN)
def test_what_a_line_compares_is_not(f):
    assert engine.grad(f)(X).tolist() == [0.0, 0.0, 1.0]


@pytest.mark.parametrize("f", LOST.values(), ids=LOST)
def test_without_nan_nothing_is_refused(f):
    engine.grad(f)(np.array([3.0, 1.0, 2.0]))


def test_outside_a_transform_python_goes_on():
    values = [Value(v) for v in X]
    assert max(values[1], values[0]) is values[1]
