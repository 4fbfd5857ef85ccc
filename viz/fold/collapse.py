"""Folding a graph into at most some sixty boxes: weights into neurons, neurons into layers, samples into batches.

Leaves fold along their labels. An operation that reads a layer's parameters belongs to that layer, and so does an
activation of it; any other operation folds with those of equal signature: the operation and its operands' boxes. What
is still too many folds by depth. Nothing recurses, each attempt is one pass, and one that fails stops early.

>>> from engine import Value, total
>>> xs = [Value(float(i), f"x[{i}]") for i in range(100)]
>>> [(box.title, box.count) for box in fold(total([x * x for x in xs])).boxes]
[('x', 100), ('×', 100), ('total', 1)]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any

from engine.label import Label
from viz.fold.bands import by_depth
from viz.fold.box import CONSTANT, NEURON, Box, Folded, filled, moved
from viz.fold.cone import cones
from viz.style import clip, in_order, kind, sign

LIMIT = 60
AMPLE = 20  # boxes: more are joined where one serves another alone, as the parts of a softmax or of a norm do
GROUPED = 4  # equal operations, or values of one array: fewer do not fold by themselves on the explore page
LISTED = 6  # titles of joined boxes
NEURONS = 24  # more boxes than this are drawn a layer, not a neuron each: the edges between them grow as the square

_INDEX = re.compile(r"\[[\d, ]*\]$|[._]?\d+$")


def array_of(label: str) -> str:
    """Return the array a label is in: "X[2,5]" and "x7" are in X and x."""
    return label.array if isinstance(label, Label) else _INDEX.sub("", label)


def neuron_of(label: str) -> str:
    """Return the neuron a parameter belongs to, or its array."""
    found = NEURON.match(label)
    return found[1] if found else array_of(label)


def layer_of(label: str) -> str:
    """Return the layer a parameter belongs to: all of its array's name but the last part."""
    return array_of(label).rpartition(".")[0] or array_of(label)


def outermost(label: str) -> str:
    """Return the first part of a parameter's name, its number with it."""
    parts = array_of(label).split(".")
    return ".".join(parts[:2]) if len(parts) > 2 and parts[1].isdigit() else parts[0]


def fold(root: Any, limit: int = LIMIT) -> Folded:
    """Fold the graph of `root` as little as makes it at most `limit` boxes."""
    nodes = in_order(root)
    place = {id(node): i for i, node in enumerate(nodes)}
    parents = [tuple([place[id(p)] for p in node.parents]) for node in nodes]
    kinds = [kind(node) for node in nodes]
    for name, most in ((neuron_of, NEURONS), (layer_of, limit), (outermost, limit)):
        found = _by_signature(nodes, parents, kinds, name, most)
        if found:
            return _joined(filled(nodes, parents, kinds, *found))
    return by_depth(nodes, parents, kinds, limit)


def groups(nodes: list[Any]) -> tuple[list[int], list[dict[str, str]]]:
    """Return the group of each node, or -1, and titles and kinds of groups: layers, arrays, and equal operations.

    >>> from engine import Value, total
    >>> xs = [Value(1.0, f"x[{i}]") for i in range(5)]
    >>> groups(in_order(total([x * x for x in xs])))[1]
    [{'title': 'x', 'kind': 'input'}, {'title': '×', 'kind': 'operation'}]
    """
    place = {id(node): i for i, node in enumerate(nodes)}
    parents = [tuple([place[id(p)] for p in node.parents]) for node in nodes]
    kinds = [kind(node) for node in nodes]
    found = _by_signature(nodes, parents, kinds, layer_of, len(nodes) + 1)
    assert found is not None, "there are no more boxes than nodes"
    owner, boxes = found
    _with_constants(owner, boxes, parents, kinds)
    held = Counter(owner)
    kept: dict[int, int] = {}
    for i, box in enumerate(boxes):
        named = box.title != box.kind  # leaves without a label have nothing in common
        layer = box.kind == "parameter" and "." in box.title
        if named and held[i] >= (2 if layer else GROUPED):
            kept[i] = len(kept)
    described = [{"title": clip(boxes[i].title), "kind": boxes[i].kind} for i in kept]
    return [kept.get(mine, CONSTANT) for mine in owner], described


def _with_constants(owner: list[int], boxes: list[Box], parents: list[tuple[int, ...]], kinds: list[str]) -> None:
    """Put the constants that one box reads, as the pixels of an image, in a box of their own."""
    readers: dict[int, set[int]] = {}
    for mine, operands in zip(owner, parents):
        for operand in operands:
            if kinds[operand] == "constant":
                readers.setdefault(operand, set()).add(mine)
    numbers: dict[Hashable, int] = {}
    for constant, these in readers.items():
        key = frozenset(these)
        if key not in numbers:
            numbers[key] = len(boxes)
            boxes.append(Box(key, "constants", "constant"))
        owner[constant] = numbers[key]


def _by_signature(
    nodes: list[Any], parents: list[tuple[int, ...]], kinds: list[str], name: Callable[[str], str], most: int
) -> tuple[list[int], list[Box]] | None:
    """Give every node its box: the layer it belongs to, or else its operation with its operands. None past `most`."""
    numbers: dict[Hashable, int] = {}
    boxes: list[Box] = []
    owner: list[int] = []  # box by node
    layers: set[int] = set()
    for node, operands, what in zip(nodes, parents, kinds):
        if what == "constant":
            owner.append(CONSTANT)
            continue
        if what == "operation":
            mine = {owner[p] for p in operands} - {CONSTANT}
            owners = {owner[p] for p in operands if kinds[p] == "parameter"} & layers
            if not owners and len(operands) == 1:
                owners = mine & layers
            key: Hashable = boxes[owners.pop()].key if len(owners) == 1 else (_operation(node), tuple(sorted(mine)))
            title = ""
        else:
            title = name(node.label) if node.label else what
            key = (what, title)
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(boxes)
            if number >= most:
                return None
            boxes.append(Box(key, title or sign(node), what))
            if what == "parameter" and "." in node.label:
                layers.add(number)
        owner.append(number)
    return owner, boxes


def _operation(node: Any) -> str:
    """Return what an operation is for its signature: squares and cubes differ."""
    op: str = node.op
    return sign(node) if op == "power_constant" else op


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
