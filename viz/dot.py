"""Drawing: a graph of Values, a folded graph or a lifted program as a `graphviz.Digraph`.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> picture = draw(x * x, derivatives=True)
>>> picture.source.count("->")
2
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import graphviz

from engine import graph
from engine.arguments import one_of, truth
from viz.errors import TooLargeError
from viz.fold.box import Box, Folded
from viz.fold.fold import LIMIT, fold
from viz.look import QUIET
from viz.nodes import in_order, kind, sign
from viz.numbers import number, plural
from viz.operations import by_origin
from viz.picture import Card, Cluster, Edge, Picture, arranged
from viz.program import Sheet, read_program
from viz.subject import Subject, called, subject_of

LAYABLE = 3000  # nodes: laid out in 1.3 s if regular, 11 s if tangled; 10,000 regular ones in 26 s (2 cores, 2026-11)
DIRECTIONS = ("LR", "RL", "TB", "BT")


def draw(
    root: Any,
    *arguments: Any,
    grad: bool = True,
    collapse: str | None = "auto",
    direction: str = "auto",
    derivatives: bool = False,
) -> graphviz.Digraph:
    """Draw a graph of Values, what a function computes, or a lifted program.

    Parameters
    ----------
    root
        The result whose graph is drawn; a program from `engine.lift`; or a function, which is run once, so that its
        picture speaks of its functions and variables.
    arguments
        What the function is called with. Real numbers become Values that are called as its parameters are.
    grad
        Whether gradients are shown; before a backward pass, when all are 0, they are not.
    collapse
        "auto" folds what has more than 40 nodes; None draws every node.
    direction
        Where the result is: "LR" right, "RL" left, "TB" below, "BT" above; "auto" is right, or below where that would
        be a strip too wide for a screen.
    derivatives
        Whether each edge carries its local derivative, where every node is drawn.

    Raises
    ------
    TypeError
        If `root` is none of these, or the function returns no Value.
    TooLargeError
        If more than 3,000 nodes would be drawn.

    >>> from engine import Value, tanh
    >>> "rankdir=TB" in draw(tanh(Value(0.5, "x")), direction="TB").source
    True
    >>> def neuron(w, x):
    ...     z = w * x
    ...     return tanh(z)
    >>> "z = ×" in draw(neuron, 0.5, 2.0).source
    True
    """
    picture = picture_of(root, *arguments, grad=grad, collapse=collapse, direction=direction, derivatives=derivatives)
    return picture.plain()


def picture_of(
    root: Any,
    *arguments: Any,
    grad: bool = True,
    collapse: str | None = "auto",
    direction: str = "auto",
    derivatives: bool = False,
) -> Picture:
    """Return what `draw` draws, before it is written as DOT."""
    one_of(direction, "direction", ("auto", *DIRECTIONS))
    if collapse is not None:
        one_of(collapse, "collapse", ("auto", None))
    truth(grad, "grad"), truth(derivatives, "derivatives")
    if isinstance(getattr(root, "steps", None), Sequence):
        return arranged(*_of_program(read_program(root), collapse), direction)
    subject = subject_of(root, arguments)
    size = _size(subject)
    if collapse == "auto" and size > LIMIT:
        return arranged(*_of_folded(subject, grad), direction)
    if size > LAYABLE:
        raise TooLargeError(
            f"This graph has {graph.count(*subject.roots):,} nodes, and more than {LAYABLE:,} take too long to lay "
            "out. Use collapse='auto', or draw a part: viz.draw(one_of_its_nodes)."
        )
    return arranged(*_of_values(subject, grad, derivatives), (), direction)


def _size(subject: Subject) -> int:
    """Count the nodes, but no further than matters."""
    for size, _ in enumerate(graph.walk(*subject.roots), 1):
        if size > LAYABLE:
            return size
    return size


def _of_values(subject: Subject, grad: bool, derivatives: bool) -> tuple[list[Card], list[Edge]]:
    nodes = in_order(*subject.roots)
    grad = grad and any(node.grad for node in nodes if node.parents or len(nodes) == 1)  # no backward pass came here
    names = {id(node): f"n{i}" for i, node in enumerate(nodes)}
    cards = []
    for node in nodes:
        what = "result" if node in subject.roots and node.parents else kind(node)
        cards.append(value_card(names[id(node)], node, what, grad and what != "constant", label=called(node, subject)))
    edges = []
    for node in nodes:
        locals_ = node.pullback(1.0) if derivatives and node.parents else [None] * len(node.parents)
        for parent, local in zip(node.parents, locals_):
            text = {} if local is None else {"label": f" {number(float(local))} "}
            edges.append(Edge(names[id(parent)], names[id(node)], text))
    return cards, edges


def value_card(name: str, node: Any, what: str, grad: bool, operation: str | None = None, label: str = "") -> Card:
    """Return one node's box: its label and operation, its value and its gradient."""
    operation = sign(node) if operation is None else operation
    label = label or node.label
    title = f"{label} = {operation}" if label and operation else label or operation
    lines = (number(node.data), *([f"grad {number(node.grad or 0.0)}"] if grad else []))
    return Card(name, (title,), lines, what) if title else Card(name, (lines[0],), lines[1:], what)


