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
from dataclasses import dataclass, field
from typing import Any

from engine.value import Label
from viz.cone import cones
from viz.style import brief, clip, in_order, kind, number, plural, sign, symbol

LIMIT = 60
AMPLE = 20  # boxes: more are joined where one serves another alone, as the parts of a softmax or of a norm do
GROUPED = 4  # equal operations, or values of one array: fewer do not fold by themselves on the explore page
LISTED = 6  # titles of joined boxes
NEURONS = 24  # more boxes than this are drawn a layer, not a neuron each: the edges between them grow as the square
BANDS = (16, 8, 4, 2)

_INDEX = re.compile(r"\[[\d, ]*\]$|[._]?\d+$")
_NEURON = re.compile(r"(.*\bneurons\.\d+)\.")
_CONSTANT = -1


@dataclass
class Box:
    """Nodes drawn as one: what they are, how many, and sums over them."""

    key: Hashable
    title: str = ""
    kind: str = "operation"
    count: int = 0
    parameters: int = 0
    constants: int = 0
    factor: float | None = None  # the one constant of an operation, if there is but one
    leading: bool = False  # whether it stands first
    absolute: float = 0.0
    ops: Counter[str] = field(default_factory=Counter)
    neurons: set[str] = field(default_factory=set)
    only: Any = None

    def add(self, node: Any, what: str) -> None:
        """Take one node in."""
        self.count += 1
        if what == "operation":
            self.ops[node.op] += 1
        elif what == "parameter":
            if not self.parameters:
                self.absolute = 0.0
            self.parameters += 1
            neuron = _NEURON.match(node.label)
            if neuron:
                self.neurons.add(neuron[1])
        if what == "parameter" or not self.parameters:
            self.absolute += abs(node.grad)
        self.only = node if self.count == 1 else None

    def add_constant(self, value: float, position: int, of: int) -> None:
        """Take a constant in that a node reads, at a position of so many."""
        same = not self.constants or (self.factor == value and self.leading == (position == 0))
        self.factor = value if same and of == 2 and self.kind == "operation" else None
        self.leading = position == 0
        self.constants += 1

    def join(self, other: Box) -> None:
        """Take another box's nodes in."""
        self.title = f"{other.heading}, {self.heading}"
        self.count += other.count
        self.ops += other.ops
        self.constants = sum([box.constants for box in (self, other) if box.factor is None])
        self.factor = None
        self.absolute += other.absolute
        self.only = None

    @property
    def heading(self) -> str:
        """The title, with the constant that all its nodes read: "× 0.25"."""
        if self.factor is None:
            return self.title
        return f"{number(self.factor)} {self.title}" if self.leading else f"{self.title} {number(self.factor)}"

    def lines(self, grad: bool = True) -> list[str]:
        """Return what the box holds, a line each."""
        held = [plural(len(self.neurons), "neuron")] if len(self.neurons) > 1 else []
        held += [plural(self.parameters, "parameter")] if self.parameters else []
        lines = [", ".join(held)] if held else []
        if self.ops and self.parameters:
            lines.append(", ".join(f"{count:,} {symbol(op)}" for op, count in self.ops.most_common(3)))
        elif not self.parameters:
            lines.append(plural(self.count, "node" if self.ops else "value"))
        if self.constants and (self.parameters or self.factor is None):
            lines.append(plural(self.constants, "constant"))
        if grad:
            over = self.parameters or self.count
            lines.append(f"mean |grad| {brief(self.absolute / over)}")
        return lines


@dataclass
class Folded:
    """Boxes, operands first, and how many scalar edges run between each two of them; `result` holds the root.

    `owner` says of each node, in the order of `in_order`, which box holds it; -1 for a constant, which none does.
    """

    boxes: list[Box]
    edges: Counter[tuple[int, int]]
    result: int
    owner: list[int]


def array_of(label: str) -> str:
    """Return the array a label is in: "X[2,5]" and "x7" are in X and x."""
    return label.array if isinstance(label, Label) else _INDEX.sub("", label)


def neuron_of(label: str) -> str:
    """Return the neuron a parameter belongs to, or its array."""
    found = _NEURON.match(label)
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
            return _joined(_boxes(nodes, parents, kinds, *found))
    return _by_depth(nodes, parents, kinds, limit)


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
    return [kept.get(mine, _CONSTANT) for mine in owner], described


