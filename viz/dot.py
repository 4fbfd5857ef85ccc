"""Drawing: a graph of Values, a folded graph or a lifted program as a `graphviz.Digraph`.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> picture = draw(x * x, derivatives=True)
>>> picture.source.count("->")
2
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import graphviz

from engine import graph
from viz.collapse import LIMIT, Box, fold
from viz.errors import TooLargeError
from viz.program import Sheet, read_program
from viz.style import FONT, KINDS, QUIET, clip, in_order, kind, literal, number, plural, symbol

LAYABLE = 3000  # nodes: laid out in 1.3 s if regular, 11 s if tangled; 10,000 regular ones in 26 s (2 cores, 2026-11)
DIRECTIONS = ("LR", "RL", "TB", "BT")


def draw(
    root: Any, *, grad: bool = True, collapse: str | None = "auto", direction: str = "LR", derivatives: bool = False
) -> graphviz.Digraph:
    """Draw a graph of Values, or a lifted program.

    Parameters
    ----------
    root
        The result whose graph is drawn, or a program from `engine.lift`.
    grad
        Whether gradients are shown.
    collapse
        "auto" folds what has more than 60 nodes; None draws every node.
    direction
        Where the result is: "LR" right, "RL" left, "TB" below, "BT" above.
    derivatives
        Whether each edge carries its local derivative.

    >>> from engine import Value, tanh
    >>> "rankdir=TB" in draw(tanh(Value(0.5, "x")), direction="TB").source
    True
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction={direction!r} is not known; use one of {', '.join(DIRECTIONS)}.")
    if collapse not in ("auto", None):
        raise ValueError(f"collapse={collapse!r} is not known; use 'auto', or None to draw every node.")
    picture = _empty(direction)
    if hasattr(root, "steps"):
        return _draw_program(picture, read_program(root), collapse)
    if not hasattr(root, "parents"):
        raise TypeError(f"viz draws a Value or a lifted program, not {type(root).__name__}; draw one of its Values.")
    size = _size(root)
    if collapse == "auto" and size > LIMIT:
        return _draw_folded(picture, root, grad)
    if size > LAYABLE:
        raise TooLargeError(
            f"This graph has {graph.count(root):,} nodes, and more than {LAYABLE:,} take too long to lay out. "
            "Use collapse='auto', or draw a part: viz.draw(one_of_its_nodes)."
        )
    return _draw_values(picture, in_order(root), grad, derivatives)


def _size(root: Any) -> int:
    """Count the nodes, but no further than matters."""
    for size, _ in enumerate(graph.walk(root), 1):
        if size > LAYABLE:
            return size
    return size


def _empty(direction: str) -> graphviz.Digraph:
    picture = graphviz.Digraph("computation")
    picture.attr("graph", rankdir=direction, fontname=FONT, nodesep="0.22", ranksep="0.42", bgcolor="white", pad="0.15")
    picture.attr("node", fontname=FONT, fontsize="12", margin="0.28,0.07", height="0.3")
    picture.attr("edge", fontname=FONT, fontsize="10", color="#6b6b6b", fontcolor="#404040", arrowsize="0.65")
    return picture


def label_of(title: str, lines: Iterable[str], length: int = 40) -> str:
    """Return a label: a title, and lines under it; never taken for HTML."""
    shown = [literal(title, length)] if title else []
    label: str = graphviz.nohtml("\\n".join([*shown, *[literal(line, 60) for line in lines]]))
    return label


def _draw_values(picture: graphviz.Digraph, nodes: list[Any], grad: bool, derivatives: bool) -> graphviz.Digraph:
    names = {id(node): f"n{i}" for i, node in enumerate(nodes)}
    for node in nodes:
        what = "result" if node is nodes[-1] and node.parents else kind(node)
        picture.node(names[id(node)], _value_label(node, grad and what != "constant"), _attributes=KINDS[what])
    for node in nodes:
        locals_ = node.pullback(1.0) if derivatives and node.parents else [None] * len(node.parents)
        for parent, local in zip(node.parents, locals_):
            text = {} if local is None else {"label": f" {number(float(local))} "}
            picture.edge(names[id(parent)], names[id(node)], **text)
    return picture


def _value_label(node: Any, grad: bool) -> str:
    sign = symbol(node.op)
    label = clip(node.label, 40 if not sign else 34)
    title = f"{label} = {sign}" if label and sign else label or sign
    return label_of(title, [number(node.data), *([f"grad {number(node.grad)}"] if grad else [])], 60)


def _draw_folded(picture: graphviz.Digraph, root: Any, grad: bool) -> graphviz.Digraph:
    folded = fold(root)
    for i, box in enumerate(folded.boxes):
        what = "result" if i == folded.result else box.kind
        picture.node(f"b{i}", _box_label(box, grad), _attributes=KINDS[what])
    for (source, target), count in folded.edges.items():
        width = f"{1 + 0.35 * math.log10(count):.2f}"
        picture.edge(f"b{source}", f"b{target}", penwidth=width, tooltip=plural(count, "edge"))
    return picture


def _box_label(box: Box, grad: bool) -> str:
    if box.only is not None:
        return _value_label(box.only, grad)
    return label_of(box.title, box.lines(grad))


def _draw_program(picture: graphviz.Digraph, sheet: Sheet, collapse: str | None) -> graphviz.Digraph:
    boxes = sheet.folded(LIMIT) if collapse == "auto" else sheet.boxes
    if len(boxes) > LAYABLE:
        raise TooLargeError(f"This program has {len(boxes):,} operations; use collapse='auto'.")
    for box in boxes:
        picture.node(box.name, label_of(box.title, box.lines, 72), _attributes=KINDS[box.kind])
    for box in boxes:
        for operand in box.operands:
            picture.edge(operand, box.name, color=QUIET)
    return picture
