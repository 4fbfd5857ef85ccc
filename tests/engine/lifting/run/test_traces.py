"""Traces: one per structure of inputs and way through branches, forgotten where what a function sees has changed."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.run.plans import CallPlan, call_kind


def test_a_structure_and_a_way_each_have_a_trace_the_latest_first():
    program = engine.lift(lambda x: x * 2.0 if x > 0 else x * 3.0)
    assert [program(1.0), program(-1.0), program(2.0)] == [2.0, -3.0, 4.0]
    (known,) = program.traces.specialisations.values()
    assert [s.guards[0].outcome for s in known] == [False, True]
    several = engine.lift(lambda x: engine.total(x))
    several([1.0]), several([1.0, 2.0])
    assert len(several.traces.specialisations) == 2


def test_what_was_forgotten_is_known_no_more():
    holder = {"k": 2.0}
    program = engine.lift(lambda x: x * holder["k"])
    assert program(1.0) == 2.0
    first = program.latest
    assert program.traces.knows(first)
    holder["k"] = 3.0
    assert program.traces.outdated(first)
    assert program(1.0) == 3.0
    assert not program.traces.knows(first)


def test_no_plan_is_remembered_for_what_was_forgotten():
    program = engine.lift(lambda x: engine.total(x))
    x = np.ones(2)
    program.value_and_grad(x)
    kind = call_kind([x])
    plan = program.traces.plans.known[kind]
    program.traces.specialisations.clear()
    program.traces.plans.known.clear()
    program.traces.remember(kind, CallPlan(*plan))
    assert program.traces.plans.known == {}


def test_captured_values_that_are_there_no_more_leave_the_vector():
    holder = [Value(2.0, "a")]
    program = engine.lift(lambda x: x * holder[0])
    program(1.0)
    holder[0] = Value(5.0, "b")
    assert program(1.0) == 5.0
    assert [v.label for v in program.traces.parameters.values] == ["b"]


def test_there_is_an_end_to_ways_through_branches():
    program = engine.lift(lambda x: sum(x * k for k in range(1, 6) if x > k))
    program.traces.most = 3
    with pytest.warns(RuntimeWarning, match="3 different ways through its branches"):
        assert [program(x) for x in (1.5, 2.5, 3.5, 4.5)] == [1.5, 7.5, 21.0, 45.0]
    assert [len(known) for known in program.specialisations.values()] == [3]


def test_a_way_is_traced_at_the_parameters_of_its_call():
    w = Value(1.0, "w")
    program = engine.lift(lambda x: x * w * w if w > 0 else x * -3.0 * w)
    assert program.value_and_grad(2.0)[1].parameters.tolist() == [4.0]
    for _ in range(2):
        assert program.value_and_grad(2.0, parameters=np.array([-5.0]))[1].parameters.tolist() == [-6.0]
    assert (w.data, [len(known) for known in program.specialisations.values()]) == (1.0, [2])


def test_a_trace_that_cannot_be_compiled_stands_in_nobodys_way(monkeypatch):
    program = engine.lift(lambda x: x * 2.0)
    right = program.compile

    def broken(*_):
        raise MemoryError

    program.compile = broken
    with pytest.raises(MemoryError):
        program(1.0)
    assert list(program.traces.specialisations.values()) == [[]]
    program.compile = right
    assert program(1.0) == 2.0
