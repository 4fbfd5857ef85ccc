"""Boxes by signature: leaves along their labels, operations with those that do the same to the same boxes.

An operation that reads a layer's parameters belongs to that layer, and so does an activation of it; any other operation
has the signature of its name and its operands' boxes.

>>> from engine import Value, total
>>> from viz.nodes import in_order
>>> xs = [Value(float(i), f"x[{i}]") for i in range(3)]
>>> graph = Numbered.of(in_order(total([x * x for x in xs])))
>>> owner, boxes = by_signature(graph, array_of, most=60)
>>> owner, [box.title for box in boxes]
([0, 1, 0, 1, 0, 1, 2], ['x', '×', 'total'])
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from engine.label import Label
from viz.fold.box import CONSTANT, NEURON, Box
from viz.nodes import Numbered, sign
from viz.text import clip

GROUPED = 4  # equal operations, or values of one array: fewer do not fold by themselves on the explore page
_INDEX = re.compile(r"\[[\d, ]*\]$|[._]?\d+$")


def array_of(label: str) -> str:
    """Return the array a label is in: "X[2,5]" and "x7" are in X and x."""
    return label.array if isinstance(label, Label) else _INDEX.sub("", label)


def neuron_of(label: str) -> str:
    """Return the neuron a parameter belongs to, or its array."""
    neuron = NEURON.match(label)
    return neuron[1] if neuron else array_of(label)


def layer_of(label: str) -> str:
    """Return the layer a parameter belongs to: all of its array's name but the last part.

    >>> layer_of("layers.0.W[1,2]")
    'layers.0'
    """
    return array_of(label).rpartition(".")[0] or array_of(label)


def outermost(label: str) -> str:
    """Return the first part of a parameter's name, its number with it.

    >>> outermost("blocks.2.attention.wq[0,1]")
    'blocks.2'
    """
    parts = array_of(label).split(".")
    return ".".join(parts[:2]) if len(parts) > 2 and parts[1].isdigit() else parts[0]


def by_signature(graph: Numbered, name: Callable[[str], str], most: int) -> tuple[list[int], list[Box]] | None:
    """Return each node's box, and the boxes; `name` says where a labelled leaf belongs. None past `most` boxes."""
    numbers: dict[Hashable, int] = {}
    boxes: list[Box] = []
    owner: list[int] = []
    layers: set[int] = set()
    for node, operands, what in zip(graph.nodes, graph.parents, graph.kinds):
        if what == "constant":
            owner.append(CONSTANT)
            continue
        if what == "operation":
            layer = _layer(operands, owner, graph.kinds, layers)
            title = sign(node)
            key = _signature(node, operands, owner) if layer is None else boxes[layer].key
        else:
            title = name(node.label) if node.label else what
            key = (what, title)
        number = numbers.setdefault(key, len(boxes))
        if number == len(boxes):
            if number >= most:
                return None
            boxes.append(Box(key, title, what))
            if what == "parameter" and "." in node.label:
                layers.add(number)
        owner.append(number)
    return owner, boxes


def _layer(operands: Sequence[int], owner: Sequence[int], kinds: Sequence[str], layers: set[int]) -> int | None:
    """Return the layer whose parameters an operation reads, or whose result alone it reads; None if it has not one."""
    owners = {owner[p] for p in operands if kinds[p] == "parameter"} & layers
    if not owners and len(operands) == 1:
        owners = {owner[operands[0]]} & layers
    return owners.pop() if len(owners) == 1 else None


def _signature(node: Any, operands: Sequence[int], owner: Sequence[int]) -> Hashable:
    """Return an operation and its operands' boxes; squares and cubes differ."""
    op = sign(node) if node.op == "power_constant" else node.op
    return op, tuple(sorted({owner[p] for p in operands} - {CONSTANT}))


def groups(nodes: list[Any]) -> tuple[list[int], list[dict[str, str]]]:
    """Return the group of each node, or -1, and titles and kinds of groups: layers, arrays, and equal operations.

    >>> from engine import Value, total
    >>> from viz.nodes import in_order
    >>> xs = [Value(1.0, f"x[{i}]") for i in range(5)]
    >>> groups(in_order(total([x * x for x in xs])))[1]
    [{'title': 'x', 'kind': 'input'}, {'title': '×', 'kind': 'operation'}]
    """
    graph = Numbered.of(nodes)
    boxed = by_signature(graph, layer_of, len(nodes) + 1)
    assert boxed is not None, "there are no more boxes than nodes"
    owner, boxes = boxed
    _box_constants(graph, owner, boxes)
    size = Counter(owner)
    group_of: dict[int, int] = {}
    for i, box in enumerate(boxes):
        named = box.title != box.kind  # leaves without a label have nothing in common
        layer = box.kind == "parameter" and "." in box.title
        if named and size[i] >= (2 if layer else GROUPED):
            group_of[i] = len(group_of)
    described = [{"title": clip(boxes[i].title), "kind": boxes[i].kind} for i in group_of]
    return [group_of.get(box, CONSTANT) for box in owner], described


def _box_constants(graph: Numbered, owner: list[int], boxes: list[Box]) -> None:
    """Put the constants that the same boxes read, as the pixels of an image, in a box of their own."""
    readers: dict[int, set[int]] = {}
    for reader, operands in zip(owner, graph.parents):
        for operand in operands:
            if graph.kinds[operand] == "constant":
                readers.setdefault(operand, set()).add(reader)
    numbers: dict[Hashable, int] = {}
    for constant, these in readers.items():
        key = frozenset(these)
        if key not in numbers:
            numbers[key] = len(boxes)
            boxes.append(Box(key, "constants", "constant"))
        owner[constant] = numbers[key]
