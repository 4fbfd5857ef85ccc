"""Folding by depth: what has no labels and no repeated structure becomes bands, each of so many levels.

>>> from engine import Value, exp
>>> from viz.nodes import in_order
>>> v = Value(0.0)
>>> for _ in range(32):
...     v = exp(v)
>>> folded = by_depth(Numbered.of(in_order(v)), 60)
>>> [box.title for box in folded.boxes][:3]
['leaves', 'exp, depth 1 to 2', 'exp, depth 3 to 4']
"""

from __future__ import annotations

from collections.abc import Hashable

from viz.fold.box import CONSTANT, Box, Folded, filled, moved
from viz.nodes import Numbered, symbol

FINEST = 16
BANDS = ((16, True), (8, True), (16, False), (4, True), (8, False), (2, True), (4, False))  # and operations apart
ARROWS = 3  # for each box: more are a tangle that no eye follows


def by_depth(graph: Numbered, limit: int) -> Folded:
    """Fold by kind of leaf, and by bands of depth: one box per operation and band or per band, until arrows are few."""
    depth = [0] * len(graph.nodes)
    for i, operands in enumerate(graph.parents):
        if operands:
            depth[i] = 1 + max([depth[p] for p in operands])
    deepest = max(depth) + 1
    numbers: dict[Hashable, int] = {}
    boxes: list[Box] = []
    owner: list[int] = []
    for node, level, what in zip(graph.nodes, depth, graph.kinds):
        if what == "constant":
            owner.append(CONSTANT)
            continue
        key: Hashable = (level * FINEST // deepest, node.op) if what == "operation" else what
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(boxes)
            boxes.append(Box(key, "leaves" if what == "leaf" else f"{what}s", what))
        owner.append(number)
    finest = filled(graph, owner, boxes)
    for bands, by_op in BANDS:
        folded = _coarser(finest, bands, by_op, deepest)
        if len(folded.boxes) <= limit and len(folded.edges) <= ARROWS * len(folded.boxes):
            break
    return folded


def _coarser(finest: Folded, bands: int, by_op: bool, deepest: int) -> Folded:
    """Return the boxes of fewer bands, with operations apart or together."""
    numbers: dict[Hashable, int] = {}
    boxes: list[Box] = []
    place: list[int] = []
    for box in finest.boxes:
        key, title = box.key, box.title
        if isinstance(key, tuple):
            band, op = key[0] * bands // FINEST, key[1] if by_op else ""
            first, last = max(-(-band * deepest // bands), 1), -(-(band + 1) * deepest // bands) - 1
            deep = f"depth {first:,} to {last:,}" if last > first else f"depth {last:,}"
            key, title = (band, op), f"{symbol(op)}, {deep}" if op else deep
        if key not in numbers:
            numbers[key] = len(boxes)
            boxes.append(Box(key, title, box.kind))
        place.append(numbers[key])
        boxes[numbers[key]].take(box)
    return moved(finest, boxes, place)
