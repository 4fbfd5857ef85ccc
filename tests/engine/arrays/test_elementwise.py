"""Rounding, sinc near 0, and what is trivial of real numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from array_truth import same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.arrays.elementwise import sinc


@given(st.floats(-1e3, 1e3), st.integers(-2, 4))
def test_rounding_is_numpys(x, decimals):
    same_value(lambda a: np.round(a, decimals), np.array([x, 0.5, 1.5, -2.5]))
    same_value(np.fix, np.array([x]))


@given(st.floats(-3.0, 3.0))
def test_sinc_is_numpys_on_either_side_of_its_series(x):
    np.testing.assert_allclose(float(sinc(x)), np.sinc(x), rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.1, 0.318, 0.319, 0.7])
def test_every_derivative_of_sinc_is_right_near_zero(x):
    mpmath = pytest.importorskip("mpmath")
    derivative = engine.grad(np.sinc)
    for order in (1, 2, 3):
        with mpmath.workdps(50):
            want = float(mpmath.diff(lambda t: mpmath.sincpi(t), mpmath.mpf(x), order))
        assert derivative(x) == pytest.approx(want, rel=1e-9, abs=1e-9)
        derivative = engine.grad(derivative)


def test_values_are_real():
    x = engine.array([Value(-1.0), 2.0, Value(math.inf)])
    assert np.angle(x, deg=True).tolist() == [180.0, 0.0, 0.0]
    assert np.real(x)[0] is x[0]
    assert np.imag(x).tolist() == [0.0, 0.0, 0.0]
    assert np.isreal(x).all()
    assert not np.iscomplex(x).any()
    assert np.isposinf(x).tolist() == [False, False, True]
    assert np.isneginf(-x).tolist() == [False, False, True]
