"""How far rounding alone may move a graph's value and its derivatives: a running error analysis of the graph itself.

Every node is accompanied by the error that first-order rounding may leave in it: what its operands bring, found by
moving them by their errors, plus a unit of its own (Higham, *Accuracy and Stability of Numerical Algorithms*, 3.3).
Backwards, a cotangent has the error that arrives with it, and that of the local derivative, which is found by moving
what the rule keeps by its error.  A difference that cancels, ``1 - z * z`` of a saturated tanh and a kink nearby are
all seen so.

>>> from engine import Value
>>> x = Value(1.0, "x")
>>> cancelled = (x + 1e8) - 1e8
>>> 1e-9 < analysed(cancelled, [x]).value < 1e-7
True
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.agreement import EPS
from engine.graph import order
from engine.rule import Rule
from engine.value import Value

TINY = 5e-324  # what underflow may take away
STRAIGHT = {"abs", "relu", "leaky_relu", "maximum", "minimum", "clip", "largest"}  # whose slopes change at kinks alone
Sides: TypeAlias = tuple[float, float]
NO_JUMP: Sides = (0.0, 0.0)
NOTHING = (0.0, 0.0, 0.0, NO_JUMP)


@dataclass(frozen=True)
class Analysis:
    """What rounding may do to a graph.

    Attributes
    ----------
    value
        To the root's number.
    derivatives
        To the root's derivative with respect to each of the given leaves.
    sizes
        The absolute terms that each of these derivatives is the sum of.
    jumps
        How far below each of these derivatives, and above it, that of the other side of kinks nearby may be.
    """

    value: float
    derivatives: tuple[float, ...]
    sizes: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...] = ()


def analysed(root: Value, leaves: Sequence[Value]) -> Analysis:
    """Return the analysis of a graph with respect to some of its leaves, which are exact.

    Parameters
    ----------
    root, leaves
        The result, and what it is differentiated by.
    """
    nodes = order(root)
    errors = _forward(nodes)
    cotangents = {root: (1.0, 0.0, 1.0, NO_JUMP)}  # it, its error, its size, how far below and above it may be
    for node in reversed(nodes):
        if node not in cotangents or not node.parents:
            continue
        g, e_g, size, sides = cotangents.pop(node)
        for parent, slope, e_slope, jump in zip(node.parents, _slopes(node), *_slope_errors(node, errors)):
            to, e_to, size_to, before = cotangents.get(parent, NOTHING)
            term = slope * g
            e_term = abs(slope) * e_g + e_slope * size + EPS * abs(term) + TINY
            total = to + term
            is_smooth = sides is NO_JUMP and jump is NO_JUMP
            beside = before if is_smooth else _added(before, _times(slope, sides), _times(g, jump))
            cotangents[parent] = total, e_to + e_term + EPS * abs(total), size_to + abs(slope) * size, beside
    of_leaves = [cotangents.get(leaf, NOTHING) for leaf in leaves]
    _, derivatives, sizes, jumps = zip(*of_leaves) if of_leaves else [()] * 4
    return Analysis(errors[root], derivatives, sizes, jumps)


def _added(*several: Sides) -> Sides:
    below, above = zip(*several)
    return sum(below), sum(above)


def _times(factor: float, sides: Sides) -> Sides:
    """Return how far below and above a product may be."""
    below, above = (abs(factor) * side for side in sides)
    return (above, below) if factor < 0.0 else (below, above)


def value_error(root: Value) -> float:
    """Return what rounding may do to a graph's value."""
    return _forward(order(root))[root]


def _forward(nodes: Sequence[Value]) -> dict[Value, float]:
    errors: dict[Value, float] = {}
    for node in nodes:
        errors[node] = _brought(node, errors) + EPS * _magnitude(node) + TINY if node.parents else 0.0
    return errors


def _brought(node: Value, errors: dict[Value, float]) -> float:
    """Return what the errors of its operands do to a node: found by moving them, since its rule is what is checked."""
    rule = node.rule
    if not any(errors[p] for p in node.parents):
        return 0.0
    if not isinstance(rule, Rule) or rule.variadic:
        slopes = _slopes(node)
        return sum([abs(slope) * errors[p] for p, slope in zip(node.parents, slopes) if errors[p]])
    xs = [p._data for p in node.parents]
    fixed = rule.fixed_of(node.pullback)
    brought = 0.0
    for i, parent in enumerate(node.parents):
        if error := errors[parent]:
            ends = [rule.scalar(*xs[:i], xs[i] + e, *xs[i + 1 :], *fixed) for e in (error, -error)]
            brought += max([abs(end - node._data) for end in ends if math.isfinite(end)], default=0.0)
    return brought


def _magnitude(node: Value) -> float:
    """Return the size of what a node rounds: its result, or in a sum of products the partial sums."""
    if node.op == "dot":
        xs = [p._data for p in node.parents]
        half = len(xs) // 2
        return float(sum([abs(w * x) for w, x in zip(xs[:half], xs[half:])]))
    return abs(node._data)


def _slopes(node: Value) -> tuple[float, ...]:
    return node.pullback(1.0)


def _slope_errors(node: Value, errors: dict[Value, float]) -> tuple[list[float], list[Sides]]:
    """Return what the errors of operands and result, and rounding, may do to each local derivative; and kinks to it."""
    rule, slopes = node.rule, _slopes(node)
    if not isinstance(rule, Rule) or not rule.differentiable:
        return [0.0] * len(slopes), [NO_JUMP] * len(slopes)
    fixed = rule.fixed_of(node.pullback)
    moved = []
    for sign in (1.0, -1.0):
        xs = [p._data + sign * errors[p] for p in node.parents]
        z: Any = node._data + sign * (errors[node] + EPS * abs(node._data))
        if rule.variadic and rule.kinks:  # one of its operands, which nothing rounds, moves as that one does
            z = rule.scalar(xs)
        moved.append(rule.bind(z, xs, fixed)(1.0))
    if rule.name in STRAIGHT and any(s != up or s != down for s, up, down in zip(slopes, *moved)):
        jumps = [(s - min(s, up, down), max(s, up, down) - s) for s, up, down in zip(slopes, *moved)]
        return [EPS * abs(s) for s in slopes], jumps
    errors_of_slopes = [max(abs(up - s), abs(down - s)) + EPS * abs(s) for s, up, down in zip(slopes, *moved)]
    return errors_of_slopes, [NO_JUMP] * len(slopes)
