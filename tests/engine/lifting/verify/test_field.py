"""Numbers modulo primes."""

from __future__ import annotations

import numpy as np

from engine.lifting.verify.field import Field


def test_floats_are_the_rationals_that_they_are():
    field = Field(2, 2, 1)
    p = field.primes[0]
    assert field.number(0.75)[0, 0] == 3 * pow(4, -1, p) % p
    assert field.number(-2.0)[0, 0] == p - 2
    many = np.array([0.1, -3.5, 1e-300, 7e200, 0.0, 2.0**-1074, np.inf, np.nan, 12.0, -0.0])
    assert np.array_equal(field.floats(many)[:, :, 0].T, [field.number(x)[:, 0] for x in many.tolist()])
