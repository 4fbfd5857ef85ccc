"""NumPy's functions on Values and on arrays of them."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from engine import Value


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
    with pytest.raises(
        TypeError, match="np.spacing is not defined for arrays of Values. It is of how floats are stored"
    ):
        np.spacing(Value(1.5))


def test_a_value_in_a_float_array_is_its_number():
    assert np.array([Value(1.5)], dtype=float).tolist() == [1.5]


def test_zero_dimensional_arrays_are_numbers_and_boxes_of_objects_are_not():
    assert (Value(3.0) * np.array(2.0)).data == 6.0
    box = np.empty((), dtype=object)
    box[()] = "x"
    with pytest.raises(TypeError):
        Value(3.0) * box
    assert Value(3.0) < np.array(4.0)
    with pytest.raises(TypeError):
        operator.lt(Value(3.0), np.array("x"))
