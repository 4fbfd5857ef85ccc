r"""The lecture's picture of a graph: a record per Value, and a circle per operation between it and its operands.

It asks of a Value what micrograd's has, `_prev`, `_op`, `data` and `grad`, and a `label` where there is one, so that it
draws any such graph.

>>> from engine import Value
>>> w, x = Value(0.5, label="w"), Value(2.0, label="x")
>>> nodes, edges = trace(w * x)
>>> len(nodes), len(edges)
(3, 2)
>>> print(*draw_dot(w * x).source.replace("\t", "").splitlines()[2:7], sep="\n")
n0 [label="{ data 1.0000 | grad 0.0000 }" shape=record]
n0_op [label="*"]
n0_op -> n0
n1 -> n0_op
n2 -> n0_op
"""

from __future__ import annotations

import re
from typing import Any

import graphviz

from engine.arguments import described, one_of
from viz.dot import DIRECTIONS
from viz.text import literal

FORMATS = ("svg", "png", "pdf")


def trace(root: Any) -> tuple[set[Any], set[tuple[Any, Any]]]:
    """Return the nodes that a Value depends on, itself included, and the edges between them, operand first.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> nodes, edges = trace(x * x)
    >>> len(nodes), len(edges)
    (2, 1)
    """
    nodes = _met(root)
    return set(nodes), {(operand, node) for node in nodes for operand in _operands(node)}


def draw_dot(root: Any, format: str = "svg", rankdir: str = "LR") -> graphviz.Digraph:
    """Draw a graph as the lecture does; `viz.draw` folds what is large, and says which number is what.

    Parameters
    ----------
    root
        The result whose graph is drawn.
    format
        What ``render`` writes: "svg", "png" or "pdf".
    rankdir
        "LR", from left to right, or "TB", downwards.

    Raises
    ------
    TypeError
        If `root` has no `_prev`.
    ValueError
        If `rankdir` is no direction, or `format` none of these.

    Examples
    --------
    >>> from engine import Value
    >>> draw_dot(Value(2.0) ** 3, rankdir="TB").source.count("->")
    2
    """
    one_of(format, "format", FORMATS)
    one_of(rankdir, "rankdir", DIRECTIONS)
    names = {node: f"n{i}" for i, node in enumerate(_met(root))}
    picture = graphviz.Digraph(format=format, graph_attr={"rankdir": rankdir})
    for node, name in names.items():
        picture.node(name, label=_record(node), shape="record")
        joint = f"{name}_op" if node._op else name
        if node._op:
            picture.node(joint, label=literal(str(node._op)))
            picture.edge(joint, name)
        for operand in _operands(node):
            picture.edge(names[operand], joint)
    return picture


def _met(root: Any) -> list[Any]:
    """Return the nodes that a Value depends on, itself first, as they are met on the way to the leaves."""
    if not hasattr(root, "_prev"):
        raise TypeError(f"draw_dot draws a Value, or what has _prev, _op, data and grad too; got {described(root)}.")
    nodes = {root: None}
    waiting = [root]
    for node in waiting:
        new = [operand for operand in _operands(node) if operand not in nodes]
        nodes.update(dict.fromkeys(new))
        waiting += new
    return waiting


def _operands(node: Any) -> list[Any]:
    """Return a node's operands, each once, in the order of the operation where the node knows it."""
    return list(dict.fromkeys(getattr(node, "_children", node._prev)))


def _record(node: Any) -> str:
    text = str(getattr(node, "label", "") or "")
    fields = [re.sub(r"([|{}<>])", r"\\\1", literal(text))] if text else []
    return "{ " + " | ".join([*fields, f"data {float(node.data):.4f}", f"grad {float(node.grad or 0.0):.4f}"]) + " }"
