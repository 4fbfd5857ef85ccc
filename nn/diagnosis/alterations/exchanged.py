"""What people write in place of an edge: with another array of the function's, a variable, a gradient or a constant.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     a = np.exp(x)
...     return (a * np.tanh(x)).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([1.0, 2.0]))]))
>>> (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
>>> [a.what for a in exchanged((edge,), sweep) if a.kind == "wrong-upstream"][:3]
['a * tanh(x)', 'a', 'tanh(x)']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration, Convert, nothing, pulling, saving
from nn.diagnosis.alterations.formulas import bracketed, label, operand_label
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.samples import Array

IN_ONE, PAST_IT = ", in one place of two", ", from above"
"""What is said of an array that stands in one place of two, and of a gradient that should have come down from there."""
OfEdge: TypeAlias = Callable[[Edge, Array], Array]
Named: TypeAlias = tuple[str, Array]
INSTEAD: tuple[tuple[str, str, int, OfEdge], ...] = (
    ("wrong-operand", "{}", 2, lambda e, x: x),
    ("wrong-operand", "1/{}", 3, lambda e, x: 1.0 / x),
    ("factor-too-many", "{}", 2, lambda e, x: e.saved * x),
    ("factor-too-many", "{0} * (1 - {0})", 2, lambda e, x: e.saved * x * (1.0 - x)),
)
"""What another array does in place of what an edge saved, or beside it: kind, text, rank; the last of a share alone."""

IN_ONE_PLACE: dict[str, tuple[OfEdge, ...]] = {
    "tanh": (lambda e, x: 1.0 - e.step.value * x,),
    "sigmoid": (lambda e, x: e.step.value * (1.0 - x), lambda e, x: x * (1.0 - e.step.value)),
}
"""Derivatives that are written with the value twice, with another array in one of the places."""


def exchanged(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield edges with other arrays in place of what they saved; one alone also of what arrives, or in its slope."""
    for what, arrays in values(sweep, len(edges)):
        yield from _in_derivative(edges, what, arrays)
        yield from _in_place(edges, what, arrays)
    for what, array in at_hand(sweep) if len(edges) == 1 else ():
        is_gradient = array is sweep.cotangents.get(edges[0].step)
        if edges[0].kind == "sum" and array.shape == edges[0].parent.value.shape:
            yield pulling("factor-too-many", edges, partial(_beside, array=array), what, 2)
        if array.shape == edges[0].step.value.shape and not is_gradient:
            above = PAST_IT * _is_above(arriving(sweep).get(id(array)), edges[0].step, sweep)
            yield pulling("wrong-upstream", edges, partial(_from, of=lambda x: x, array=array), what + above, 2)
            if _is_repeated(edges[0].step, sweep):
                yield pulling("wrong-upstream", edges, partial(_from, of=np.reciprocal, array=array), f"1/{what}", 2)
    for what, array in cotangents(sweep) if len(edges) == 1 else ():
        yield from _in_place(edges, what, [array])


@lru_cache(maxsize=64)
def values(sweep: Sweep, times: int = 1) -> list[tuple[str, list[Array]]]:
    """Return what there is once for each of some times: a line that runs as often, its operands, what is constant."""
    known: dict[tuple[int, ...], tuple[str, list[Array]]] = {}
    lines: dict[object, list[ArrayStep]] = {}
    for step in sorted(sweep.steps, key=lambda step: -step.number) if times > 1 else sweep.steps:
        lines.setdefault((step.op, step.site) if step.op and times > 1 else step, []).append(step)
    for steps in (several for several in lines.values() if len(several) == times):
        for k in range(-1, min(len(step.operands) for step in steps)):
            sources = [step.operands[k] if k >= 0 else step for step in steps]
            if isinstance(sources[0], ArrayStep) or np.size(sources[0]) > 1:
                named = isinstance(sources[0], ArrayStep)
                called = label(sources[0]) if named else steps[0].constants.get(k) or "a constant"
                known.setdefault(tuple(map(id, sources)), (called, list(map(value_of, sources))))
    return list(known.values())


