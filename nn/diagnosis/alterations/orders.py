"""A factor on the wrong side of what is linear: multiplied after a rotation, a sum or a product was undone, not before.

>>> from nn.diagnosis.alterations.alteration import gradients_of
>>> from nn.diagnosis.alterations.recorded import record
>>> c = np.array([1.0, 2.0, 3.0])
>>> sweep = Sweep(*record(lambda x: (x[::-1] * c).sum(), [("x", np.ones(3))]))
>>> [(a.kind, gradients_of((a,), sweep)[0].tolist()) for a in of_orders(sweep)]  # at the argument, and on the way
[('factor-too-late', [1.0, 2.0, 3.0]), ('factor-too-late', [1.0, 2.0, 3.0])]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.samples import Array

DEEPEST = 4  # linear steps on the way


def of_orders(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield factors that are multiplied too late, with what has come to an operand's operands, or too early."""
    for edge in sweep.edges:
        if edge.kind == "local" and edge.step.op in ("multiply", "divide") and np.ptp(edge.saved) > 0.0:
            yield from _last(edge, sweep)
            if edge.parent.value.shape == edge.step.value.shape:
                yield from _late(edge, sweep)
                yield from _early(edge, sweep)


def _late(edge: Edge, sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield the factor beside a linear step at the ends of the ways down from it."""
    ends = _ends(edge.parent, edge.saved.shape, sweep, DEEPEST)
    if ends:
        pulls: dict[Edge, Pull] = {end: partial(_times, factor=edge.saved) for end in ends}
        pulls[edge] = _without
        yield BackwardAlteration("factor-too-late", (edge, *ends), pulls, label(ends[0].parent), 2)


def _last(edge: Edge, sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield the factor multiplied last of all, with the gradient of an argument: as if all between were elementwise."""
    for leaf in sweep.leaves:
        is_below = edge.parent is not leaf and leaf in sweep.place and sweep.below[edge.parent] >> sweep.place[leaf] & 1
        if is_below and leaf.value.shape == edge.step.value.shape:
            finish = partial(_times_at, of=leaf, factor=edge.saved)
            yield BackwardAlteration("factor-too-late", (edge,), {edge: _without}, leaf.name, 3, finish=finish)


def _early(edge: Edge, sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield the factor of what a linear step was given, multiplied with what arrives at that step."""
    for above in _only(edge.step, sweep):
        if _is_linear(above) and above.step.value.shape == edge.saved.shape:
            pulls: dict[Edge, Pull] = {above: partial(_of_product, factor=edge.saved), edge: _without}
            yield BackwardAlteration("factor-too-early", (edge, above), pulls, label(above.step), 2)


def _ends(step: ArrayStep, shape: tuple[int, ...], sweep: Sweep, depth: int) -> list[Edge]:
    """Return the last edges of the ways down to steps of a shape; none where one of these is not linear, or shared."""
    several: list[Edge] = []
    for edge in step.edges if depth and _only(step, sweep) else ():
        deeper = [edge] if edge.parent.value.shape == shape else _ends(edge.parent, shape, sweep, depth - 1)
        if not _is_linear(edge) or not deeper:
            return []
        several += deeper
    return several


def _only(step: ArrayStep, sweep: Sweep) -> list[Edge]:
    """Return the one edge that leads to a step, if it is the only one."""
    edges = sweep.arriving.get(step, [])
    return edges if len(edges) == 1 else []


def _is_linear(edge: Edge) -> bool:
    return edge.kind in ("move", "product", "sum") or edge.step.op == "negative"


def _times_at(leaf: ArrayStep, g: Array, of: ArrayStep, factor: Array) -> Array:
    return g * factor if leaf is of else g


def _without(edge: Edge, g: Array) -> Array:
    return edge.pull(g, np.ones_like(edge.saved))


def _times(edge: Edge, g: Array, factor: Array) -> Array:
    return np.asarray(edge.right(g) * factor)


def _of_product(edge: Edge, g: Array, factor: Array) -> Array:
    return edge.right(g * factor)
