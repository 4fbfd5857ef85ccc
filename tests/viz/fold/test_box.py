"""A box says what it holds, and holds every node once."""

from __future__ import annotations

from collections import Counter

import pytest
from folding import gpt_loss, network_loss

import engine
from engine import Value
from viz.fold.fold import fold
from viz.nodes import in_order, kind


def test_layers_say_what_they_hold():
    boxes = {box.title: box for box in fold(network_loss()).boxes}
    lines = boxes["layers.0"].lines()
    assert lines[:2] == ["32 neurons, 2,080 parameters", "256 dot, 256 relu"]
    assert boxes["layers.1"].parameters == 330


def test_the_mean_gradient_of_a_layer_is_that_of_its_parameters():
    loss = network_loss()
    grads = [abs(v.grad) for v in engine.graph.order(loss) if str(v.label).startswith("layers.0.")]
    box = next(box for box in fold(loss).boxes if box.title == "layers.0")
    assert box.absolute / box.parameters == pytest.approx(sum(grads) / 2080, rel=1e-12)


def test_a_constant_that_all_nodes_of_a_box_read_is_in_its_title():
    def boxes(f):
        return [box.heading for box in fold(engine.total([f(Value(0.1 * i, f"x[{i}]")) for i in range(70)])).boxes]

    assert boxes(lambda x: x * 0.5) == ["x", "× 0.5", "total"]
    assert boxes(lambda x: 1.0 - x) == ["x", "1 −", "total"]
    assert boxes(lambda x: x**2) == ["x", "** 2", "total"]
    assert boxes(lambda x: x * x.data) == ["x", "×", "total"]


def test_a_lone_constant_is_a_box():
    assert len(fold((2.0 * Value(1.0)).parents[1]).boxes) == 1


def test_a_constant_that_many_neurons_read_is_counted_once():
    boxes = {box.title: box for box in fold(network_loss(samples=8)).boxes}
    assert boxes["layers.0"].constants == 8 * 64


def test_joined_boxes_hold_every_node_once():
    loss = gpt_loss([0, 5, 13, 13, 1, 0])
    folded = fold(loss)
    nodes = in_order(loss)
    held = Counter(folded.owner)
    constants = sum(kind(node) == "constant" for node in nodes)
    assert held.pop(-1) == constants
    assert [held[i] for i in range(len(folded.boxes))] == [box.count for box in folded.boxes]
    between = Counter()
    place = {id(node): mine for node, mine in zip(nodes, folded.owner)}
    for node in nodes:
        between.update((place[id(p)], place[id(node)]) for p in node.parents if place[id(p)] != -1)
    assert {k: v for k, v in between.items() if k[0] != k[1]} == folded.edges
