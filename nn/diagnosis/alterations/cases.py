"""What people take for what an edge has saved, as tables: of an activation, a slope, a mask, the factor of a product.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, _ = record(np.tanh, [("x", np.array([0.0, 1.0]))])
>>> {kind: saved(root.edges[0]).round(2).tolist() for kind, _, _, saved in OF_ONE_OPERAND[:2]}
{'slope-missing': [1.0, 1.0], 'value-for-slope': [0.0, 0.76]}
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from engine.rules import RULES
from nn.derivatives import ACTIVATIONS
from nn.diagnosis.alterations.alteration import Saves
from nn.diagnosis.alterations.step import Edge
from nn.samples import Array

Substitute: TypeAlias = tuple[str, str, int, Saves]
CONFUSED = ("tanh", "sigmoid", "exp", "relu")


def operand_of(edge: Edge) -> Array:
    """Return the operand that an edge leads to, as wide as what it saved."""
    return np.broadcast_to(edge.parent.value, np.shape(edge.saved))


def ones(edge: Edge) -> Array:
    """Return ones, as many as an edge saved."""
    return np.ones_like(edge.saved)


def applied(rule: str, x: Array) -> Array:
    """Return a unary rule, or an activation, of an array."""
    return np.asarray(RULES[rule].array(x) if rule in RULES else ACTIVATIONS[rule].f(x))


def derivative_at(rule: str, x: Array) -> Array:
    """Return a unary rule's derivative, or an activation's, at an array."""
    if rule not in RULES:
        return ACTIVATIONS[rule].derivative(x, applied(rule, x))
    slope = RULES[rule].bind(applied(rule, x), [x])(np.ones_like(x))[0]
    return np.broadcast_to(np.asarray(slope, float), x.shape)


def _of_another(rule: str) -> tuple[Substitute, ...]:
    return (
        ("slope-of-another", rule, 1, lambda e: derivative_at(rule, operand_of(e))),
        ("slope-of-another", f"{rule}, of the value", 2, lambda e: derivative_at(rule, e.step.value)),
    )


OF_ONE_OPERAND: tuple[Substitute, ...] = (
    ("slope-missing", "", 1, ones),
    ("value-for-slope", "", 1, lambda e: e.step.value),
    ("applied-for-slope", "", 1, lambda e: applied(e.step.op, e.step.value)),
    ("operand-for-slope", "", 1, operand_of),
    ("slope-at-value", "", 1, lambda e: derivative_at(e.step.op, e.step.value)),
)
OF_THE_VALUE: tuple[Substitute, ...] = (
    ("slope-formula", "1 - a", 2, lambda e: 1.0 - e.step.value),
    ("slope-formula", "1 + a", 2, lambda e: 1.0 + e.step.value),
    ("slope-formula", "a**2", 2, lambda e: e.step.value**2),
    ("slope-formula", "-a**2", 2, lambda e: -(e.step.value**2)),
    ("slope-formula", "-a", 2, lambda e: -e.step.value),
    ("slope-formula", "1 + a**2", 2, lambda e: 1.0 + e.step.value**2),
    ("slope-formula", "1 - a**2", 2, lambda e: 1.0 - e.step.value**2),
    ("slope-formula", "a * (1 + a)", 2, lambda e: e.step.value * (1.0 + e.step.value)),
    ("slope-formula", "a * (1 - a)", 2, lambda e: e.step.value * (1.0 - e.step.value)),
    ("slope-formula", "a * (1 - a**2)", 2, lambda e: e.step.value * (1.0 - e.step.value**2)),
)
OF_OTHERS: dict[str, tuple[Substitute, ...]] = {rule: _of_another(rule) for rule in CONFUSED}
OF_MASKS: tuple[Substitute, ...] = (
    ("mask-inverted", "", 1, lambda e: np.max(e.saved) - e.saved),
    ("mask-missing", "", 1, lambda e: np.full(e.saved.shape, np.max(e.saved))),
    ("scale-missing", "", 1, lambda e: (e.saved != 0.0).astype(float)),
)
OF_SLOPES: tuple[Substitute, ...] = (
    ("slope-times-operand", "**-2", 2, lambda e: e.saved / operand_of(e) ** 2),
    ("slope-times-value", "**-2", 2, lambda e: e.saved / e.step.value**2),
    ("slope-times-operand", "**-1", 2, lambda e: e.saved / operand_of(e)),
    ("slope-times-value", "**-1", 2, lambda e: e.saved / e.step.value),
    ("slope-times-operand", "", 1, lambda e: e.saved * operand_of(e)),
    ("slope-times-value", "", 1, lambda e: e.saved * e.step.value),
    ("slope-times-operand", "**2", 2, lambda e: e.saved * operand_of(e) ** 2),
    ("slope-times-value", "**2", 2, lambda e: e.saved * e.step.value**2),
    ("slope-squared", "", 1, lambda e: np.square(e.saved)),
    ("slope-unsigned", "", 1, lambda e: np.abs(e.saved)),
    ("slope-inverted", "", 1, lambda e: np.reciprocal(e.saved)),
)
OF_FACTORS: tuple[Substitute, ...] = (
    ("factor-missing", "", 1, ones),
    ("factor-squared", "", 1, lambda e: np.square(e.saved)),
    ("factor-unsigned", "", 1, lambda e: np.abs(e.saved)),
    ("factor-inverted", "", 1, lambda e: np.reciprocal(e.saved)),
    ("own-value-for-factor", "", 1, operand_of),
)
OF_EXTREMES: tuple[Substitute, ...] = (("ties-in-full", "", 1, lambda e: (e.saved != 0.0).astype(float)),)
"""What stands in place of what an edge has saved: the kind, what is said of it, its rank, and what it is."""
