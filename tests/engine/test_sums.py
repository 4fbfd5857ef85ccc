"""Sums of floats against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sums import exact, largest, log_of_exponentials, of_products

floats = st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=9)


@given(floats)
def test_an_exact_sum_is_rounded_once(xs):
    assert exact(xs) == float(sum(map(Fraction, xs)))


@given(floats)
def test_products_pair_the_halves_and_an_odd_one_is_added(xs):
    half = len(xs) // 2
    want = sum([w * x for w, x in zip(xs[:half], xs[half : 2 * half])], 0.0)
    assert of_products(xs) == (want + xs[-1] if len(xs) % 2 else want)


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=9))
def test_the_log_of_exponentials_is_right_however_large_they_are(xs):
    with mpmath.workdps(40):
        want = float(mpmath.log(sum([mpmath.exp(x) for x in xs])))
    assert log_of_exponentials(xs) == pytest.approx(want, rel=1e-14, abs=1e-14)


def test_sums_that_overflow_answer_as_ieee_does():
    assert exact([1e308, 1e308]) == math.inf
    assert math.isnan(exact([math.inf, -math.inf]))
    assert log_of_exponentials([]) == -math.inf


def test_there_is_no_largest_of_nothing():
    assert largest([-2.0, 3.0]) == 3.0
    with pytest.raises(ValueError, match="Pass at least one"):
        largest([])
