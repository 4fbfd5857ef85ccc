"""Formulas of one variable that are taken for another function, or whose brackets stand elsewhere.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     return (0.5 * x * (1.0 + np.tanh(0.79788456 * (x + 0.044715 * x**3)))).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([0.5, -1.0, 2.0]))]))
>>> [a.what for a in of_composites(sweep)][:2]
['GELU by erf', 'GELU by tanh']
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from engine.lifting.expr import Expr, show
from engine.rules import RULES
from nn.derivatives import FUNCTIONS, sigmoid
from nn.diagnosis.alterations import primitives
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.exchanged import replaced_by
from nn.diagnosis.alterations.formulas import operand
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.sweep import Change, Sweep
from nn.samples import Array

FEWEST = 3  # operations of a composite: of fewer, each has names of its own
ROOT, CUBIC, NEAR = math.sqrt(2.0 / math.pi), 0.044715, 1.702


def _by_tanh(x: Array) -> Array:
    t = np.tanh(ROOT * (x + CUBIC * x**3))
    return np.asarray(0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * ROOT * (1.0 + 3.0 * CUBIC * x * x))


def _by_sigmoid(x: Array) -> Array:
    s = sigmoid(NEAR * x)
    return np.asarray(s + NEAR * x * s * (1.0 - s))


def _derivative(name: str) -> Callable[[Array], Array]:
    return lambda x: FUNCTIONS[name].derivative(x, FUNCTIONS[name].f(x))


SLOPES: dict[str, Callable[[Array], Array]] = {
    "GELU by erf": _derivative("gelu"),
    "GELU by tanh": _by_tanh,
    "GELU by a sigmoid": _by_sigmoid,
    **{name: _derivative(name) for name in ("silu", "softplus", "relu", "tanh", "sigmoid")},
    "ELU": lambda x: np.exp(np.minimum(x, 0.0)),
}
"""Functions of one number that are taken for one another, and their derivatives."""


def of_composites(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield formulas of one variable, differentiated as another function of it that people know by a name."""
    variables = [step for step in (*sweep.leaves, *sweep.steps) if step.name and step in sweep.place]
    in_order = sorted(sweep.steps, key=lambda step: step.number)
    for x in variables:
        inside, last = _of_one(x, in_order, sweep)
        if last is not None and len(inside) > FEWEST:
            edges = [edge for edge in sweep.arriving.get(x, []) if edge.step in inside]
            for name, slope in SLOPES.items():
                altered = replaced_by("slope-of-another", name, edges, sweep.cotangents[last] * slope(x.value))
                yield replace(altered, edges=(last.edges[0],))


def _of_one(x: ArrayStep, in_order: Sequence[ArrayStep], sweep: Sweep) -> tuple[set[ArrayStep], ArrayStep | None]:
    """Return the steps that are computed of one array entry by entry, and the one of them that all others serve."""
    inside = {x}
    for step in in_order:
        if step.op in RULES and step.value.shape == x.value.shape:
            if all(y in inside if isinstance(y, ArrayStep) else np.size(y) == 1 for y in step.operands):
                inside.add(step)
    served = {y for step in inside for y in step.operands if isinstance(y, ArrayStep)}
    ends = [step for step in inside - served if step in sweep.cotangents]
    return inside, ends[0] if len(ends) == 1 else None


def bracketings(step: ArrayStep) -> Iterator[tuple[str, str, Change]]:
    """Yield an operation on another one, with the brackets around the other two operands."""
    for k, inner in enumerate(step.operands if len(step.operands) == 2 and step.op in RULES else ()):
        if isinstance(inner, ArrayStep) and not inner.name and len(inner.operands) == 2 and inner.op in RULES:
            turned = ([1, 0, 2], [0, 2, 1])[k]
            for order in ([0, 1, 2], turned) if inner.op in ("add", "multiply") else ([0, 1, 2],):
                three = _three([operand(step, j) for j in (0, 1)], [operand(inner, j) for j in (0, 1)], k, order)
                text = show(_otherwise(lambda op, *xs: Expr(None, op, xs), (step.op, inner.op), three, k))
                yield "brackets", text, partial(_rebracketed, k=k, order=order)


def _rebracketed(step: ArrayStep, xs: Sequence[Any], k: int, order: Sequence[int]) -> ArrayStep:
    inner = xs[k]
    if not isinstance(inner, ArrayStep) or len(inner.operands) != 2:
        raise ValueError("it is no operation on another one here")
    three = _three(xs, inner.operands, k, order)
    other: ArrayStep = _otherwise(primitives.elementwise, (step.op, inner.op), three, k)
    if other.value.shape != step.value.shape:
        raise ValueError("the shape would be another")
    return other


def _three(outer: Sequence[Any], inner: Sequence[Any], k: int, order: Sequence[int]) -> list[Any]:
    three = [*inner, outer[1]] if k == 0 else [outer[0], *inner]
    return [three[j] for j in order]


def _otherwise(apply: Callable[..., Any], ops: tuple[str, str], three: Sequence[Any], k: int) -> Any:
    """Return a o (b p c) of what was (a o b) p c, or (a p b) o c of what was a p (b o c); p is the outer one."""
    (outer, inner), (a, b, c) = ops, three
    return apply(inner, a, apply(outer, b, c)) if k == 0 else apply(inner, apply(outer, a, b), c)
