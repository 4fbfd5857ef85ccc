"""The one policy of what agrees."""

from __future__ import annotations

import numpy as np
import pytest

from nn.agreement.tolerance import Limits, close, is_single, proportion


def test_close_and_proportion():
    assert close(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-13]), 1e-12)
    assert not close(np.ones(2), np.ones(3), 1.0)
    assert not close(np.array([np.nan]), np.array([np.nan]), 1.0)
    assert proportion(np.array([2.0, 4.0]), np.array([1.0, 2.0]), 1e-12) == 2.0
    assert proportion(np.array([2.0, 5.0]), np.array([1.0, 2.0]), 1e-12) is None
    assert proportion(np.ones(2), np.zeros(2), 1e-12) is None


LIMITS = Limits({"W": np.array([1.0, -2.0, 0.0])}, {"W": np.full(3, 1e-16)}, 4.0)


def test_an_entry_agrees_within_so_many_units():
    right = LIMITS.right["W"]
    assert LIMITS.agrees("W", right)
    assert LIMITS.agrees("W", right + 3e-16)
    assert not LIMITS.agrees("W", right + np.array([0.0, 0.0, 5e-16]))
    assert not LIMITS.agrees("W", np.array([1.0, -2.0, np.nan]))


def test_errors_are_counted_in_units_and_nan_is_off_by_infinity():
    error, units = LIMITS.errors("W", np.array([1.0, -2.0 + 2.0**-51, np.nan]))
    assert error.tolist() == [0.0, 2.0**-51, np.inf]
    assert units.tolist() == [0.0, pytest.approx(2.0**-51 * 1e16), np.inf]


def test_tolerances_are_bounded():
    assert LIMITS.relative("W") == 1e-11
    assert Limits(LIMITS.right, {"W": np.full(3, 1.0)}, 4.0).relative("W") == 1e-5


def test_single_precision_is_seen_in_the_numbers_themselves():
    numbers = np.random.default_rng(0).normal(size=20)
    assert is_single([numbers.astype(np.float32).astype(float)])
    assert not is_single([numbers])
    assert not is_single([np.array([0.5, 1.0])])  # any four may be
    assert not is_single([])
    assert not is_single([np.arange(9.0)])  # counts


def test_what_is_coarse_is_all_coarse():
    right = {"W": np.random.default_rng(0).normal(size=(4, 3))}
    limits = Limits(right, {"W": 1e-16 * np.abs(right["W"])}, 4.0)
    single = right["W"].astype(np.float32).astype(float)
    assert limits.is_coarse({"W": single})
    one_wrong = single.copy()
    one_wrong[2, 1] *= 1.01
    assert not limits.is_coarse({"W": one_wrong})
