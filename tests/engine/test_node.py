"""Kinds of nodes, and what nodes keep."""

from __future__ import annotations

import itertools

import pytest

import engine
from engine import Value
from engine.node import CONSTANT, VARIABLE, NodeKind, birth


class Node:
    pass


@pytest.mark.parametrize("count", range(5))
def test_what_is_kept_comes_back_and_is_bound_before_the_cotangent(count):
    kind = NodeKind("any", lambda *bound: bound, count)
    node, kept = Node(), tuple(range(count))
    kind.keep(node, kept)
    assert kind.residuals(node) == kept
    assert kind.pull(node, "g") == (*kept, "g")


def test_births_rise():
    births = [birth() for _ in range(100)]
    assert all(a < b for a, b in itertools.pairwise(births))
    x = Value(2.0)
    z = engine.tanh(x * x) + x * 3.0
    for node in engine.graph.order(z):
        assert all(p.born < node.born for p in node.parents if p.parents)


def test_leaves_and_constants_are_kinds():
    x = Value(2.0)
    two = (2.0 * x).parents[0]
    assert (x.rule, x.op, two.rule, two.op) == (VARIABLE, "", CONSTANT, "constant")
    assert x.pullback(1.0) == two.pullback(1.0) == ()
    assert (repr(VARIABLE), repr(CONSTANT)) == ("<variable>", "<constant>")
