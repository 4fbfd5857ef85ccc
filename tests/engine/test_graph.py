"""Orders and counts of graphs, for Values and for whatever keeps its parents as they do."""

from __future__ import annotations

from hypothesis import given
from strategies import programs

import engine
from engine import Value
from engine.graph import count, latest_first, leaves, order, walk
from engine.parents import Parents


class Plain(Parents):
    def __init__(self, name, *parents):
        self.name, self.parents = name, parents


def test_any_node_that_keeps_its_parents_so_will_do():
    a, b = Plain("a"), Plain("b")
    c = Plain("c", Plain("d", a), Plain("e", b, a), b)
    assert [n.name for n in order(c)] == ["b", "a", "d", "e", "c"]
    assert {n.name for n in walk(c)} == set("abcde")
    assert [n.name for n in leaves(c)] == ["b", "a"]


def test_births_are_a_topological_order_that_may_begin_anywhere():
    x = Value(2.0)
    y = x * x
    z = (y + x) * engine.tanh(y) + y
    found = latest_first(z, y)
    assert [v.op for v in found] == ["add", "multiply", "tanh", "add", "multiply"]
    assert {id(v) for v in found} == {id(v) for v in order(z) if v.parents}
    assert latest_first(z, since=y.born) == found[:-1]
    assert latest_first(x, z, since=z.born) == []


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
