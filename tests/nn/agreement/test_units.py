"""Units of rounding cover what rounding really does, as exact arithmetic shows it."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from nn import matrix
from nn.agreement.units import EPS, SLOPE_ERRORS, rounding_units

Z = np.concatenate([np.linspace(-30.0, 30.0, 61), [-700.0, 700.0, 1e-9, -1e-300]])
EXACT = {
    "tanh": lambda z: 1 - mpmath.tanh(z) ** 2,
    "sigmoid": lambda z: mpmath.exp(-z) / (1 + mpmath.exp(-z)) ** 2,
    "softplus": lambda z: 1 / (1 + mpmath.exp(-z)),
    "silu": lambda z: (1 + mpmath.exp(-z) + z * mpmath.exp(-z)) / (1 + mpmath.exp(-z)) ** 2,
    "gelu": lambda z: mpmath.ncdf(z) + z * mpmath.npdf(z),
}


@pytest.mark.parametrize("kind", EXACT)
def test_a_slope_is_as_far_from_the_exact_one_as_its_error_says_at_most(kind):
    a = matrix.ACTIVATIONS[kind].f(Z)
    slope = matrix.ACTIVATIONS[kind].derivative(Z, a)
    with mpmath.workdps(700):
        error = np.array([abs(float(mpmath.mpf(s) - EXACT[kind](mpmath.mpf(z)))) for s, z in zip(slope, Z)])
    allowed = EPS * SLOPE_ERRORS[kind](Z, a, np.zeros_like(Z))
    assert (error <= 2.0 * allowed + 1e-300).all()


def test_kinks_leave_either_slope_open_only_where_rounding_decides():
    error = SLOPE_ERRORS["relu"](np.array([1e-17, 1.0, 0.0]), np.zeros(3), np.array([1.0, 1.0, 0.0]))
    assert error.tolist() == [1.0 / EPS, 0.0, 0.0]


def test_a_cancelling_sum_has_the_unit_of_its_terms():
    params = {"layers.0.W": np.array([[1.0]]), "layers.0.b": np.zeros(1)}
    X, T = np.array([[1e6], [-1e6]]), np.array([0.0, 0.0])
    unit = rounding_units(params, X, T, "identity", "identity", "mse")["layers.0.b"][0]
    assert matrix.value_and_gradients(params, X, T, loss="mse")[1]["layers.0.b"][0] == 0.0
    assert 1e6 * EPS < unit < 1e8 * EPS