@lru_cache(maxsize=64)
def cotangents(sweep: Sweep, but: int = 0) -> list[Named]:
    """Return what arrives at steps, but at those above some."""
    below = [(step, g) for step, g in sweep.cotangents.items() if not sweep.below[step] & but]
    return [(f"d{bracketed(label(step))}", g) for step, g in below]


@lru_cache(maxsize=64)
def arriving(sweep: Sweep) -> dict[int, ArrayStep]:
    """Return the steps at which cotangents arrive, by which array these are."""
    return {id(g): step for step, g in sweep.cotangents.items()}


def _is_above(step: ArrayStep | None, other: ArrayStep, sweep: Sweep) -> bool:
    """Whether a step is computed of another."""
    return step is not None and step is not other and bool(sweep.below[step] >> sweep.place[other] & 1)


def at_hand(sweep: Sweep, but: int = 0) -> list[Named]:
    """Return the arrays at hand in a backward pass: values, constants, and cotangents but of steps above some."""
    return [*[(what, array) for what, (array,) in values(sweep)], *cotangents(sweep, but)]


def _is_repeated(step: ArrayStep, sweep: Sweep) -> bool:
    """Whether it is a mean, a norm or the like, which serves many entries."""
    return any(edge.step.value.size > step.value.size > 1 for edge in sweep.arriving.get(step, []))


def _in_place(edges: tuple[Edge, ...], what: str, arrays: Sequence[Array]) -> Iterator[BackwardAlteration]:
    """Yield edges that have something else saved, made of one array each; a matrix may be turned."""
    is_local = edges[0].kind == "local"
    turned = () if is_local else [(f"{what}.T", [np.swapaxes(x, -1, -2) for x in arrays if x.ndim > 1])]
    for text, several in ((what, arrays), *turned):
        fitted = [wide for edge, x in zip(edges, several) if (wide := _fitted(edge, x)) is not None]
        if len(fitted) == len(edges):
            saved, is_share = dict(zip(edges, fitted)), all(((x > 0.0) & (x < 1.0)).all() for x in fitted)
            for kind, form, rank, of in INSTEAD[: 3 + is_share] if is_local and len(edges) == 1 else INSTEAD[:1]:
                yield saving(kind, edges, partial(_made, of=of, arrays=saved), form.format(text), rank)


def _made(edge: Edge, of: OfEdge, arrays: Mapping[Edge, Array]) -> Array:
    return np.asarray(of(edge, arrays[edge]))


def _fitted(edge: Edge, x: Array) -> Array | None:
    """Return an array as wide as what an edge saved; None where it cannot be."""
    shape = np.shape(edge.saved)
    if edge.kind == "local" and x.ndim <= len(shape) and all(n in (1, m) for n, m in zip(x.shape[::-1], shape[::-1])):
        return np.broadcast_to(x, shape)
    return x if edge.kind == "product" and edge.saved is not None and x.ndim and x.shape == shape else None


def _in_derivative(edges: tuple[Edge, ...], what: str, arrays: Sequence[Array]) -> Iterator[BackwardAlteration]:
    """Yield edges whose derivative is computed with another value, or one also with another operand."""
    step = edges[0].step
    if step.op not in RULES or RULES[step.op].keeps == () or any(edge.step.op != step.op for edge in edges):
        return
    for k, x in enumerate((*step.operands, step)):
        if arrays[0].shape == value_of(x).shape and arrays[0] is not value_of(x) and (len(edges) == 1 or x is step):
            text = f"{what} for {label(step) if x is step else operand_label(step, k)}"
            for of in (edges, tuple(step.edges)) if edges == (step.edges[0],) and len(step.edges) > 1 else (edges,):
                others = dict(zip(edges, arrays)) if of is edges else dict.fromkeys(of, arrays[0])
                yield saving("wrong-operand", of, partial(_with_operand, k=k, others=others), text, 2)
    for of_place in IN_ONE_PLACE.get(step.op, ()) if arrays[0].shape == step.value.shape else ():
        made = partial(_made, of=of_place, arrays=dict(zip(edges, arrays)))
        yield saving("wrong-operand", edges, made, what + IN_ONE, 2)