def _of_folded(subject: Subject, grad: bool) -> tuple[list[Card], list[Edge], list[Cluster]]:
    folded = fold(subject)
    grad = grad and any(bool(root.grad) for root in subject.roots)
    results = {id(root) for root in subject.roots}
    cards = []
    for i, box in enumerate(folded.boxes):
        what = "result" if i == folded.result or id(box.result) in results else box.kind
        cards.append(_box_card(f"b{i}", box, what, grad))
    edges = []
    for (source, target), count in folded.edges.items():
        width = f"{1 + 0.35 * math.log10(count):.2f}"
        edges.append(Edge(f"b{source}", f"b{target}", {"penwidth": width, "tooltip": plural(count, "edge")}))
    return cards, edges, [Cluster(title, around) for title, around in folded.clusters]


def _box_card(name: str, box: Box, what: str, grad: bool) -> Card:
    if box.only is not None and not box.worded:
        return value_card(name, box.only, what, grad, box.heading if box.ops else "")
    lines = box.lines(grad)
    shown = box.result if box.result is not None else box.only
    if shown is not None:
        lines = [
            number(shown.data),
            *lines[: len(lines) - grad],
            *([f"grad {number(shown.grad or 0.0)}"] if grad else []),
        ]
    return Card(name, (box.heading,), tuple(lines), what, box.cluster)


def _of_program(sheet: Sheet, collapse: str | None) -> tuple[list[Card], list[Edge], list[Cluster]]:
    known = by_origin(sheet.boxes) if collapse == "auto" and len(sheet.in_cones) > LIMIT else None
    if known is not None:
        return _of_functions(*known)
    boxes = sheet.folded(LIMIT) if collapse == "auto" else sheet.boxes
    if len(boxes) > LAYABLE:
        raise TooLargeError(f"This program has {len(boxes):,} operations; use collapse='auto'.")
    cards = [Card(box.name, box.titles, box.lines, box.kind) for box in boxes]
    edges = [Edge(operand, box.name, {"color": QUIET}) for box in boxes for operand in box.operands]
    return cards, edges, []


def _of_functions(
    folded: Folded, under_titles: Sequence[tuple[str, ...]]
) -> tuple[list[Card], list[Edge], list[Cluster]]:
    """Return the boxes of a long program that is folded by functions."""
    cards = []
    for i, (box, lines) in enumerate(zip(folded.boxes, under_titles)):
        what = "result" if i == folded.result else box.kind
        cards.append(Card(f"b{i}", (box.heading,), lines, what, box.cluster))
    edges = [Edge(f"b{source}", f"b{target}", {"color": QUIET}) for source, target in folded.edges]
    return cards, edges, [Cluster(title, around) for title, around in folded.clusters]
