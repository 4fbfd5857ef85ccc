"""Running sums and products, differences between neighbours, angles without jumps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from array_truth import numbers, same_gradient, same_value

import engine

A = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="NumPy 2.1 has them")
def test_running_sums_after_the_sum_of_nothing():
    for f in (np.cumulative_sum, np.cumulative_prod):
        for axis in (0, 1, -1):
            for first in (False, True):
                same_value(lambda a, f=f, axis=axis, first=first: f(a, axis=axis, include_initial=first), A)
        same_gradient(lambda a, f=f: f(a, axis=1, include_initial=True), A)
        with pytest.raises(ValueError, match="of 2 dimensions needs axis="):
            f(engine.array(A))


def test_what_is_nan_counts_as_nothing():
    x = np.array([1.0, math.nan, 3.0])
    same_value(np.nancumsum, x)
    same_value(np.nancumprod, x)
    assert engine.grad(lambda x: np.nancumsum(x)[-1])(x).tolist() == [1.0, 0.0, 1.0]


def test_angles_are_unwrapped_by_constants():
    angles = np.cumsum(np.full(6, 2.5)) % (2.0 * math.pi)
    same_value(np.unwrap, angles)
    same_gradient(np.unwrap, angles)
    same_value(lambda x: np.unwrap(x, period=4.0), angles)
    assert np.all(np.abs(np.diff(numbers(np.unwrap(engine.array(angles))))) < math.pi)
    with pytest.raises(TypeError, match=r"unwrap\(discont=\)"):
        np.unwrap(engine.array(angles), 1.0)
