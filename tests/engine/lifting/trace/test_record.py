"""A graph of Values, written down: operands first, leaves by what they are, fixed numbers, labels."""

from __future__ import annotations

import engine
from engine import Value
from engine.lifting.ir import Leaf
from engine.lifting.trace.record import record


def test_leaves_are_inputs_captured_values_and_numbers():
    x, w = Value(0.5, "x"), Value(2.0, "w")
    trace = record([engine.tanh(w * x + 3.0)], {x: Leaf("input", 4, 1)})
    trace.check()
    roles = {leaf.role: leaf for leaf in trace.leaves.values()}
    assert roles["input"] == Leaf("input", 4, 1)
    assert roles["constant"].value == 3.0
    assert trace.parameters[roles["parameter"].position] is w
    assert [op for op in trace.ops if op] == ["multiply", "add", "tanh"]
    assert set(trace.labels.values()) == {"x", "w"}


def test_fixed_numbers_go_along():
    x = Value(0.5)
    trace = record([engine.leaky_relu(x**3.0, 0.2) + x**-1.0], {})
    assert sorted(trace.fixed.values()) == [(-1.0,), (3.0,)]
    assert {trace.ops[i] for i in trace.fixed} == {"power_constant"}


def test_a_value_that_several_read_is_written_once():
    x = Value(0.5)
    y = engine.exp(x)
    trace = record([y * y + y], {})
    assert trace.ops.count("exp") == 1
    assert trace.roots == [len(trace.ops) - 1]


def test_guards_follow_the_result():
    x, w = Value(0.5), Value(1.0)
    y = x * w
    trace = record([engine.exp(y), y - 1.0], {x: Leaf("input")})
    assert [trace.ops[i] for i in trace.roots] == ["exp", "subtract"]


def test_a_long_chain_needs_no_recursion():
    x = Value(1.0)
    z = x
    for _ in range(20_000):
        z = z * x
    assert len(record([z], {}).ops) == 20_001
