"""What people take for what an edge has saved, as tables: of an activation, a slope, a mask, the factor of a product.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, _ = record(np.tanh, [("x", np.array([0.0, 1.0]))])
>>> {kind: saved(root.edges[0]).round(2).tolist() for kind, _, _, saved in OF_ONE_OPERAND[:2]}
{'slope-missing': [1.0, 1.0], 'value-for-slope': [0.0, 0.76]}
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

import numpy as np

from engine.rules import RULES
from nn.derivatives import ACTIVATIONS
from nn.diagnosis.alterations.alteration import Convert, Saves
from nn.diagnosis.alterations.step import Edge
from nn.samples import Array

Substitute: TypeAlias = tuple[str, str, int, Saves]
CONFUSED = ("tanh", "sigmoid", "exp", "relu")


def operand_of(edge: Edge) -> Array:
    """Return the operand that an edge leads to, as wide as what it saved."""
    return np.broadcast_to(edge.parent.value, np.shape(edge.saved))


def saved_of(edge: Edge) -> Array:
    """Return what an edge has saved."""
    return np.asarray(edge.saved)


def value_of_step(edge: Edge) -> Array:
    """Return the value that an edge comes from."""
    return edge.step.value


def is_open(edge: Edge) -> Array:
    """Return where a mask lets something through, without its scale."""
    return np.asarray(edge.saved != 0.0, float)


def ones(edge: Edge) -> Array:
    """Return ones, as many as an edge saved."""
    return np.ones_like(edge.saved)


def applied(rule: str, x: Array) -> Array:
    """Return a unary rule, or an activation, of an array."""
    return np.asarray(RULES[rule].array(x) if rule in RULES else ACTIVATIONS[rule].f(x))


def slope_of(rule: str, x: Array) -> Array:
    """Return a unary rule's derivative, or an activation's, at an array."""
    if rule not in RULES:
        return ACTIVATIONS[rule].derivative(x, applied(rule, x))
    slope = RULES[rule].bind(applied(rule, x), [x])(np.ones_like(x))[0]
    return np.broadcast_to(np.asarray(slope, float), x.shape)


def _of_another(rule: str) -> tuple[Substitute, ...]:
    return (
        ("slope-of-another", rule, 1, lambda e: slope_of(rule, operand_of(e))),
        ("slope-of-another", f"{rule}, of the value", 2, lambda e: slope_of(rule, e.step.value)),
    )


FORMULAS: dict[str, Convert] = {
    "1 - a": lambda a: 1.0 - a,
    "1 + a": lambda a: 1.0 + a,
    "a**2": np.square,
    "-a**2": lambda a: -(a**2),
    "-a": np.negative,
    "1 + a**2": lambda a: 1.0 + a**2,
    "1 - a**2": lambda a: 1.0 - a**2,
    "a * (1 + a)": lambda a: a * (1.0 + a),
    "a * (1 - a)": lambda a: a * (1.0 - a),
    "a * (1 - a**2)": lambda a: a * (1.0 - a**2),
}
"""What a slope is written as, of the value a or of the input."""
USUAL: dict[str, tuple[int, Convert]] = {
    "missing": (1, np.ones_like),
    "squared": (1, np.square),
    "unsigned": (1, np.abs),
    "inverted": (1, np.reciprocal),
    "shifted": (3, lambda x: x + 1.0),
}
"""What is done to any array, with its rank."""


def _usual(noun: str, *words: str) -> tuple[Substitute, ...]:
    """Return what is usually done to what has been saved."""
    return tuple((f"{noun}-{word}", "", USUAL[word][0], partial(_changed, change=USUAL[word][1])) for word in words)


def _changed(edge: Edge, change: Convert, of: Saves = saved_of) -> Array:
    return change(of(edge))


def _times(edge: Edge, own: Saves, power: int) -> Array:
    return np.asarray(edge.saved * own(edge) ** float(power))


OF_ONE_OPERAND: tuple[Substitute, ...] = (
    ("slope-missing", "", 1, ones),
    ("value-for-slope", "", 1, value_of_step),
    ("applied-for-slope", "", 1, lambda e: applied(e.step.op, e.step.value)),
    ("operand-for-slope", "", 1, operand_of),
    ("slope-at-value", "", 1, lambda e: slope_of(e.step.op, e.step.value)),
)
OF_FORMULAS: tuple[Substitute, ...] = tuple(
    ("slope-formula", text.replace("a", name), rank, partial(_changed, change=change, of=own))
    for name, rank, own in (("a", 2, value_of_step), ("x", 3, operand_of))
    for text, change in FORMULAS.items()
)
OF_OTHERS: dict[str, tuple[Substitute, ...]] = {rule: _of_another(rule) for rule in CONFUSED}
OF_MASKS: tuple[Substitute, ...] = (
    ("mask-inverted", "", 1, lambda e: np.max(e.saved) - e.saved),
    ("mask-missing", "", 1, lambda e: np.full(e.saved.shape, np.max(e.saved))),
    ("scale-missing", "", 1, is_open),
    ("mask-leaky", "", 3, lambda e: e.saved + (e.saved == 0.0)),
)
OF_SLOPES: tuple[Substitute, ...] = (
    *(
        (
            f"slope-times-{noun}",
            "" if power == 1 else f"**{power}",
            1 + (power != 1),
            partial(_times, own=own, power=power),
        )
        for power in (-2, -1, 1, 2)
        for noun, own in (("operand", operand_of), ("value", value_of_step))
    ),
    *_usual("slope", "squared", "unsigned", "inverted", "shifted"),
)
OF_FACTORS: tuple[Substitute, ...] = (
    *_usual("factor", "missing", "squared", "unsigned", "inverted", "shifted"),
    ("own-value-for-factor", "", 1, operand_of),
)
OF_EXTREMES: tuple[Substitute, ...] = (("ties-in-full", "", 1, is_open),)
"""What stands in place of what an edge has saved: the kind, what is said of it, its rank, and what it is."""
