"""One number each: what ufuncs that are no rule do with floats, Values and undecided comparisons."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.arrays.elements import COMPOSED, apply, as_element, choose, holds, inverted, isnan, primal

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=False)
OF_BOOLS = {"bitwise_and", "bitwise_or", "bitwise_xor", "invert"}
NAMES = sorted(COMPOSED.keys() - OF_BOOLS)


@given(st.sampled_from(NAMES), NUMBERS, NUMBERS)
def test_they_are_numpys_ufuncs_of_floats_and_of_values(name, x, y):
    if name in ("logaddexp2", "conjugate", "positive") and not math.isfinite(x + y):
        return
    ufunc = getattr(np, name)
    xs = [x, y][: ufunc.nin]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = ufunc(*xs)
    for numbers in (xs, list(map(Value, xs)), [Value(x), y][: ufunc.nin]):
        got = apply(name, *numbers)
        got = got.data if isinstance(got, Value) else got
        assert isinstance(got, bool) == isinstance(want, np.bool_)
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_bits_are_of_comparisons():
    assert apply("bitwise_and", True, np.False_) == apply("bitwise_xor", True, True) == apply("invert", True) == 0
    assert apply("bitwise_or", False, True) is True
    with pytest.raises(TypeError, match=r"& of a Value is not defined. Compare first"):
        apply("bitwise_and", Value(1.0), True)
    with pytest.raises(TypeError, match=r"~ of 2.0 is not defined. Compare first"):
        apply("invert", 2.0)


def test_what_is_no_number_is_refused():
    assert as_element(3).__class__ is float
    assert as_element(np.float32(0.5)) == 0.5
    assert (primal(Value(2.0)), primal(2)) == (2.0, 2.0)
    for x in ("2", None, 1j, [1.0]):
        with pytest.raises(TypeError, match="an array of Values needs one real number; got"):
            as_element(x)


def test_choices_are_nodes_only_where_they_are_undecided():
    x = Value(2.0)
    assert choose(True, x, 1.0) is x
    assert choose(0.0, x, 1.0) == 1.0
    assert (holds(x), holds(0.0), inverted(True), isnan(math.nan)) == (True, False, False, True)
    program = engine.lift(lambda x: choose(x > 1.0, x * x, 3.0) + as_element(x > 0.0))
    assert [program(v) for v in (2.0, 0.5, -1.0)] == [5.0, 4.0, 3.0]


@pytest.mark.parametrize(
    "name", sorted({"fmax", "fmin", "heaviside", "copysign", "deg2rad", "rad2deg", "logaddexp2", "fabs"})
)
def test_derivatives_are_those_of_differences_and_lift(name):
    ufunc = getattr(np, name)
    f = (lambda x: ufunc(x[0]) * x[1]) if ufunc.nin == 1 else (lambda x: ufunc(x[0], x[1]) * x[1])
    program = engine.lift(f)
    for point in ([1.5, -0.7], [-0.3, 0.4]):
        assert engine.check_gradients(f, np.array(point)).ok
        value, gradient = program.value_and_grad(np.array(point), wrt="inputs")
        assert value == pytest.approx(float(f(np.array(point))), rel=1e-14)
        np.testing.assert_allclose(gradient.inputs[0], engine.grad(f)(np.array(point)), rtol=1e-13)
