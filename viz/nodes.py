"""What a picture asks of a graph: what kind a node is, in which order nodes come, how an operation is written.

>>> from engine import Value
>>> [kind(node) for node in in_order(Value(0.5, "w") * Value(2.0, "x"))]
['parameter', 'input', 'operation']
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine import graph
from engine.label import Label
from engine.rules import RULES
from engine.value import is_constant
from viz.numbers import number

_SYMBOLS = {"*": "×", "-": "−", "/": "÷"}
_NAMES = {"power_constant": "power"}
_INPUT = re.compile(r"(x|t|y|input|target)s?([\W\d_]|$)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?:.*\.)?(w|b|weight|bias|theta|gamma|beta)s?([\W\d_]|$)", re.IGNORECASE)


def kind(node: Any) -> str:
    """Return what a node is: "operation", or for a leaf "parameter", "input", "constant" or "leaf".

    A parameter is a leaf whose label has a place in an array (`nn` gives those) or reads like a weight or a bias; an
    input is one whose label reads like x, t or y.
    """
    if node.parents:
        return "operation"
    if is_constant(node):
        return "constant"
    label = node.label
    if isinstance(label, Label) or _PARAMETER.match(label):
        return "parameter"
    return "input" if _INPUT.match(label) else "leaf"


def in_order(*roots: Any) -> list[Any]:
    """Return the nodes, operands first, each leaf just before its first use.

    >>> from engine import Value
    >>> w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(1.0, "b")
    >>> [node.label or node.op for node in in_order(w * x + b)]
    ['w', 'x', 'multiply', 'b', 'add']
    """
    nodes = []
    seen = set()
    for node in graph.order(*roots):
        if not node.parents:
            continue
        for parent in node.parents:
            if not parent.parents and id(parent) not in seen:
                seen.add(id(parent))
                nodes.append(parent)
        nodes.append(node)
    return nodes + [root for root in roots if not root.parents and id(root) not in seen]


def symbol(op: str) -> str:
    """Return the operator's sign, or the function's name.

    >>> symbol("multiply"), symbol("tanh")
    ('×', 'tanh')
    """
    rule = RULES.get(op)
    if rule is None or rule.infix is None:
        return _NAMES.get(op, op)
    return _SYMBOLS.get(rule.infix[0], rule.infix[0])


def sign(node: Any) -> str:
    """Return the symbol of a node's operation, and a fixed exponent with it.

    >>> from engine import Value
    >>> sign(Value(3.0) ** 2), sign(Value(3.0) * 2.0), sign(Value(3.0))
    ('** 2', '×', '')
    """
    if node.op != "power_constant":
        return symbol(node.op) if node.parents else ""
    return f"** {number(node.pullback.args[-1])}"


@dataclass(frozen=True)
class Numbered:
    """Nodes that go by their number: each one's kind, and the numbers of its parents.

    >>> from engine import Value
    >>> Numbered.of(in_order(Value(0.5, "w") * 2.0)).parents
    [(), (), (0, 1)]
    """

    nodes: Sequence[Any]
    parents: list[tuple[int, ...]]
    kinds: list[str]

    @classmethod
    def of(cls, nodes: Sequence[Any]) -> Numbered:
        """Number nodes by their position."""
        number_of = {id(node): i for i, node in enumerate(nodes)}
        parents = [tuple([number_of[id(p)] for p in node.parents]) for node in nodes]
        return cls(nodes, parents, [kind(node) for node in nodes])
