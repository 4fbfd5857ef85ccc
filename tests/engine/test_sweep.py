"""The sweep: its order, its sums, and gradients that somebody has set to None."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from strategies import programs

import engine
from engine import Value
from engine.graph import latest_first, order
from engine.rules import RULES, rule
from engine.sweep import sweep


@given(programs())
def test_gradients_are_those_of_any_topological_order(program):
    root = program.on_values([Value(x) for x in program.inputs])
    nodes = order(root)
    root.backward()
    got = [node.grad for node in nodes]
    for node in nodes:
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(nodes):
        for parent, cotangent in zip(node.parents, node.pullback(node.grad)):
            parent.grad += cotangent
    assert got == pytest.approx([node.grad for node in nodes], rel=1e-12, abs=1e-12)


def test_every_node_is_swept_once_latest_first():
    seen = []
    noted = rule("noted", lambda x: x, lambda x: x, at=[(1.0,)])(lambda z, g: seen.append(z) or (g,))
    try:
        x = Value(1.0)
        one, two = noted(x), noted(x * 2.0)
        three = noted(one + two)
        sweep(three * two * one, 1.0)
        assert seen == [3.0, 2.0, 1.0]
    finally:
        del RULES["noted"], Value.noted


def test_a_sweep_that_was_interrupted_leaves_nothing_behind():
    x = Value(2.0)
    y = x * x
    z = engine.tanh(y) * y

    def interrupt(g):
        raise KeyboardInterrupt

    kept = y.rule
    y.pullback = interrupt
    with pytest.raises(KeyboardInterrupt):
        z.backward()
    y.rule = kept
    x.grad = 0.0
    z.backward()
    assert x.grad == engine.grad(lambda x: engine.tanh(x * x) * (x * x))(2.0)
    assert all(not math.isnan(v.grad) for v in latest_first(z))


def test_a_pullback_that_was_set_is_the_one_that_is_called():
    x = Value(2.0)
    z = x * x
    z.pullback = lambda g: (10.0 * g, 1.0 * g)
    assert z.pullback(1.0) == (10.0, 1.0)
    (z + z).backward()
    assert x.grad == 22.0


# --- gradients that somebody has set to None


@pytest.mark.parametrize("build", [
    lambda p, q: p * p,
    lambda p, q: p * q,
    lambda p, q: q * p + p,
    lambda p, q: engine.dot([p, q], [q, p], p),
    lambda p, q: engine.total([q, p, p, q]),
    lambda p, q: engine.exp(p) * engine.where(q > 0, p, q),
])  # fmt: skip
@pytest.mark.parametrize("missing", ["p", "q", "pq"])
def test_a_gradient_of_none_counts_as_zero(build, missing):
    p, q = Value(2.0, "p"), Value(3.0, "q")
    q.grad = p.grad = 0.0
    build(p, q).backward()
    want = (p.grad, q.grad)
    for name, v in (("p", p), ("q", q)):
        v.grad = None if name in missing else 0.0
    build(p, q).backward()
    assert (p.grad or 0.0, q.grad or 0.0) == want
    build(p, q).backward()
    assert (p.grad or 0.0, q.grad or 0.0) == (2.0 * want[0], 2.0 * want[1])


def test_a_leaf_whose_gradient_is_none_can_be_the_root():
    p = Value(2.0)
    p.grad = None
    p.backward(3.0)
    assert p.grad == 3.0


def test_another_type_error_in_a_sweep_stays_what_it_is():
    p = Value(2.0)
    z = p * p
    z.pullback = lambda g: ("a", "b")
    with pytest.raises(TypeError):
        z.backward()
