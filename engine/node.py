"""What a node is: a leaf, a plain number, or the result of a rule; and what it keeps for its derivative.

A node has two places for what its rule's pullback keeps, since most keep two numbers or fewer: numbers that lie in the
node itself are no objects for the collector to visit.  More than two are a tuple in the first place.

>>> product = NodeKind("multiply", lambda x, y, g: (g * y, g * x), 2)
>>> class Node: pass
>>> node = Node()
>>> product.keep(node, (3.0, 2.0))
>>> product.residuals(node), product.pull(node, 1.0)
((3.0, 2.0), (2.0, 3.0))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from engine.written import compiled, spread_text

Pullback = Callable[..., tuple[Any, ...]]

birth: Callable[[], float] = itertools.count(1.0).__next__
"""The number of the next node: what is computed is born after what it is computed from."""


class NodeKind:
    """What nodes have in common: a name, the pullback, and how much of it each keeps.

    Attributes
    ----------
    name
        A node's `op`.
    pullback
        The flat rule: what a node keeps, then the cotangent; returns one cotangent per parent.
    pull
        (node, cotangent) -> cotangents of its parents.
    residuals
        node -> the tuple that its pullback binds.
    keep
        (node, that tuple) -> None.
    spread
        node -> None; adds the cotangents of its parents to their `grad`.
    differentiable
        False where the derivative is zero by definition.
    shown
        How the number is written where it stands for the node; None where the node is described.
    """

    differentiable: bool = True
    shown: Callable[[float], str] | None = None

    pull: Callable[[Any, Any], tuple[Any, ...]]
    residuals: Callable[[Any], tuple[Any, ...]]
    keep: Callable[[Any, Any], None]
    spread: Callable[[Any], None]

    def __init__(self, name: str, pullback: Pullback, residual_count: int = 0, arity: int = 0) -> None:
        self.name, self.pullback = name, pullback
        self.pull, self.residuals, self.keep = KEEPING.get(residual_count, _keeping_many)(pullback)
        self.spread = compiled(spread_text(arity, residual_count), {"pullback": pullback}, f"{name}, spread")

    def pull_anew(self, node: Any, g: Any) -> tuple[Any, ...]:
        """Refuse to pull a cotangent back so that the result can be differentiated again: only a rule knows how."""
        raise TypeError(
            f"The derivative of '{self.name}' is its author's own, and has no derivative that the engine knows. "
            "Add the operation with engine.rules.rule, or compute it with the engine's operations."
        )

    def __reduce__(self) -> Any:
        raise TypeError(
            f"A Value whose derivative is a function of its author's ('{self.name}') cannot be pickled. "
            "Add the operation with engine.rules.rule, or pickle what it is computed from."
        )

    def __repr__(self) -> str:
        return f"<{self.name or 'variable'}>"


Keeping = tuple[Callable[[Any, Any], tuple[Any, ...]], Callable[[Any], tuple[Any, ...]], Callable[[Any, Any], None]]


def _keeping_nothing(pullback: Pullback) -> Keeping:
    def keep(node: Any, residuals: tuple[()]) -> None:
        pass

    return (lambda node, g: pullback(g)), (lambda node: ()), keep


def _keeping_one(pullback: Pullback) -> Keeping:
    def keep(node: Any, residuals: tuple[Any]) -> None:
        (node._first,) = residuals

    return (lambda node, g: pullback(node._first, g)), (lambda node: (node._first,)), keep


def _keeping_two(pullback: Pullback) -> Keeping:
    def keep(node: Any, residuals: tuple[Any, Any]) -> None:
        node._first, node._second = residuals

    return (lambda node, g: pullback(node._first, node._second, g)), (lambda node: (node._first, node._second)), keep


def _keeping_many(pullback: Pullback) -> Keeping:
    def keep(node: Any, residuals: tuple[Any, ...]) -> None:
        node._first = residuals

    return (lambda node, g: pullback(*node._first, g)), (lambda node: node._first), keep


KEEPING = {0: _keeping_nothing, 1: _keeping_one, 2: _keeping_two}

VARIABLE = NodeKind("", lambda g: ())
"""What somebody made: an input, a weight."""

CONSTANT = NodeKind("constant", lambda g: ())
"""A plain number that met a Value, as 2.0 does in ``2.0 * x``."""
