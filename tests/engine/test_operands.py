"""What an operation may be computed on, and what is said of anything else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine import Value
from engine.operands import as_number, as_operand, check_operand, check_operands, check_shapes, is_value


@pytest.mark.parametrize("x", [1.0, 2, True, np.float32(1.0), np.int8(1), np.bool_(True), np.ones(2), Value(1.0)])
def test_operands(x):
    check_operands(x, "exp")
    assert as_operand(x, "exp") is not None


@pytest.mark.parametrize("x", ["2", None, 1j, np.complex128(1.0), np.array(["a"]), [1.0], float, np.array([None])])
def test_what_is_none_is_named(x):
    with pytest.raises(TypeError, match=r"exp of .* is not defined. Pass a number, a Value or a NumPy array of them\."):
        check_operands(x, "exp")


def test_what_computes_as_arrays_do_is_let_through():
    class Duck:
        __array_ufunc__ = None

    check_operand(Duck(), "exp")
    with pytest.raises(TypeError):
        check_operand(Duck, "exp")


def test_numbers_beyond_the_range_of_floats_are_infinite():
    assert (as_number(10**400, "x"), as_number(-(10**400), "x")) == (math.inf, -math.inf)


def test_a_value_is_known_by_its_class():
    assert is_value(Value(1.0)) and not is_value(1.0) and not is_value(Value)


def test_shapes_that_do_not_go_together():
    check_shapes("add", [np.ones((2, 1)), np.ones(3), 1.0])
    with pytest.raises(ValueError, match=r"add of arrays of shapes \(2,\) and \(3,\) is not defined"):
        check_shapes("add", [np.ones(2), np.ones(3)])
