"""Refused functions name a way out, and the ways out that say something exist."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.arrays.table import REFUSED

X = engine.array([Value(1.0), 2.0, 4.0])
CALLS = {
    "fft.fft": lambda: np.fft.fft(X),
    "unique": lambda: np.unique(X),
    "save": lambda: np.save("unused.npy", X),
    "histogram": lambda: np.histogram(X),
    "packbits": lambda: np.packbits(X),
    "frexp": lambda: np.frexp(X),
    "ldexp": lambda: np.ldexp(X, 2),
    "nextafter": lambda: np.nextafter(X, 2.0),
    "spacing": lambda: np.spacing(X[0]),
    "min_scalar_type": lambda: np.min_scalar_type(X),
    "emath.sqrt": lambda: np.emath.sqrt(X),
    "isnat": lambda: np.isnat(X),
    "left_shift": lambda: np.left_shift(X, 1),
    "i0": lambda: np.i0(X),
    "linalg.eigh": lambda: np.linalg.eigh(engine.array([[Value(1.0), 0.0], [0.0, 2.0]])),
    "linalg.qr": lambda: np.linalg.qr(engine.array([[Value(1.0), 0.0], [0.0, 2.0]])),
    "roots": lambda: np.roots(X),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_is_refused_in_one_line_with_its_way_out(name):
    with pytest.raises(TypeError) as raised:
        CALLS[name]()
    assert str(raised.value) == f"np.{name} is not defined for arrays of Values. {REFUSED[name]}"


def test_the_way_out_of_a_fourier_transform_is_a_product():
    x = np.array([0.3, -1.0, 0.5, 2.0])
    angles = -2.0 * np.pi * np.outer(np.arange(4), np.arange(4)) / 4.0

    def power(x):
        real, imaginary = np.cos(angles) @ x, np.sin(angles) @ x
        return np.sum((real**2 + imaginary**2) * np.arange(4.0))

    assert power(x) == pytest.approx(np.sum(np.abs(np.fft.fft(x)) ** 2 * np.arange(4.0)))
    assert engine.check_gradients(power, x).ok
