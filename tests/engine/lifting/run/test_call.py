"""One call: branches that part ways, integers outside their tables, gradients where they are wanted."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import GuardError, Value


def test_a_sample_that_goes_another_way_is_named_with_its_row():
    program = engine.lift(lambda x: x if x > 0 else -x, batch=True)
    program(np.array([1.0, 2.0]))
    with pytest.raises(GuardError, match="was True when lifted, is False for row 1"):
        program(np.array([1.0, -2.0, -3.0]))


def test_parameters_that_part_ways_are_named():
    w = Value(1.0, "w")
    program = engine.lift(lambda x: x * w if w > 0 else x, batch=True)
    program(np.array([1.0]))
    with pytest.raises(GuardError, match="is False for these parameters"):
        program(np.array([1.0]), parameters=np.array([-1.0]))


@pytest.mark.parametrize("bad", [3, -1])
def test_an_integer_outside_its_table_is_said(bad):
    program = engine.lift(lambda n: engine.select([Value(1.0), Value(2.0), Value(3.0)], n) * 1.0, batch=True)
    program(np.array([0, 2]))
    with pytest.raises(IndexError, match=f"'n' holds {bad}, which is outside a table of 3 entries"):
        program(np.array([0, bad]))


def test_a_gradient_goes_where_it_is_wanted():
    w = [Value(1.0, "w[0]"), Value(2.0, "w[1]")]
    program, out = engine.lift(lambda x: engine.dot(w, x), parameters=w), np.empty(2)
    assert program.value_and_grad([3.0, 4.0], out=out)[1].parameters is out
    assert out.tolist() == [3.0, 4.0]


def test_a_gradient_in_single_precision_is_a_vector_of_doubles():
    w = Value(0.1, "w")
    gradient = engine.lift(lambda x: x * w, dtype=np.float32).value_and_grad(0.3)[1].parameters
    assert gradient.dtype == np.float64
    assert gradient.tolist() == [float(np.float32(0.3))]


def test_what_another_trace_reads_has_no_slope_here():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    program = engine.lift(lambda x: x * a if x > 0 else x * b)
    program(1.0), program(-1.0)
    assert program.value_and_grad(1.0)[1].parameters.tolist() == [1.0, 0.0]
    assert program.value_and_grad(-1.0)[1].parameters.tolist() == [0.0, -1.0]
