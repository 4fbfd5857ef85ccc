"""The additive terms of a function's own graph, and the gradient of each.

>>> from engine import Value
>>> x = Value(2.0, "x")
>>> [str(term) for term in terms(3.0 * (x * x) - x.exp())]
['x * x', 'exp(x)']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from engine import Value
from engine.graph import order
from engine.lifting.expr import Expr, show
from engine.rules import RULES
from engine.value import is_constant
from nn.samples import Array

LINEAR = ("add", "subtract", "negative", "total")
DEEPEST = 3
LONGEST = 60


@dataclass(frozen=True)
class Term:
    """A part of a sum: nodes, and what the sum's derivative by each of them is.

    A product inside a `dot` is no node of its own; it is its two factors, each with the other as its derivative.
    """

    parts: tuple[tuple[Value, float], ...]

    def gradient(self, leaves: Sequence[Value]) -> Array:
        """Return the term's derivative by every leaf; no gradient that is stored anywhere is touched."""
        cotangents: dict[Value, float] = {}
        for node, seed in self.parts:
            cotangents[node] = cotangents.get(node, 0.0) + seed
        for value in reversed(order(*[node for node, _ in self.parts])):
            if value.parents and value in cotangents:
                for parent, share in zip(value.parents, value.pullback(cotangents[value])):
                    cotangents[parent] = cotangents.get(parent, 0.0) + share
        return np.array([cotangents.get(leaf, 0.0) for leaf in leaves])

    def __str__(self) -> str:
        factors = [_expression(node, DEEPEST) for node, _ in self.parts]
        text = show(reduce(lambda x, y: Expr(None, "multiply", (x, y)), factors))
        return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def terms(root: Value, levels: int | None = None) -> list[Term]:
    """Return the terms that a value is the sum of, opening sums inside sums `levels` deep (default: all)."""
    parts = [Term(((root, 1.0),))]
    while levels is None or levels > 0:
        opened = [part for term in parts for part in _opened(term)]
        if opened == parts:
            return parts
        parts, levels = opened, None if levels is None else levels - 1
    return parts


def _opened(term: Term) -> list[Term]:
    """Return the terms of a term that is itself a sum, or what is multiplied with a constant; else the term."""
    if len(term.parts) > 1:
        return [term]
    ((node, seed),) = term.parts
    shares = list(zip(node.parents, node.pullback(seed)))
    varying = [(parent, share) for parent, share in shares if not is_constant(parent)]
    scaled = node.op == "multiply" or (node.op == "divide" and is_constant(node.parents[1]))
    if node.op in LINEAR or (scaled and len(varying) == 1):
        return [Term((part,)) for part in varying]
    if node.op == "dot" and len(shares) > 3:
        half = len(shares) // 2
        products = [Term((shares[k], shares[half + k])) for k in range(half)]
        has_bias = len(shares) % 2 and not is_constant(shares[-1][0])
        return products + ([Term((shares[-1],))] if has_bias else [])
    return [term]


def _expression(node: Any, depth: int) -> Expr:
    """Return a node as an expression, `depth` operations deep."""
    if not node.parents:
        return Expr(node.label or f"{node.data:.4g}")
    if depth == 0:
        return Expr("(...)")
    operands = [_expression(parent, depth - 1) for parent in node.parents[:4]]
    operands += [Expr("...")] * (len(node.parents) > 4)
    operands += [Expr(f"{x:.4g}") for x in RULES[node.op].fixed_of(node.pullback)]
    return Expr(None, {"power_constant": "power"}.get(node.op, node.op), tuple(operands))
