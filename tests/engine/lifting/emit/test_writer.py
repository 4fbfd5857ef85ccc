"""The text being written: names that nothing else has, numbers that are read back to the bit, what is computed once."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lifting.emit.numpy_text import NUMPY
from engine.lifting.emit.writer import Writer, array_text, number_text, plain_numbers, reduced_axes
from engine.lifting.exact import fold
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source


def writer(**options):
    return Writer(NUMPY, {}, {"N"}, set(), **options)


@given(st.floats())
def test_numbers_are_read_back_to_the_bit(x):
    again = eval(number_text(x), {"np": np})
    assert again == x or (again != again and x != x)
    assert math.copysign(1.0, again) == math.copysign(1.0, x) or x != x


def test_arrays_are_nested_lists():
    x = np.array([[0.1, -0.0], [np.inf, 2.0]])
    assert np.array_equal(eval(array_text(x), {"np": np}), x)
    assert array_text(np.array(1.5)) == "1.5"


INDICES = {
    "a range": (np.arange(5), "np.arange(5)"),
    "a range from elsewhere in steps": (np.arange(3, 15, 4), "np.arange(3, 12, 4)"),
    "a range in rows": (np.arange(6).reshape(2, 3), "np.arange(6).reshape(2, 3)"),
    "no range": (np.array([2, 0, 1]), "np.array([2, 0, 1])"),
    "a long one": (np.array([*range(100), 0]), "constants[0]"),
}


@pytest.mark.parametrize("case", INDICES)
def test_an_index_is_written_as_one_would(case):
    index, text = INDICES[case]
    w = writer()
    name = w.index(index, "at")
    (line,) = w.build
    assert line == f"{name} = {text}"
    assert np.array_equal(eval(text, {"np": np, "constants": w.constants}), index)


def test_an_expression_is_computed_once_and_by_a_name_of_its_own():
    w = writer()
    assert w.hoist("x + 1", "x") == w.hoist("x + 1", "x") == "x_view"
    assert w.hoist("x + 2", "x") == "x_view_2"
    assert w.localise("y.T", "y") == w.localise("y.T", "y")
    assert (len(w.build), len(w.body)) == (2, 1)
    assert w.finished() == ["y_view = y.T"]
    assert w.localise("y.T", "y") in w.finished()[0]  # anew in the next function


def test_a_folded_number_stands_for_its_fraction_alone():
    third = fold("divide", 1.0, 3.0)
    w = Writer(NUMPY, {}, set(), {float(third)})  # a number that somebody wrote
    printed = float(w.literal(Literal(third)))
    assert printed != float(third)
    assert w.rounded == {printed: Fraction(1, 3)}
    assert w.literal(Literal(third)) == repr(printed)


def test_numbers_that_are_written_as_they_are():
    constant = Source("c", (2,), "constant", value=np.array([-4.0, 5.0]))
    r = Source("r", (2,), "value")
    steps = Steps([Step("multiply", r.view, (constant.view, Literal(-3.0)))], [])
    assert plain_numbers(steps) == {3.0, 4.0, 5.0}


def test_axes_count_the_samples():
    x, r = Source("x", (2, 3), "input", batched=True), Source("r", (2,), "value", batched=True)
    assert reduced_axes(Step("sum", r.view, (x.view,))) == [2]
    assert reduced_axes(Step("sum", Source("r", (3,), "value").view, (x.view,), axes=(0,), over_batch=True)) == [0, 1]
