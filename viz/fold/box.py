"""Boxes: what a folded picture is made of, and how they are filled and moved together.

>>> from engine import Value
>>> box = Box("squares", "×")
>>> for i in range(3):
...     box.add(Value(1.0) * Value(2.0), "operation")
>>> box.lines(grad=False)
['3 nodes']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from viz.fold.nouns import many
from viz.nodes import Numbered, symbol
from viz.numbers import brief, number, plural

CONSTANT = -1  # the owner of what no box holds
NEURON = re.compile(r"(.*\bneurons\.\d+)\.")


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
    subtitle: tuple[str, ...] = ()  # under the title
    worded: bool = False  # whether the title says all that there is to say of the operations
    cluster: int = CONSTANT  # the function that is drawn around it
    result: Any = None  # the one node that has its name

    def add(self, node: Any, what: str) -> None:
        """Take one node in."""
        self.count += 1
        if what == "operation":
            self.ops[node.op] += 1
        elif what == "parameter":
            if not self.parameters:
                self.absolute = 0.0
            self.parameters += 1
            neuron = NEURON.match(node.label)
            if neuron:
                self.neurons.add(neuron[1])
        if what == "parameter" or not self.parameters:
            self.absolute += abs(node.grad or 0.0)
        self.only = node if self.count == 1 else None

    def add_constant(self, value: float, position: int, of: int) -> None:
        """Take a constant in that a node reads, at a position of so many."""
        same = not self.constants or (self.factor == value and self.leading == (position == 0))
        self.factor = value if same and of == 2 and self.kind == "operation" else None
        self.leading = position == 0
        self.constants += 1

    def join(self, other: Box) -> None:
        """Take in the nodes of a box that serves this one alone, and name it first."""
        self.title = f"{other.heading}, {self.heading}"
        self.constants -= self.constants if self.factor is not None else 0
        self.constants -= other.constants if other.factor is not None else 0
        self.take(other)

    def take(self, other: Box) -> None:
        """Take another box's nodes in."""
        self.only = other.only if not self.count else None
        self.count += other.count
        self.parameters += other.parameters
        self.neurons |= other.neurons
        self.ops += other.ops
        self.constants += other.constants
        self.absolute += other.absolute
        self.factor = None

    @property
    def heading(self) -> str:
        """The title, with the constant that all its nodes read: "× 0.25"."""
        if self.worded and not self.title:
            return many("" if self.kind in ("leaf", "operation") else self.kind, self.count)
        if self.factor is None or self.worded:
            return self.title
        return f"{number(self.factor)} {self.title}" if self.leading else f"{self.title} {number(self.factor)}"

    @property
    def _counted(self) -> bool:
        """Whether the title, or a shape under it, says how many there are."""
        return (
            not self.title
            or self.title.startswith(f"{self.count:,} ")
            or self.count == 1
            or (not self.ops and bool(self.subtitle))
        )

    def lines(self, grad: bool = True) -> list[str]:
        """Return what the box holds, one thing per line."""
        parts = [plural(len(self.neurons), "neuron")] if len(self.neurons) > 1 else []
        parts += (
            [plural(self.parameters, "parameter")] if self.parameters and not (self.worded and self._counted) else []
        )
        lines = [*self.subtitle, *([", ".join(parts)] if parts else [])]
        if self.ops and self.parameters:
            lines.append(", ".join(f"{count:,} {symbol(op)}" for op, count in self.ops.most_common(3)))
        elif not self.parameters and not (self.worded and self._counted):
            lines.append(plural(self.count, "node" if self.ops else "value"))
        if self.constants and not self.worded and (self.parameters or self.factor is None):
            lines.append(plural(self.constants, "constant"))
        if grad:
            over = self.parameters or self.count
            lines.append(f"mean |grad| {brief(self.absolute / over)}")
        return lines


@dataclass
class Folded:
    """Boxes, and how many scalar edges run between each two of them; `result` holds the last root.

    Boxes come operands first, except where a function's repetitions are one box. `clusters` are the functions that are
    drawn around boxes, each a title and the number of the one around it. `owner` says of each node, in the order of
    `in_order`, which box holds it; -1 for a constant, which none does.
    """

    boxes: list[Box]
    edges: Counter[tuple[int, int]]
    result: int
    owner: list[int]
    clusters: list[tuple[str, int]] = field(default_factory=list)


def moved(folded: Folded, boxes: list[Box], place: Sequence[int]) -> Folded:
    """Return what is folded, each box at its new place, where it may be one with others."""
    edges: Counter[tuple[int, int]] = Counter()
    for (source, target), count in folded.edges.items():
        if place[source] != place[target]:
            edges[place[source], place[target]] += count
    owner = [box if box == CONSTANT else place[box] for box in folded.owner]
    return Folded(boxes, edges, place[folded.result], owner)


def filled(graph: Numbered, owner: list[int], boxes: list[Box]) -> Folded:
    """Fill the boxes and count the edges between them."""
    if not boxes:  # a lone constant
        boxes.append(Box("constant", "constant", "constant"))
        owner = [0] * len(graph.nodes)
    edges: Counter[tuple[int, int]] = Counter()
    counted: set[tuple[int, int]] = set()
    for node, operands, what, target in zip(graph.nodes, graph.parents, graph.kinds, owner):
        if target == CONSTANT:
            continue
        boxes[target].add(node, what)
        for position, operand in enumerate(operands):
            source = owner[operand]
            if source == CONSTANT:
                if (target, operand) not in counted:  # a constant that many neurons read is one
                    counted.add((target, operand))
                    boxes[target].add_constant(graph.nodes[operand].data, position, len(operands))
            elif source != target:
                edges[source, target] += 1
    return Folded(boxes, edges, max(owner[-1], 0), owner)
