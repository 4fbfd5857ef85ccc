"""What people take for what an edge has saved, as tables: of an activation, a slope, a mask, the factor of a product.

A row is a function of the three arrays at an edge: s is what it has saved, x its operand, a the value of its step.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, _ = record(np.tanh, [("x", np.array([0.0, 1.0]))])
>>> {kind: saved(root.edges[0]).round(2).tolist() for kind, _, _, saved in list(substitutes(root.edges[0]))[:2]}
{'slope-missing': [1.0, 1.0], 'value-for-slope': [0.0, 0.76]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from engine.rules import RULES
from nn.derivatives import ACTIVATIONS
from nn.diagnosis.alterations.alteration import Convert, Saves
from nn.diagnosis.alterations.step import Edge
from nn.samples import Array

Substitute: TypeAlias = tuple[str, str, int, Saves]
Row: TypeAlias = tuple[str, str, int, Callable[[Any, Any, Any], Any]]
CONFUSED = ("tanh", "sigmoid", "exp", "relu")
EXTREMES = ("max", "amax", "min", "amin")
ONES = "1 in all of its places"
SHIFTED = "-shifted"  # kinds in which a number is added

OF_ONE_OPERAND: tuple[Row, ...] = (
    ("slope-missing", "", 1, lambda s, x, a: np.ones_like(s)),
    ("value-for-slope", "", 1, lambda s, x, a: a),
    ("operand-for-slope", "", 1, lambda s, x, a: x),
)
FORMULAS: dict[str, Convert] = {
    "1 - a": lambda a: 1.0 - a,
    "1 + a": lambda a: 1.0 + a,
    "a**2": lambda a: a**2,
    "-a**2": lambda a: -(a**2),
    "-a": lambda a: -a,
    "1 + a**2": lambda a: 1.0 + a**2,
    "1 - a**2": lambda a: 1.0 - a**2,
    "a * (1 + a)": lambda a: a * (1.0 + a),
    "a * (1 - a)": lambda a: a * (1.0 - a),
    "a * (1 - a**2)": lambda a: a * (1.0 - a**2),
}
"""What a slope is written as, of the value a, or of the input in its place."""
OF_MASKS: tuple[Row, ...] = (
    ("mask-inverted", "", 1, lambda s, x, a: np.max(s) - s),
    ("mask-missing", "", 1, lambda s, x, a: np.full(s.shape, np.max(s))),
    ("scale-missing", "", 1, lambda s, x, a: (s != 0.0).astype(float)),
    ("mask-leaky", "", 3, lambda s, x, a: s + (s == 0.0)),
)
OF_SLOPES: tuple[Row, ...] = (
    ("slope-times-operand", "**-2", 2, lambda s, x, a: s / x**2),
    ("slope-times-value", "**-2", 2, lambda s, x, a: s / a**2),
    ("slope-times-operand", "**-1", 2, lambda s, x, a: s / x),
    ("slope-times-value", "**-1", 2, lambda s, x, a: s / a),
    ("slope-times-operand", "", 1, lambda s, x, a: s * x),
    ("slope-times-value", "", 1, lambda s, x, a: s * a),
    ("slope-times-operand", "**2", 2, lambda s, x, a: s * x**2),
    ("slope-times-value", "**2", 2, lambda s, x, a: s * a**2),
    ("slope-squared", "", 1, lambda s, x, a: s**2),
    ("slope-unsigned", "", 1, lambda s, x, a: np.abs(s)),
    ("slope-inverted", "", 1, lambda s, x, a: 1.0 / s),
    ("slope-shifted", "", 3, lambda s, x, a: s + 1.0),
)
OF_FACTORS: tuple[Row, ...] = (
    ("factor-missing", ONES, 1, lambda s, x, a: np.ones_like(s)),
    ("factor-squared", "", 1, lambda s, x, a: s**2),
    ("factor-unsigned", "", 1, lambda s, x, a: np.abs(s)),
    ("factor-inverted", "", 1, lambda s, x, a: 1.0 / s),
    ("factor-shifted", "", 3, lambda s, x, a: s + 1.0),
    ("own-value-for-factor", "", 1, lambda s, x, a: np.broadcast_to(x, s.shape)),
)
OF_EXTREMES: tuple[Row, ...] = (("ties-in-full", "", 1, lambda s, x, a: (s != 0.0).astype(float)),)
"""What stands in place of what an edge has saved: the kind, what is said of it, its rank, and what it is."""


def substitutes(edge: Edge) -> Iterator[Substitute]:
    """Yield what is taken for what an edge has saved, by what kind of edge it is."""
    is_mask = len(np.unique(edge.saved)) == 2 and (edge.saved == 0.0).any()
    of_one = len(edge.step.operands) == 1
    is_constant = np.ptp(edge.saved) == 0.0  # to which nothing is added: it is multiplied
    rows = OF_SLOPES if edge.kind == "local" else (*OF_FACTORS, *(OF_EXTREMES if edge.step.op in EXTREMES else ()))
    unary = _of_one_operand(edge.step.op) if edge.kind == "local" and of_one else ()
    masks = OF_MASKS if is_mask and (edge.kind == "local" or of_one) else ()
    for kind, what, rank, of in (*unary, *masks, *rows):
        if not (is_constant and kind.endswith(SHIFTED)):
            yield kind, what, rank, partial(_made, of=of)


def _made(edge: Edge, of: Callable[[Any, Any, Any], Any]) -> Array:
    x = edge.parent.value
    x = np.broadcast_to(x, np.shape(edge.saved)) if edge.kind == "local" else x
    return np.asarray(of(edge.saved, x, edge.step.value))


def _of_one_operand(op: str) -> Iterator[Row]:
    """Yield what people take for the derivative of a function of one number."""
    others = [rule for rule in CONFUSED if rule != op]
    yield from OF_ONE_OPERAND
    yield "applied-for-slope", "", 1, partial(_of_value, of=partial(applied, op))
    yield "slope-at-value", "", 1, partial(_of_value, of=partial(derivative_at, op))
    yield from (("slope-formula", text, 2, partial(_of_value, of=of)) for text, of in FORMULAS.items())
    yield from (
        ("slope-of-another", other, 1, partial(_of_operand, of=partial(derivative_at, other))) for other in others
    )
    for other in others:
        yield "slope-of-another", f"{other}, of the value", 2, partial(_of_value, of=partial(derivative_at, other))
    for text, of in FORMULAS.items():
        yield "slope-formula", text.replace("a", "x"), 3, partial(_of_operand, of=of)


def _of_value(s: Array, x: Array, a: Array, of: Convert) -> Array:
    return of(a)


def _of_operand(s: Array, x: Array, a: Array, of: Convert) -> Array:
    return of(x)


def applied(rule: str, x: Array) -> Array:
    """Return a unary rule, or an activation, of an array."""
    return np.asarray(RULES[rule].array(x) if rule in RULES else ACTIVATIONS[rule].f(x))


def derivative_at(rule: str, x: Array) -> Array:
    """Return a unary rule's derivative, or an activation's, at an array."""
    if rule not in RULES:
        return ACTIVATIONS[rule].derivative(x, applied(rule, x))
    slope = RULES[rule].bind(applied(rule, x), [x])(np.ones_like(x))[0]
    return np.broadcast_to(np.asarray(slope, float), x.shape)