def _with_constants(owner: list[int], boxes: list[Box], parents: list[tuple[int, ...]], kinds: list[str]) -> None:
    """Put the constants that one box reads, as the pixels of an image, in a box of their own."""
    readers: dict[int, set[int]] = {}
    for mine, operands in zip(owner, parents):
        for operand in operands:
            if kinds[operand] == "constant":
                readers.setdefault(operand, set()).add(mine)
    numbers: dict[Hashable, int] = {}
    for constant, mine in readers.items():
        key = frozenset(mine)
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
            owner.append(_CONSTANT)
            continue
        if what == "operation":
            mine = {owner[p] for p in operands} - {_CONSTANT}
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


def _by_depth(nodes: list[Any], parents: list[tuple[int, ...]], kinds: list[str], limit: int) -> Folded:
    """Fold by kind of leaf, and by bands of depth: an operation a band each, or as many bands as there may be boxes."""
    depth = [0] * len(nodes)
    for i, operands in enumerate(parents):
        if operands:
            depth[i] = 1 + max([depth[p] for p in operands])
    deepest = max(depth) + 1
    for bands, by_op in (*[(bands, True) for bands in BANDS], (limit - 4, False)):
        found = _bands(nodes, depth, kinds, deepest, bands, by_op, limit)
        if found:
            return _boxes(nodes, parents, kinds, *found)
    raise AssertionError("bands and kinds are fewer than the limit")


def _bands(
    nodes: list[Any], depth: list[int], kinds: list[str], deepest: int, bands: int, by_op: bool, limit: int
) -> tuple[list[int], list[Box]] | None:
    """Give every node its box: the kind of leaf, or the band of its depth; None past the limit."""
    numbers: dict[Hashable, int] = {}
    boxes: list[Box] = []
    owner: list[int] = []
    for node, level, what in zip(nodes, depth, kinds):
        if what == "constant":
            owner.append(_CONSTANT)
            continue
        band = level * bands // deepest
        key: Hashable = (band, node.op if by_op else "") if what == "operation" else what
        number = numbers.get(key)
        if number is None:
            number = numbers[key] = len(boxes)
            if number >= limit:
                return None
            first, last = -(-band * deepest // bands), -(-(band + 1) * deepest // bands) - 1
            deep = f"depth {max(first, 1):,} to {last:,}" if last > max(first, 1) else f"depth {last:,}"
            title = (f"{symbol(node.op)}, {deep}" if by_op else deep) if what == "operation" else f"{what}s"
            boxes.append(Box(key, "leaves" if title == "leafs" else title, what))
        owner.append(number)
    return owner, boxes


def _boxes(
    nodes: list[Any], parents: list[tuple[int, ...]], kinds: list[str], owner: list[int], boxes: list[Box]
) -> Folded:
    """Fill the boxes and count the edges between them."""
    if not boxes:  # a lone constant
        boxes.append(Box("constant", "constant", "constant"))
        owner = [0] * len(nodes)
    edges: Counter[tuple[int, int]] = Counter()
    counted: set[tuple[int, int]] = set()
    for node, operands, what, mine in zip(nodes, parents, kinds, owner):
        if mine == _CONSTANT:
            continue
        boxes[mine].add(node, what)
        for position, operand in enumerate(operands):
            source = owner[operand]
            if source == _CONSTANT:
                if (mine, operand) not in counted:  # a constant that many neurons read is one
                    counted.add((mine, operand))
                    boxes[mine].add_constant(nodes[operand].data, position, len(operands))
            elif source != mine:
                edges[source, mine] += 1
    return Folded(boxes, edges, max(owner[-1], 0), owner)


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

    groups = cones(users, joins)
    place = {member: i for i, group in enumerate(groups) for member in group}
    for group in groups:
        for member in reversed(group[:-1]):
            boxes[group[-1]].join(boxes[member])
    edges: Counter[tuple[int, int]] = Counter()
    for (source, target), count in folded.edges.items():
        if place[source] != place[target]:
            edges[place[source], place[target]] += count
    owner = [place.get(i, _CONSTANT) for i in folded.owner]
    return Folded([boxes[group[-1]] for group in groups], edges, place[folded.result], owner)
