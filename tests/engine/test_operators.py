"""Operators of Value, with Values and numbers on either side."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from engine import Value
from engine.value import is_constant

NUMBERS = [2, 2.0, True, np.float64(2.0), np.int32(2), np.array(2.0)]


@pytest.mark.parametrize("n", NUMBERS)
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
def test_numbers_on_either_side(n, op):
    x = Value(3.0)
    for text, want in [(f"x {op} n", eval(f"3.0 {op} float(n)")), (f"n {op} x", eval(f"float(n) {op} 3.0"))]:
        z = eval(text)
        assert isinstance(z, Value), text
        assert z.data == want, text
        assert x in z.parents


def test_numpy_scalars_do_not_make_arrays():
    assert isinstance(np.float64(2) * Value(3.0), Value)
    assert isinstance(np.float32(2) ** Value(3.0), Value)
    assert np.float64(2) < Value(3.0)
    assert np.float64(4) >= Value(3.0)
    assert not np.float64(4) <= Value(3.0)
    assert np.float64(4) > Value(3.0)


def test_unary_operators():
    x = Value(-3.0)
    assert (-x).data == 3.0
    assert +x is x
    assert abs(x).data == 3.0


@pytest.mark.parametrize("bad", ["a", None, 1j, [1.0], (1.0,), {}, b"x"])
@pytest.mark.parametrize("op", ["add", "mul", "sub", "truediv", "pow", "lt", "ge"])
def test_nonsense_operands_are_refused_on_either_side(bad, op):
    x, apply = Value(1.0, "w1"), getattr(operator, op)
    with pytest.raises(TypeError, match="of Value and .* is not defined"):
        apply(x, bad)
    with pytest.raises(TypeError):
        apply(bad, x)


def test_the_message_names_the_value():
    with pytest.raises(TypeError, match=r"multiply of Value and 'a' is not defined \(the Value is 'w1'\)"):
        Value(1.0, "w1") * "a"


def test_an_unknown_type_may_define_the_operation_itself():
    class Other:
        def __rmul__(self, other):
            return "mine"

        def __gt__(self, other):
            return "greater"

    assert Value(1.0) * Other() == "mine"
    assert (Value(1.0) < Other()) == "greater"
    with pytest.raises(TypeError):
        Value(1.0) ** object()
    with pytest.raises(TypeError):
        operator.lt(Value(1.0), object())
    with pytest.raises(TypeError):
        object() - Value(1.0)


def test_power_with_a_number_is_a_rule_of_its_own_and_a_number_elsewhere_is_a_leaf():
    x = Value(3.0)
    assert (x**2).op == "power_constant"
    assert (x**2).parents == (x,)
    assert (x ** Value(2.0)).op == "power"
    assert (2**x).op == "power"
    two = (2.0 * x).parents[0]
    assert is_constant(two)
    assert not is_constant(x)


def test_sum_of_many_values():
    xs = [Value(1.0) for _ in range(100_000)]
    total = sum(xs)
    total.backward()
    assert total.data == 100_000.0
    assert {x.grad for x in xs} == {1.0}
