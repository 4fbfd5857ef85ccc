"""The one decision: within the limit, and finite."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agreement import agrees, allowed

anything = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7e308]))


@given(anything, anything, anything.map(abs))
def test_what_is_not_finite_never_agrees_and_the_rest_agrees_within_the_limit(given, right, limit):
    finite = all(map(math.isfinite, (given, right, limit)))
    want = finite and abs(given - right) <= limit
    assert agrees(given, right, limit) is want
    assert agrees(np.array([given]), np.array([right]), np.array([limit])).tolist() == [want]
    assert agrees(np.array([given, given]), right, limit).tolist() == [want, want]


def test_the_same_number_agrees_with_no_limit_at_all():
    assert agrees(0.1, 0.1, 0.0)
    assert not agrees(0.1, math.nextafter(0.1, 1.0), 0.0)


@pytest.mark.parametrize(("length", "units"), [(1, 4.0), (64, 4.0), (100, 5.0), (1_000_000, 500.0)])
def test_units_grow_with_the_root_of_the_length(length, units):
    assert allowed(length) == units
