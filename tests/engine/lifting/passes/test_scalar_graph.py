"""A trace that grows: equal operations are one node, numbers are folded where that is exact, what nobody reads goes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lifting.ir import Leaf, Trace
from engine.lifting.passes.scalar_graph import Atom, ScalarGraph
from engine.lifting.verify.walk import forward, plan


def begun(n: int = 3) -> ScalarGraph:
    """A graph of some inputs and their sum."""
    leaves = {k: Leaf("input", k) for k in range(n)}
    return ScalarGraph(Trace([*[""] * n, "total"], [*[()] * n, tuple(range(n))], {}, leaves, (), [n], {}))


def value(graph: ScalarGraph, x: Atom, inputs: list[float]) -> float:
    """What a node or a number of a graph is at some inputs."""
    trace = graph.finished([x])
    trace.check()
    order = plan(trace)
    V = np.zeros((len(trace.ops), 1))
    V[order.constants[0]] = order.constants[1][:, None]
    for nodes, places in order.inputs.values():
        V[nodes] = np.array(inputs)[places][:, None]
    forward(order, V)
    return float(V[order.number[trace.roots[0]], 0])


def test_equal_operations_are_one_node():
    graph = begun()
    assert graph.apply("tanh", 0) == graph.apply("tanh", 0) != graph.apply("tanh", 1)
    assert graph.apply("total", 0, 1, 2) == 3  # as the trace has it
    assert graph.apply("power_constant", 0, fixed=(2.0,)) != graph.apply("power_constant", 0, fixed=(3.0,))
    assert graph.node(0.0) != graph.node(-0.0)
    assert graph.input(1, 0) == graph.input(1, 0) != graph.input(1, 1)


@pytest.mark.parametrize(
    ("op", "xs", "wanted"),
    [
        ("multiply", (0, 1.0), 0), ("multiply", (1.0, 0), 0), ("divide", (0, 1.0), 0), ("add", (1.5, 2.0), 3.5),
        ("subtract", (1.5, 2.0), -0.5), ("negative", (2.0,), -2.0),
    ],
)  # fmt: skip
def test_what_need_not_be_computed(op, xs, wanted):
    assert begun().apply(op, *xs) == wanted
    assert begun().apply(op, *xs).__class__ is wanted.__class__


def test_signs():
    graph = begun()
    minus = graph.apply("multiply", -1.0, 1)
    assert graph.ops[minus] == "negative"
    assert graph.apply("negative", minus) == 1
    assert graph.ops[graph.apply("add", 0, minus)] == "subtract"


def test_a_power_of_a_number_is_by_the_rule_for_it():
    graph = begun()
    power = graph.apply("power", 0, 3.0)
    assert (graph.ops[power], graph.fixed[power]) == ("power_constant", (3.0,))


numbers = st.one_of(st.integers(0, 2), st.floats(-4.0, 4.0).map(lambda x: round(x, 1)))


@settings(max_examples=30)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_a_dot_is_the_sum_of_its_products(pairs):
    graph, inputs = begun(), [0.7, -1.3, 2.1]
    given_ = [[inputs[x] if x.__class__ is int else x for x in pair] for pair in pairs]
    assert value(graph, graph.dot(pairs), inputs) == pytest.approx(sum(x * y for x, y in given_), abs=1e-12)


def test_what_nobody_reads_is_left_out():
    graph = begun()
    graph.apply("exp", 2)
    trace = graph.finished([graph.apply("tanh", 0)], [1])
    assert (trace.ops, trace.results, len(trace.roots)) == (["", "", "tanh"], 1, 2)