def _with_operand(edge: Edge, k: int, others: Mapping[Edge, Array]) -> Array:
    """Return the derivative by the rule itself, with one operand exchanged, or its value."""
    known = (*edge.step.operands, edge.step)
    return derivative(edge, [others[edge] if j == k else value_of(x) for j, x in enumerate(known)])


def derivative(edge: Edge, known: Sequence[Array]) -> Array:
    """Return the local derivative of an edge by the step's rule, with some operands and a value."""
    arrays = [np.broadcast_to(x, edge.step.value.shape) for x in known]
    slopes = RULES[edge.step.op].bind(arrays[-1], arrays[:-1])(np.ones(edge.step.value.shape))
    return np.broadcast_to(np.asarray(slopes[edge.operand], float), edge.step.value.shape)


def _from(edge: Edge, g: Array, of: Convert, array: Array) -> Array:
    return edge.right(of(array))


def _beside(edge: Edge, g: Array, array: Array) -> Array:
    return np.asarray(edge.right(g) * array)


# --- all that comes to a step --------------------------------------------------------------------------------------


def of_leaves(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what stands in place of an argument's whole gradient, or is added to it: no part of the way to it."""
    for leaf in sweep.leaves:
        edges = sweep.arriving.get(leaf, []) if leaf.value.size > 2 else []  # of two numbers any array has a multiple
        at_leaf = at_hand(sweep, but=1 << sweep.place.get(leaf, 0)) if edges else []
        for what, array in (*at_leaf, (f"exp({label(leaf)})", np.exp(leaf.value))):
            if edges and array.shape == leaf.value.shape:
                yield replaced_by("wrong-gradient", what, edges, array)
                added = partial(_with_term, value=array)
                yield BackwardAlteration("term-added", tuple(edges[:1]), {edges[0]: added}, what, 3)
        for step, g in sweep.cotangents.items() if edges else ():
            if step.name and g.shape == leaf.value.shape and _is_above(step, leaf, sweep):
                yield replace(replaced_by("wrong-gradient", f"d{step.name}{PAST_IT}", edges, g), rank=3)


def replaced_by(kind: str, what: str, edges: Sequence[Edge], error: Array) -> BackwardAlteration:
    """Return the alteration of all that comes to a step: the first way brings all of it, the others nothing."""
    pulls: dict[Edge, Pull] = {edges[0]: lambda edge, g: error, **dict.fromkeys(edges[1:], nothing)}
    return BackwardAlteration(kind, tuple(edges), pulls, what, 2)


def _with_term(edge: Edge, g: Array, value: Array) -> Array:
    return np.asarray(edge.right(g) + value)


# --- other places of one array -------------------------------------------------------------------------------------

PARTS = ("[]", "split", "array_split")
MOST_PARTS = 8  # of one array, that are exchanged in pairs


def of_parts(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield two parts of one array that have one another's gradients, whenever it is made, or of which one has both."""
    parts: dict[object, dict[bytes, list[Edge]]] = {}
    for step, edges in sweep.arriving.items():
        for edge in edges:
            if edge.kind == "move" and edge.step.op in PARTS and len(edge.saved[0]) == edge.step.value.size:
                by_place = parts.setdefault((step.site or step, edge.step.value.shape), {})
                by_place.setdefault(edge.saved[1].tobytes(), []).append(edge)
    for by_place in parts.values():
        several = list(enumerate(by_place.values()))[:MOST_PARTS]
        for (i, one), (j, other) in itertools.permutations(several, 2):
            if len(one) == len(other) and not set(one[0].saved[1]) & set(other[0].saved[1]):
                text, there = f"number {i + 1} and number {j + 1}", dict(zip((*one, *other), (*other, *one)))
                moved = {edge: (edge.saved[0], of.saved[1]) for edge, of in there.items()}
                if i < j:
                    yield saving("parts-exchanged", tuple(there), moved.__getitem__, text, 2)
                both = {edge: tuple(map(np.append, edge.saved, moved[edge])) for edge in one}
                both |= {edge: (edge.saved[0][:0], edge.saved[1][:0]) for edge in other}
                yield saving("part-repeated", tuple(there), both.__getitem__, text, 2)
