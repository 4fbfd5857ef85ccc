"""Orders and counts of graphs, for Values and for anything with parents."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from strategies import programs

from engine import Value
from engine.graph import count, edges, leaves, order, walk


@dataclass(frozen=True)
class Plain:
    name: str
    parents: tuple[Plain, ...] = ()


def test_any_node_with_parents_will_do():
    a, b = Plain("a"), Plain("b")
    c = Plain("c", (a, b, a))
    assert [n.name for n in order(c)] == ["a", "b", "c"]
    assert [n.name for n in leaves(c)] == ["a", "b"]
    assert [(p.name, n.name) for p, n in edges(c)] == [("a", "c"), ("b", "c"), ("a", "c")]


def test_several_roots_are_visited_once():
    x = Value(1.0)
    y, z = x + 1.0, x * 2.0
    assert count(y, z, y) == 5
    assert len(order(y, z, y)) == 5
    assert len(list(walk(z, y))) == 5


@given(programs(20))
def test_operands_come_before_what_uses_them(program):
    z = program.on_values([Value(x) for x in program.inputs])
    nodes = order(z)
    place = {n: i for i, n in enumerate(nodes)}
    assert len(place) == len(nodes) == count(z)
    assert nodes[-1] is z
    assert all(place[p] < place[n] for n in nodes for p in n.parents)
    assert set(walk(z)) == set(nodes)
