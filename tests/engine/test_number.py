"""The number of a Value: what becomes one, what it becomes, and when nobody may read it."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from watching import Watch

from engine import Value
from engine.tracing import recording
from engine.value import is_constant


@pytest.mark.parametrize(
    "given", [3, True, np.float32(2.5), np.int64(4), np.bool_(True), Fraction(1, 4), np.array(2.0)]
)
def test_real_numbers_become_floats(given):
    v = Value(given)
    assert type(v.data) is float
    assert v.data == float(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (1 + 2j, r"got \(1\+2j\). Values are real; pass its .real or its .imag."),
        ("3", r"got '3'. Convert it with float\(...\) first."),
        (None, "got None. A missing number cannot be differentiated"),
        ([1.0], "got a list of 1. Make one Value per number"),
        (np.ones(2), r"got an array of shape \(2,\). Make one Value per number"),
        (np.array("x"), "got an array of dtype <U1"),
        (Value(1.0), "got a Value. It is a Value already"),
        (Decimal(1), r"got Decimal\('1'\)"),
        (b"1", "got b'1'"),
    ],
)
def test_anything_else_is_refused_with_what_to_pass(given, message):
    with pytest.raises(TypeError, match=message):
        Value(given)


def test_an_integer_beyond_the_floats_is_infinite():
    assert Value(10**400).data == math.inf
    assert Value(-(10**400)).data == -math.inf


def test_data_can_be_set_and_is_checked():
    v = Value(1.0)
    v.data = 3
    assert type(v.data) is float
    with pytest.raises(TypeError, match="got 'x'"):
        v.data = "x"


def test_conversions():
    v = Value(2.7, "v")
    assert (float(v), v.item(), int(v), math.trunc(v), bool(v), bool(Value(0.0))) == (
        2.7,
        2.7,
        2,
        2,
        True,
        False,
    )
    assert repr(v) == "Value(2.7, grad=0.0, label='v')"
    assert repr(v + 1.0) == "Value(3.7, grad=0.0, op='add')"


@pytest.mark.parametrize(("x", "truth"), [(2.7, True), (0.0, False), (-0.0, False), (-1.0, True), (math.nan, True)])
def test_the_truth_of_a_value_is_its_numbers(x, truth):
    assert bool(Value(x)) is truth


def test_while_lifting_numbers_do_not_leak():
    watch = Watch()
    x = Value(2.0)
    with recording(watch):
        for leak in (
            float,
            int,
            bool,
            lambda v: v.data,
            lambda v: v.item(),
            lambda v: setattr(v, "data", 1.0),
        ):
            with pytest.raises(TypeError):
                leak(x)
        assert is_constant(Value(3.0))
    assert watch.leaks == [
        "a float", "an int", "a bool", "a float (by .data)", "a float",
        "a place to store a number (by .data = ...)",
    ]  # fmt: skip
    assert x.data == 2.0
