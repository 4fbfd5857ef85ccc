"""Decisions by the numbers of now: certified while a function is lifted, so that another input is traced anew."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.arrays.deciding import certify, choosing, constant, holds_now


def test_a_constant_is_a_float_eagerly_and_a_node_without_derivative_in_a_trace():
    assert constant(Value(2.0)) == constant(2) == 2.0
    assert isinstance(constant(Value(2.0)), float)
    program = engine.lift(lambda x: constant(x) * x)
    assert program.value_and_grad(3.0, wrt="inputs")[1].inputs == (3.0,)
    assert program(4.0) == 16.0


def traces(program):
    return sum(map(len, program.traces.specialisations.values()))


def test_what_is_certified_holds_for_other_inputs_or_is_decided_anew():
    def larger(x):
        first = holds_now(x[0] > x[1])
        certify([x[0] > x[1], True])
        return 10.0 * x[0] if first else 1.0 * x[1]

    program = engine.lift(larger)
    assert program(np.array([2.0, 1.0])) == 20.0
    assert program(np.array([3.0, 1.0])) == 30.0
    assert traces(program) == 1
    assert program(np.array([1.0, 5.0])) == 5.0
    assert traces(program) == 2


def test_many_decisions_are_one_guard():
    def sorted_already(x):
        certify([a <= b for a, b in zip(x, x[1:])])
        return x[0]

    program = engine.lift(sorted_already, batch=True)
    assert program(np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])) == 1.5
    assert len(program.traces.latest.guards) == 1
    with pytest.raises(engine.GuardError):
        program(np.array([[1.0, 2.0, 3.0], [2.0, 5.0, 4.0]]))


def test_a_decision_that_does_not_hold_is_certified_as_well():
    program = engine.lift(lambda x: (certify([x[0] > x[1], x[0] < x[1]]), x[0])[1], batch=True)
    assert program(np.array([[2.0, 1.0]])) == 2.0
    with pytest.raises(engine.GuardError):
        program(np.array([[1.0, 2.0]]))


def test_algorithms_choose_in_a_batch_and_after_many_branches():
    assert not choosing()

    def marked(x):  # by an operation that changes nothing
        return x[0] + (engine.sin(0.0 * x[0]) if choosing() else 0.0)

    def pattern(x):
        return marked(x) + engine.total([y if y > 0 else -2.0 * y for y in x])

    def chose(program, x):
        program(x)
        return "sin" in program.traces.latest.trace.ops

    assert chose(engine.lift(marked, batch=True), [[1.0]])
    program = engine.lift(pattern)
    signs = [[1.0 if i >> k & 1 else -1.0 for k in range(4)] for i in range(10)]
    assert [chose(program, x) for x in signs] == [False] * 8 + [True] * 2
