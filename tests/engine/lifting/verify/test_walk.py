"""The trace by levels is the scalar engine, over floats and over fractions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import engine
from engine import Value
from engine.graph import order
from engine.lifting.ir import Leaf
from engine.lifting.trace.record import record
from engine.lifting.verify.walk import backward, forward, plan

FUNCTIONS = {
    "a chain": lambda x: engine.tanh(x[0] * x[1] + 0.5) ** 2,
    "one operand twice": lambda x: x[0] * x[0] + engine.maximum(x[1], x[1]),
    "sums of any length": lambda x: engine.total(x) * engine.dot(x[:2], x[1:]) + engine.dot(x[:1], x[1:2], x[2]),
    "the largest of some": lambda x: (
        engine.logsumexp(x) + engine.softmax(x)[1] * engine.largest(x) + engine.smallest(x)
    ),
    "a choice": lambda x: engine.where(x[0] > x[1], x[0], x[2]) * x[1],
    "what nothing passes through": lambda x: engine.stop_gradient(x[0]) * x[1] + engine.sign(x[2]),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_values_and_cotangents_are_the_engines(case):
    xs = [Value(v) for v in (0.5, -1.25, 2.0)]
    root = FUNCTIONS[case](xs)
    trace = record([root], {x: Leaf("input", k) for k, x in enumerate(xs)})
    p = plan(trace)
    V = np.zeros((len(trace.ops), 1))
    V[p.constants[0], 0] = p.constants[1]
    nodes, positions = p.inputs[0]
    V[nodes, 0] = np.array([x.data for x in xs])[positions]
    forward(p, V)
    np.testing.assert_allclose(V[p.number, 0], [node.data for node in order(root)], rtol=1e-15)
    root.backward()
    G = backward(p, V, np.zeros((int(p.readings[-1]), 1)), 1.0)
    np.testing.assert_allclose(G[nodes, 0], [xs[k].grad for k in positions], rtol=1e-14, atol=1e-15)


def test_any_number_type():
    xs = [Value(0.1), Value(3.0)]
    root = xs[0] * xs[1] / (xs[0] + xs[1]) - xs[0]
    trace = record([root], {x: Leaf("input", k) for k, x in enumerate(xs)})
    p, exact = plan(trace), [Fraction(1, 10), Fraction(3)]
    V = np.zeros((len(trace.ops), 1), object)
    nodes, positions = p.inputs[0]
    V[nodes, 0] = [exact[k] for k in positions]
    forward(p, V)
    assert V[p.number[trace.roots[0]], 0] == exact[0] * exact[1] / (exact[0] + exact[1]) - exact[0]


def test_nodes_of_one_kind_and_height_are_computed_together():
    xs = [Value(float(k)) for k in range(8)]
    trace = record([engine.total([engine.tanh(x * x) for x in xs])], {})
    assert [(group.op, group.stop - group.start) for group in plan(trace).groups] == [
        ("multiply", 8), ("tanh", 8), ("total", 1),
    ]  # fmt: skip


def test_what_nobody_reads_hands_back_nothing():
    """A trace may hold numbers that nothing reads any more; the cotangents of the others are what they were."""
    x, y = Value(0.5), Value(2.0)
    trace = record([x * y + x], {x: Leaf("input", 0), y: Leaf("input", 1)})
    unread = len(trace.ops)
    trace = replace(
        trace,
        ops=[*trace.ops, ""],
        operands=[*trace.operands, ()],
        leaves={unread: Leaf("constant", value=7.0), **trace.leaves},
    )
    steps = plan(trace)
    numbers = {i: {0: 0.5, 1: 2.0}[leaf.position] for i, leaf in trace.leaves.items() if leaf.role == "input"}
    V = np.zeros((len(trace.ops), 1))
    V[steps.number[unread]] = 7.0
    for i, number in numbers.items():
        V[steps.number[i]] = number
    forward(steps, V)
    G = backward(steps, V, np.zeros((int(steps.readings[-1]), 1)), 1.0)
    assert [G[steps.number[i], 0] for i in sorted(numbers, key=numbers.__getitem__)] == [3.0, 0.5]
    assert G[steps.number[unread], 0] == 0.0
