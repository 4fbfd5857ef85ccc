"""Numbers that the compiler folds are exact, and rounded once, where they are printed."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.lifting.exact import exactly, fold, negated, rounded

ZEROS = (0.0, -0.0)
MODERATE = st.floats(-1e6, 1e6).filter(lambda x: x == 0.0 or abs(x) > 1e-6)


@given(st.sampled_from(["add", "subtract", "multiply"]), MODERATE, MODERATE, MODERATE)
def test_what_is_folded_twice_is_rounded_once(op, x, y, z):
    want = {
        "add": Fraction(x) + Fraction(y) + Fraction(z),
        "subtract": Fraction(x) - Fraction(y) - Fraction(z),
        "multiply": Fraction(x) * Fraction(y) * Fraction(z),
    }[op]
    once = fold(op, x, y)
    assert once is not None
    twice = fold(op, once, z)
    assert exactly(twice) == want
    assert float(twice) == float(want)


@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("x", [*ZEROS, 2.0, -2.0])
@pytest.mark.parametrize("y", [*ZEROS, 2.0, -2.0])
def test_folded_constants_have_the_zeros_of_floats(op: str, x: float, y: float) -> None:
    if op == "divide" and not y:
        return
    want = {"add": x + y, "subtract": x - y, "multiply": x * y, "divide": x / (y or 1.0)}[op]
    got = fold(op, x, y)
    assert got == want and math.copysign(1.0, got) == math.copysign(1.0, want)


def test_what_is_no_finite_number_is_left_for_later():
    assert fold("multiply", 1e200, 1e200) is None
    assert fold("add", math.inf, 1.0) is None
    assert fold("divide", 1.0, 0.0) is None
    assert rounded(Fraction(1, 10**320) / 3) is None  # few digits are left of it


def test_a_negated_number_keeps_its_fraction():
    third = fold("divide", 1.0, 3.0)
    assert exactly(negated(third)) == Fraction(-1, 3)
    assert math.copysign(1.0, negated(0.0)) == -1.0


def test_folded_numbers_carry_their_fraction():
    program = engine.lift(lambda x: 0.1 * (0.75 * x) + engine.dot([x, x, x], [0.1, 0.1, 0.1]) ** 2)
    program.value_and_grad(2.0, wrt="inputs")
    emitted = program.specialisations[program.latest.specs][0].compiled["inputs"].emitted
    assert emitted.rounded
    for printed, fraction in emitted.rounded.items():
        assert repr(printed) in emitted.text
        assert Fraction(printed) != fraction
        assert abs(Fraction(printed) / fraction - 1) < Fraction(1, 2**52)


def test_a_folded_number_is_told_from_one_that_somebody_wrote():
    def f(x):
        return 0.1 * (3.0 * engine.tanh(x)) + 0.30000000000000004 * engine.exp(x)

    program = engine.lift(f)
    got = program.value_and_grad(0.3, wrt="inputs")[1].inputs[0]
    emitted = program.specialisations[program.latest.specs][0].compiled["inputs"].emitted
    assert list(emitted.rounded) == [0.3000000000000001]
    assert got == pytest.approx(0.3 * (1 - math.tanh(0.3) ** 2) + 0.3 * math.exp(0.3), rel=1e-15)


def test_numbers_are_not_folded_out_of_the_range_of_floats():
    for a, b in ((1e200, 1e-100), (1e-200, 1e100)):
        program = engine.lift(lambda x, a=a: a * (a * x))
        assert program.value_and_grad(b, wrt="inputs")[0] == a * (a * b)
