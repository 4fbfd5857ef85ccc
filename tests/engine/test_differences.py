"""Differences know how far they may be off, and what kind of point they are at."""

from __future__ import annotations

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.agreement import EPS
from engine.differences import measured

FUNCTIONS = {
    "exp": (math.exp, mpmath.exp),
    "sin": (math.sin, mpmath.sin),
    "atan": (math.atan, mpmath.atan),
    "tanh": (math.tanh, mpmath.tanh),
    "erf": (math.erf, mpmath.erf),
    "gamma": (lambda x: math.gamma(abs(x) + 1.0), lambda x: mpmath.gamma(abs(x) + 1)),
}
each = pytest.mark.parametrize(("f", "precise"), FUNCTIONS.values(), ids=FUNCTIONS)


@each
@given(st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3))
def test_the_true_derivative_lies_within_the_bound(f, precise, x):
    found = measured(f, x, rounding=4.0 * EPS * abs(f(x)))
    assert found.kind == "smooth"
    with mpmath.workdps(30):
        assert abs(found.value - mpmath.diff(precise, x)) <= found.bound
    assert found.bound <= 1e-6 * max(1.0, abs(found.value), abs(f(x)))


POINTS = {
    "an edge": (lambda x: x**1.5, 0.0, "edge"),
    "an edge from above": (lambda x: (1.0 - x) ** 1.5, 1.0, "edge"),
    "steep": (math.sqrt, 0.0, "steep"),
    "steep downwards": (math.acos, 1.0, "steep"),
    "steep on both sides": (lambda x: math.copysign(abs(x) ** 0.5, x), 0.0, "steep"),
    "a cusp": (lambda x: abs(x) ** 0.5, 0.0, "kink"),
    "a kink": (abs, 0.0, "kink"),
    "a kink far out": (lambda x: abs(x - 1e8), 1e8, "kink"),
    "a small kink": (lambda x: x * x + 1e-3 * abs(x - 2.0), 2.0, "kink"),
    "a jump": (lambda x: float(x > 0), 0.0, "jump"),
    "a jump from below": (lambda x: float(x >= 2.0), 2.0, "jump"),
    "a floor": (math.floor, 3.0, "jump"),
    "one point alone": (lambda x: 1.0 if x == 0.0 else math.nan, 0.0, "jump"),
    "smooth, where a square meets its negative": (lambda x: x * abs(x), 0.0, "smooth"),
    "smooth, of a power between": (lambda x: abs(x) ** 1.5, 0.0, "smooth"),
    "smooth, beside a kink": (abs, 1e-13, "smooth"),
    "smooth, beside a jump": (lambda x: x + float(x > 0), 1e-9, "smooth"),
    "smooth, flat": (lambda x: 7.0, 0.3, "smooth"),
}


@pytest.mark.parametrize(("f", "x", "kind"), POINTS.values(), ids=POINTS)
def test_the_kind_of_a_point(f, x, kind):
    assert measured(f, x, rounding=2.0 * EPS * abs(f(x))).kind == kind


def test_a_step_that_confirms_what_is_expected_spares_the_others():
    calls = []

    def f(x):
        calls.append(x)
        return math.sin(x)

    measured(f, 0.7, expected=math.cos(0.7), value=math.sin(0.7))
    assert len(calls) == 2
    calls.clear()
    assert abs(measured(f, 0.7, expected=0.5).value - math.cos(0.7)) < 1e-8
    assert len(calls) > 20
