"""The lecture's picture: its nodes and edges, of our Values and of anybody's."""

from __future__ import annotations

import re

import graphviz
import pytest

import viz
from engine import Value
from viz.lecture import trace


class Bare:
    """What a class of somebody's own has, without a label."""

    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad, self._prev, self._op = data, 0, set(_prev), _op


def test_every_value_and_every_operation_has_a_node():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    loss = (a * b + a) ** 2
    loss.backward()
    source = viz.draw_dot(loss).source
    assert source.count("shape=record") == 5
    assert len(re.findall(r"_op \[label", source)) == 3
    assert source.count("->") == 3 + 5  # from its operation to each result, and from operands to operations
    assert 'label="{ a | data 2.0000 | grad 16.0000 }"' in source
    assert 'label="**2"' in source


def test_nodes_and_edges_are_sets_of_the_values_themselves():
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    d = c + a
    nodes, edges = trace(d)
    assert nodes == {a, b, c, d}
    assert edges == {(a, c), (b, c), (c, d), (a, d)}


def test_anybodys_values_are_drawn():
    a = Bare(2.0)
    source = viz.draw_dot(Bare(4, (a,), "**2"), rankdir="TB").source
    assert "rankdir=TB" in source
    assert 'label="{ data 4.0000 | grad 0.0000 }"' in source


def test_a_picture_is_the_same_each_time_and_laid_out():
    def loss():
        a, b = Value(2.0, label="a|{b}<\\n>"), Value(-3.0)
        return (a * b + a).tanh()

    assert viz.draw_dot(loss()).source == viz.draw_dot(loss()).source
    picture = viz.draw_dot(loss())
    assert isinstance(picture, graphviz.Digraph) and picture.format == "svg"
    assert viz.draw_dot(loss(), format="png").format == "png"
    assert r"a\|\{b\}" in picture.source


def test_a_deep_graph_is_drawn_without_recursion():
    x = Value(1.0)
    for _ in range(3000):
        x = x + x
    assert viz.draw_dot(x).source.count("shape=record") == 3001


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3.0,), TypeError, "draw_dot draws a Value, or what has _prev"),
        ((Value(1.0), "svg", "up"), ValueError, "rankdir"),
        ((Value(1.0), "nothing"), ValueError, "nothing"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        viz.draw_dot(*arguments)
