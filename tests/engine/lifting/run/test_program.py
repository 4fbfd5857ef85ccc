"""A program: what it is called with, what it refuses, and what it says of itself."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import LiftError, NotScalarError, Value


def lifted(**options):
    w = [Value(0.5, "w[0]"), Value(1.0, "w[1]")]
    return engine.lift(lambda x: engine.dot(w, x), **options)


def test_names_and_shapes_of_what_it_reads():
    program = lifted(batch=True)
    program(np.ones((5, 2)))
    assert program.parameters == {"w": (2,)}
    assert program.inputs == {"x": (2,)}


def test_pull_and_push_are_one_vector():
    program = lifted()
    program([1.0, 2.0])
    theta = program.pull()
    program.push(theta * 2.0)
    assert program.pull().tolist() == [1.0, 2.0]
    assert program([1.0, 1.0]) == 3.0
    assert program([1.0, 1.0], parameters=theta) == 1.5


@pytest.mark.parametrize("ask", [lambda p: p.pull(), lambda p: p.push(np.zeros(2)), lambda p: p.source()])
def test_before_the_first_call_nobody_knows(ask):
    with pytest.raises(LiftError, match="traced"):
        ask(lifted())


def test_declared_parameters_are_known_at_once():
    w = Value(3.0, "w")
    assert engine.lift(lambda x: x * w, parameters=[w]).pull().tolist() == [3.0]


def test_a_graph_takes_no_inputs():
    program = engine.lift(engine.tanh(Value(0.5, "w")) * 1.0)
    with pytest.raises(TypeError, match="takes no inputs; got 1"):
        program(1.0)


def test_one_number_is_needed_for_a_gradient():
    program = lifted(batch=True, reduction="none")
    assert program(np.ones((3, 2))).shape == (3,)
    with pytest.raises(NotScalarError, match="lift with reduction='mean' or 'sum'"):
        program.value_and_grad(np.ones((3, 2)))


@pytest.mark.parametrize("wrt", ["weights", None, 1])
def test_derivatives_of_what(wrt):
    with pytest.raises((TypeError, ValueError), match="wrt"):
        lifted().value_and_grad([1.0, 2.0], wrt=wrt)


def test_arguments_beyond_the_names_have_numbers():
    program = engine.lift(lambda *xs: engine.total(xs))
    program(1.0, 2.0)
    assert list(program.inputs) == ["input0", "input1"]
