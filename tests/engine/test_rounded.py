"""round(v, n): Python's number, flat, and refused where its number would be frozen."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 12))
def test_it_is_the_number_that_python_rounds_to_and_prints_as_it(x, n):
    z = round(Value(x), n)
    assert isinstance(z, Value)
    assert z.data == round(x, n)
    assert repr(z) == str(z) == f"{z}" == repr(round(x, n))
    assert repr(round(Value(x))) == repr(round(x)) or x == round(x) == 0.0


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_stays_so(x):
    for z in (round(Value(x), 2), round(Value(x))):
        assert (math.isnan(x) and math.isnan(z.data)) or z.data == x
        assert repr(z) == repr(x)


def test_it_is_flat():
    x = Value(2.345, "x")
    y = round(x, 2)
    (x * y).backward()
    assert x.grad == y.data == 2.35 or x.grad == y.data == 2.34
    assert y.grad == 2.345
    assert (y._op, y.op, y._prev) == ("round", "round", {x})
    assert engine.grad(lambda x: x * round(x, 1))(2.34) == 2.3
    assert engine.hessian(lambda x: x * x + round(x, 1))(2.34) == 2.0
    assert engine.jvp(lambda x: round(x, 1), (2.34,), (1.0,)) == (2.3, 0.0)


def test_what_is_flat_may_become_a_number_inside_a_derivative():
    assert engine.grad(lambda x: x * float(round(x, 1)))(2.34) == 2.3


def test_it_is_computed_with_as_any_value_and_copied():
    y = round(Value(2.34), 1)
    for z in (y, copy.deepcopy(y), copy.copy(y), pickle.loads(pickle.dumps(y))):
        assert repr(z) == "2.3"
        assert repr(z + 1.0) == "Value(3.3, grad=0.0, op='add')"
    assert f"{y:.3f}" == "2.300"


def test_lifted_it_is_a_rule_where_it_is_to_a_whole_number():
    program = engine.lift(lambda x: x - round(x) + round(x * x, 0) * x)
    for x in (2.5, -1.75, 0.0):
        assert program(x) == x - round(x) + round(x * x) * x
        assert program.value_and_grad(x, wrt="inputs")[1].inputs == (1.0 + round(x * x),)


def test_a_lifted_function_rounds_to_decimals_outside_or_as_numpy_does():
    assert engine.lift(lambda x: x.round(1) * x)(2.34) == 2.3 * 2.34
    with pytest.raises(engine.TraceError, match=r"a rounded number \(by round\(\)\) .* Round outside the function"):
        engine.lift(lambda x: round(x, 2) * x)(2.0)
    with pytest.raises(engine.LiftError, match="a result of 'round' is computed by no rule"):
        engine.lift(round(Value(2.34), 1) * 2.0)
