"""A long program as the graph of its array operations, which folds by its author's functions as scalar graphs do.

>>> box = ProgramBox("a0", ("y = f(x)",), "result", "3")
>>> [node.op for node in graph_of([box]).roots]
['result']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.label import Label
from engine.watching import Origin
from viz.fold.box import Folded
from viz.fold.fold import LIMIT, opened
from viz.fold.functions import by_functions
from viz.nodes import Numbered
from viz.numbers import plural
from viz.program import ProgramBox
from viz.subject import Subject


@dataclass(frozen=True, eq=False)
class Operation:
    """An array, or an operation on arrays, with what a fold asks of a node."""

    box: ProgramBox
    op: str
    parents: tuple[Operation, ...]
    born: float
    label: str = ""
    grad: float = field(default=0.0, init=False)


@dataclass(frozen=True)
class Operations(Subject):
    """The operations of a program, in their order."""

    nodes: tuple[Operation, ...] = ()

    def numbered(self) -> Numbered:
        """Return them by number."""
        number = {id(node): i for i, node in enumerate(self.nodes)}
        parents = [tuple([number[id(p)] for p in node.parents]) for node in self.nodes]
        kinds = ["operation" if node.box.is_step else node.box.kind for node in self.nodes]
        return Numbered(self.nodes, parents, kinds)


def graph_of(boxes: Sequence[ProgramBox]) -> Operations:
    """Return boxes as nodes; what nothing is known of comes from where it is read."""
    nodes: dict[str, Operation] = {}
    for i, box in enumerate(boxes):
        name = box.full_name or box.titles[0].partition(" = ")[0]
        label = "" if box.is_step and box.operands else Label(name, name, ())
        op = box.kind if box.is_step else ""
        nodes[box.name] = Operation(box, op, tuple([nodes[name] for name in box.operands]), float(i), label)
    origins: dict[Operation, Origin] = {}
    for node in reversed(nodes.values()):
        origin = node.box.origin or origins.get(node)
        if origin is not None and node.parents:
            origins[node] = origin
            for parent in node.parents:
                if parent.parents and parent not in origins:
                    origins[parent] = origin
    results = tuple([node for node in nodes.values() if node.box.kind == "result"])
    return Operations(results, origins, nodes=tuple(nodes.values()))


def by_origin(boxes: Sequence[ProgramBox]) -> tuple[Folded, list[tuple[str, ...]]] | None:
    """Return a program folded by functions and variables, and what is said of each box; None where nothing is known."""
    subject = graph_of(boxes)
    if not subject.origins:
        return None
    graph = subject.numbered()
    tree = by_functions(graph, subject)
    folded = opened(graph, tree, tree.frontier(LIMIT))
    members: list[list[Any]] = [[] for _ in folded.boxes]
    for node, owner in zip(subject.nodes, folded.owner):
        members[owner].append(node.box)
    return folded, [_said(inside) for inside in members]


def _said(boxes: Sequence[ProgramBox]) -> tuple[str, ...]:
    """Return what a box holds: its shape where all have one, how many operations and scalar nodes they are."""
    shapes: Mapping[str, None] = dict.fromkeys([box.shape for box in boxes])
    what = "operation" if boxes[0].is_step else "array"
    lines = list(shapes) if len(shapes) == 1 else []
    lines += [plural(len(boxes), what)] if len(boxes) > 1 else []
    nodes = sum(box.nodes for box in boxes)
    return (*lines, *([plural(nodes, "scalar node")] if nodes else []))
