"""Folding a graph into at most some sixty boxes: weights into neurons, neurons into layers, samples into batches.

Leaves and operations fold by their signatures, along labels as fine as the limit allows; what is still too many folds
by depth. Nothing recurses, each attempt is one pass, and one that fails stops early.

>>> from engine import Value, total
>>> xs = [Value(float(i), f"x[{i}]") for i in range(100)]
>>> [(box.title, box.count) for box in fold(total([x * x for x in xs])).boxes]
[('x', 100), ('×', 100), ('total', 1)]
"""

from __future__ import annotations

from typing import Any

from viz.fold.bands import by_depth
from viz.fold.box import Folded, filled, moved
from viz.fold.cone import cones
from viz.fold.signature import by_signature, layer_of, neuron_of, outermost
from viz.nodes import Numbered, in_order

LIMIT = 60
AMPLE = 20  # boxes: more are joined where one serves another alone, as the parts of a softmax or of a norm do
LISTED = 6  # titles of joined boxes
NEURONS = 24  # more boxes than this are drawn a layer, not a neuron each: the edges between them grow as the square


def fold(root: Any, limit: int = LIMIT) -> Folded:
    """Fold the graph of `root` as little as makes it at most `limit` boxes."""
    graph = Numbered.of(in_order(root))
    for name, most in ((neuron_of, NEURONS), (layer_of, limit), (outermost, limit)):
        boxed = by_signature(graph, name, most)
        if boxed:
            return _joined(filled(graph, *boxed))
    return by_depth(graph, limit)


def _joined(folded: Folded) -> Folded:
    """Join operations that serve one other alone to it, where there are many boxes; the result stays as it is."""
    boxes = folded.boxes
    if len(boxes) <= AMPLE:
        return folded
    users: list[list[int]] = [[] for _ in boxes]
    for source, target in folded.edges:
        users[source].append(target)

    def joins(i: int, cone: list[int]) -> bool:
        both = boxes[i].kind == boxes[cone[0]].kind == "operation"
        return both and cone[0] != folded.result and len(cone) < LISTED

    place = [0] * len(boxes)
    joined = cones(users, joins)
    for i, cone in enumerate(joined):
        for member in reversed(cone[:-1]):
            boxes[cone[-1]].join(boxes[member])
        for member in cone:
            place[member] = i
    return moved(folded, [boxes[cone[-1]] for cone in joined], place)
