"""Where a node's parents lie, and that they are a tuple of Values wherever that is."""

from __future__ import annotations

import copy
import gc
import pickle

import pytest

import engine
from engine import Value
from engine.graph import count, latest_first, leaves, order, walk
from engine.parents import MANY, Parents
from engine.rules import RULES


class Node(Parents):
    pass


@pytest.mark.parametrize("number", range(6))
def test_what_is_put_there_comes_back(number):
    node, parents = Node(), tuple([object() for _ in range(number)])
    node.parents = parents
    assert node.parents == parents
    assert (node._other is MANY) == (number > 2)
    assert (node._x is None) == (number == 0)


def test_a_node_of_one_parent_or_two_is_one_object_to_the_collector():
    x = Value(2.0)
    for node in (x.tanh(), x * x, x**2):
        others = [held for held in gc.get_referents(node) if gc.is_tracked(held)]
        assert {id(held) for held in others} == {id(x), id(node.rule), id(Value)}


def test_the_collector_visits_the_second_parent_first():
    x, y = Value(2.0), Value(3.0)
    assert [held for held in gc.get_referents(x * y) if held is x or held is y] == [y, x]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rules_node_has_its_operands_for_parents(rule):
    for number in (2, 3, 5) if rule.variadic else (len(rule.operands),):
        xs = [Value(0.5) for _ in range(number)]
        if rule.name == "select":
            xs[-1] = Value(0.0)  # which entry
        fixed = rule.at[0][len(xs) :] if rule.fixed else ()
        node = getattr(Value, rule.name)(xs) if rule.variadic else getattr(xs[0], rule.name)(*xs[1:], *fixed)
        assert isinstance(node.parents, tuple)
        assert [id(p) for p in node.parents] == [id(x) for x in xs]


def test_walks_and_sweeps_know_both_places_and_the_tuple():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    one, two = engine.tanh(x), x * y
    many = engine.total([one, two, one, x])
    root = engine.clip(two, x, many) * many
    assert count(root) == len(order(root)) == len(list(walk(root))) == 7
    assert [v.label for v in leaves(root)] == ["x", "y"]
    assert [v.op for v in latest_first(root)] == ["multiply", "clip", "total", "multiply", "tanh"]
    root.backward()
    slope = engine.grad(lambda x, y: x * y * engine.total([x.tanh(), x * y, x.tanh(), x]), argnums=(0, 1))(2.0, 3.0)
    assert (x.grad, y.grad) == pytest.approx(slope)


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v)), copy.copy])
def test_copies_keep_them(twin):
    x, y = Value(2.0, "x"), Value(3.0, "y")
    for build in (lambda: -x, lambda: x * y, lambda: engine.total([x, y, x]), lambda: engine.total([x, y]), lambda: x):
        node = build()
        again = twin(node)
        assert [p.label for p in again.parents] == [p.label for p in node.parents]
        assert (again._other is MANY) == (node._other is MANY)


def test_a_plain_number_is_a_leaf_as_any_other():
    x = Value(2.0)
    for number in (2.0, 2):
        two = (x * number).parents[1]
        assert isinstance(two, Value)
        assert (two.data, two.grad, two.parents, two.op, two.label) == (2.0, 0.0, (), "constant", "")
        for again in (pickle.loads(pickle.dumps(two)), copy.deepcopy(two)):
            assert repr(again) == repr(two) == repr(Value.constant(2.0))
        assert (two * x).data == 4.0
