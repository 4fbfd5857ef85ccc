"""What the page is given: the engine's numbers, in the engine's order."""

from __future__ import annotations

from browsing import neuron
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.graph import latest_first
from viz.nodes import in_order
from viz.page.data import page_data, sweep


def test_the_page_sweeps_in_the_engines_order():
    x, w = Value(0.3, "x"), Value(0.7, "w")
    first, second = engine.exp(x) * engine.sin(w), engine.tanh(x * w) * w
    root = second + first
    place = {v: i for i, v in enumerate(in_order(root))}
    engines = [place[v] for v in latest_first(root)]
    assert [step["node"] for step in page_data(root)["sweep"]] == engines
    assert engines != sorted(engines, reverse=True)


@given(st.lists(st.tuples(st.sampled_from("+*t/"), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=30))
def test_the_sweep_of_any_graph_adds_up_to_the_engines_gradients(program):
    values = [Value(0.5, "x"), Value(-1.5, "w")]
    for op, i, j in program:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append({"+": a + b, "*": a * b, "/": a / b, "t": engine.tanh(a)}[op])
    root = values[-1]
    nodes = in_order(root)
    place = {v: i for i, v in enumerate(nodes)}
    grads = [0.0] * len(nodes)
    grads[-1] = 1.0
    for step in sweep(nodes, latest_first(root)[::-1]):
        for parent, g in zip(nodes[step["node"]].parents, step["sent"]):
            grads[place[parent]] += g
    root.backward()
    assert [repr(g) for g in grads] == [repr(v.grad) for v in nodes]


def test_the_sweep_leaves_the_graph_alone():
    root = neuron()
    page_data(root)
    assert [v.grad for v in in_order(root)] == [0.0] * 7
