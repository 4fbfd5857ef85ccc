"""Leaves fold along their labels, operations by what they do and read."""

from __future__ import annotations

from collections import defaultdict

import pytest
from folding import gpt_loss, network_loss

import engine
from engine import Value
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record
from viz.fold.fold import fold
from viz.fold.signature import array_of, groups, layer_of
from viz.nodes import in_order


def test_unlabelled_computations_fold_by_signature():
    xs, ws = [Value(1.0) for _ in range(50)], [Value(2.0) for _ in range(50)]
    folded = fold(engine.total([engine.tanh(x * w) for x, w in zip(xs, ws)]))
    assert [(box.title, box.count) for box in folded.boxes] == [("leaf", 100), ("×", 50), ("tanh", 50), ("total", 1)]
    assert folded.edges == {(0, 1): 100, (1, 2): 50, (2, 3): 50}


def unlabelled(loss):
    for node in engine.graph.order(loss):
        node.label = ""
    return loss


@pytest.mark.parametrize("make", [network_loss, lambda: gpt_loss([0, 5, 13, 13, 1, 0])], ids=["mlp", "gpt"])
def test_without_labels_what_lifting_groups_is_in_one_box(make):
    loss = unlabelled(make())
    lifted = group(normalise(record([loss], {})))
    box = dict(zip(map(id, in_order(loss)), fold(loss).owner))
    boxes = defaultdict(set)
    for node, number in zip(engine.graph.order(loss), lifted.of):
        if number >= 0 and node.parents:
            boxes[number].add(box[id(node)])
    assert len(boxes) > 5
    assert all(len(found) == 1 for found in boxes.values())


def test_squares_and_cubes_are_boxes_of_their_own():
    xs = [Value(0.1 * i, f"x[{i}]") for i in range(70)]
    titles = [box.title for box in fold(engine.total([x**2 for x in xs] + [x**3 for x in xs])).boxes]
    assert titles == ["x", "** 2", "** 3", "total"]


def test_names_fold():
    assert array_of("X[2,5]") == array_of("X[0, 1]") == "X"
    assert layer_of("layers.0.W") == "layers.0"


def test_arrays_and_equal_operations_fold_where_no_label_names_a_layer():
    xs = [Value(1.0, f"x[{i}]") for i in range(6)]
    ws = [Value(2.0) for _ in range(6)]
    owner, boxes = groups(in_order(engine.total([engine.tanh(x * w) for x, w in zip(xs, ws)])))
    assert [box["title"] for box in boxes] == ["x", "×", "tanh"]
    assert sorted(owner) == [-1] * 7 + [0] * 6 + [1] * 6 + [2] * 6  # leaves without a label, and the total, stand alone
