"""Operators and methods of Value, its order, NumPy's functions, and what comparisons are while lifting."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

import engine
from engine import Value
from engine.tracing import recording
from engine.value import is_constant

# --- operators

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


# --- order and identity


def test_comparisons_are_of_numbers_and_the_hash_is_of_the_object():
    a, b = Value(1.0), Value(1.0)
    assert (a < 2.0) is True
    assert (a > 2.0) is False
    assert (a < 2.0) is True
    assert (a <= b) is True
    assert (a >= b) is True
    assert a == b
    assert (a != b) is False
    assert a == 1
    assert a == np.float32(1.0)
    assert a in [b]
    assert a not in {b}
    assert len({a, b, a}) == 2
    assert sorted([Value(3.0), Value(1.0)])[0].data == 1.0
    assert max(Value(3.0), Value(1.0)).data == 3.0


# --- many operands


def test_dot_is_one_node_whose_local_derivative_is_the_other_factor():
    ws, xs, b = [Value(1.0), Value(2.0)], [Value(3.0), 4.0], Value(0.5)
    z = engine.dot(ws, xs, b)
    z.backward()
    assert z.op == "dot"
    assert z.data == 11.5
    assert [w.grad for w in ws] == [3.0, 4.0]
    assert xs[0].grad == 1.0
    assert b.grad == 1.0


def test_dot_needs_equal_lengths():
    with pytest.raises(ValueError, match="as many weights as inputs; got 2 and 1"):
        engine.dot([1.0, 2.0], [1.0])
    assert engine.dot([], []) == 0.0
    assert engine.dot([], [], Value(2.0)).data == 2.0


def test_many_operands_refuse_nonsense():
    with pytest.raises(TypeError, match="total of Value and 'x' is not defined"):
        engine.total([Value(1.0), "x"])
    with pytest.raises(TypeError, match="total of Value and an object is not defined"):
        engine.total([Value(1.0), object()])


# --- NumPy


def test_object_arrays_multiply_and_sum():
    A = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    x = np.array([Value(5.0), Value(6.0)])
    y = A @ x
    assert [v.data for v in y] == [17.0, 39.0]
    assert [v.data for v in np.dot(A, x)] == [17.0, 39.0]
    s = y.sum()
    s.backward()
    assert [v.grad for v in x] == [4.0, 6.0]
    assert [[v.grad for v in row] for row in A] == [[5.0, 6.0], [5.0, 6.0]]


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sqrt", "sin", "arctan", "log1p", "square", "abs"])
def test_ufuncs_on_a_value_and_on_arrays_of_values(name):
    ufunc = getattr(np, name)
    one = ufunc(Value(0.5))
    many = ufunc(np.array([Value(0.5), Value(0.25)])) if name not in ("square",) else None
    assert isinstance(one, Value)
    assert one.data == pytest.approx(float(ufunc(0.5)), rel=1e-15)
    if many is not None:
        assert [v.data for v in many] == pytest.approx(ufunc(np.array([0.5, 0.25])).tolist(), rel=1e-15)


def test_binary_ufuncs():
    x = Value(2.0)
    assert np.maximum(x, 1.0).op == "maximum"
    assert np.arctan2(x, 3.0).op == "arctan2"
    assert np.power(x, 3).op == "power_constant"
    assert np.power(2.0, x).op == "power"
    assert np.true_divide(1.0, x).op == "divide"
    assert np.add(x, np.array(1.0)).op == "add"
    low, high = Value(1.0), Value(2.0)
    assert np.equal(x, x) is True
    assert np.not_equal(x, x) is False
    for a, b in ((low, high), (high, low)):
        assert np.equal(a, b) is False
        assert np.not_equal(a, b) is True


def test_a_value_times_an_array_is_an_array_of_values():
    x = Value(2.0)
    for z in (x * np.array([1.0, 3.0]), np.array([1.0, 3.0]) * x, np.float64(1.0) * np.array([x, x])):
        assert isinstance(z, np.ndarray)
        assert all(isinstance(v, Value) for v in z)
    assert (np.array([x, x]) > 1.0).tolist() == [True, True]


def test_a_ufunc_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="np.floor has no derivative rule. Rules are in engine/rules.py"):
        np.floor(Value(1.5))


def test_a_value_in_a_float_array_is_its_number():
    assert np.array([Value(1.5)], dtype=float).tolist() == [1.5]


# --- conditions: what comparisons are while a function is being lifted --------------------------------------------


class Watch:
    """A trace that notes what it is told."""

    def __init__(self):
        self.branches, self.leaks = [], []

    def branch(self, condition):
        self.branches.append(condition)
        return condition._data != 0.0

    def leak(self, value, into):
        self.leaks.append(into)
        raise TypeError(into)


@pytest.mark.parametrize("a", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("b", [1.0, 2.0, 3.0])
def test_while_lifting_a_comparison_is_a_condition_that_stays_undecided(a, b):
    watch = Watch()
    with recording(watch):
        x, y = Value(a), Value(b)
        conditions = [x < y, x <= y, x > y, x >= y, x < b, b < x, np.less(x, y)]
        assert watch.branches == []
        assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]
        assert watch.branches == [c.node for c in conditions]
    assert [bool(c) for c in conditions] == [a < b, a <= b, a > b, a >= b, a < b, b < a, a < b]


@pytest.mark.parametrize("p", [False, True])
@pytest.mark.parametrize("q", [False, True])
def test_conditions_combine(p, q):
    with recording(Watch()):
        x = Value(1.0)
        a, b = (x > 0.0 if p else x < 0.0), (x > 0.0 if q else x < 0.0)
        for got, want in [(a & b, p and q), (a | b, p or q), (~a, not p), (a & q, p and q), (q & a, p and q)]:
            assert bool(got) is want
            assert got.node._data == float(want)
        assert (a * b)._data == float(p and q)
        assert (2.0 * a)._data == 2.0 * p
        assert bool(a | q) is (p or q)
        assert bool(q | a) is (p or q)
        chosen = a.where(x, 5.0)
        assert chosen.op == "where"
        assert chosen._data == (1.0 if p else 5.0)
        assert engine.where(a, x, 5.0)._data == chosen._data


def test_while_lifting_numbers_do_not_leak():
    watch = Watch()
    x = Value(2.0)
    with recording(watch):
        for leak in (
            float,
            int,
            bool,
            math.trunc,
            lambda v: v.data,
            lambda v: v.item(),
            lambda v: setattr(v, "data", 1.0),
        ):
            with pytest.raises(TypeError):
                leak(x)
        assert is_constant(Value(3.0))
    assert watch.leaks == [
        "a float", "an int", "a bool", "an int", "a float (by .data)", "a float",
        "a place to store a number (by .data = ...)",
    ]  # fmt: skip
    assert x.data == 2.0


def test_a_comparison_with_nonsense_is_refused_while_lifting_too():
    with recording(Watch()), pytest.raises(TypeError):
        operator.lt(Value(1.0), object())


def test_zero_dimensional_arrays_are_numbers_and_boxes_of_objects_are_not():
    assert (Value(3.0) * np.array(2.0)).data == 6.0
    box = np.empty((), dtype=object)
    box[()] = "x"
    with pytest.raises(TypeError):
        Value(3.0) * box
    assert Value(3.0) < np.array(4.0)
    with pytest.raises(TypeError):
        operator.lt(Value(3.0), np.array("x"))


@pytest.mark.parametrize(("x", "truth"), [(2.7, True), (0.0, False), (-0.0, False), (-1.0, True), (math.nan, True)])
def test_the_truth_of_a_value_is_its_numbers(x, truth):
    assert bool(Value(x)) is truth
