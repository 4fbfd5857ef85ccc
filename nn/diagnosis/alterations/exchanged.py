"""What people write in place of an edge: with another array of the function's, a variable, a gradient or a constant.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     a = np.exp(x)
...     return (a * np.tanh(x)).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([1.0, 2.0]))]))
>>> (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
>>> [a.what for a in exchanged((edge,), sweep) if a.kind == "wrong-upstream"][:3]
['a * tanh(x)', 'd(a * tanh(x)), from above', 'a']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration, nothing, of_arriving, pulling, saving
from nn.diagnosis.alterations.formulas import bracketed, label, operand_label
from nn.diagnosis.alterations.groups import LONGEST_LOOP
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Arrived, Pull, Seeing, Sweep
from nn.diagnosis.alterations.variants import spread
from nn.samples import Array

IN_ONE, PAST_IT = ", in one place of two", ", from above"
"""What is said of an array that stands in one place of two, and of a gradient that should have come down from there."""
Arrays: TypeAlias = Sequence[Array]
OfEdge: TypeAlias = Callable[[Edge, Array], Array]
INSTEAD: tuple[tuple[str, str, int, OfEdge], ...] = (
    ("wrong-operand", "{}", 0, lambda e, x: x),
    ("wrong-operand", "1/{}", 1, lambda e, x: 1.0 / x),
    ("factor-too-many", "{}", 0, lambda e, x: e.saved * x),
    ("factor-too-many", "{0} * (1 - {0})", 0, lambda e, x: e.saved * x * (1.0 - x)),
)
"""What another array does in place of what an edge saved, or beside it: kind, text, what is added to the rank."""
IN_ONE_PLACE: dict[str, tuple[OfEdge, ...]] = {
    "tanh": (lambda e, x: 1.0 - e.step.value * x,),
    "sigmoid": (lambda e, x: e.step.value * (1.0 - x), lambda e, x: x * (1.0 - e.step.value)),
}
"""Derivatives that are written with the value twice, with another array in one of the places."""


def exchanged(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield edges with another array in place of what they saved, of what arrives, or in their derivative."""
    is_one = len(edges) == 1
    for what, change in spread(edges[0].step.value.shape):
        yield of_arriving("one-upstream", edges, change, what, 3)
    for what, rank, sources in at_times(sweep, len(edges)):
        arrays = [value_of(x) for x in sources]
        yield from _in_derivative(edges, what, rank, arrays)
        if rank == 2 or edges[0].kind == "product":
            yield from _in_place(edges, what, rank, arrays)
        if is_one and edges[0].kind == "sum" and arrays[0].shape == edges[0].parent.value.shape:
            yield pulling("factor-too-many", edges, partial(_beside, array=arrays[0]), what, rank)
        if is_one and arrays[0].shape == edges[0].step.value.shape:
            yield pulling("wrong-upstream", edges, partial(_from, array=arrays[0]), what, 2)
            if _is_repeated(edges[0].step, sweep):
                yield pulling("wrong-upstream", edges, partial(_from, array=1.0 / arrays[0]), f"1/{what}", 2)
        steps = [x for x in sources if isinstance(x, ArrayStep) and x in sweep.place]
        if rank == 2 and len(steps) == len(edges):
            yield from _gradients(edges, f"d{bracketed(what)}", steps, sweep)


def _is_repeated(step: ArrayStep, sweep: Sweep) -> bool:
    """Whether it is a mean, a norm or the like, which serves many entries."""
    return any(edge.step.value.size > step.value.size > 1 for edge in sweep.arriving.get(step, []))


def _in_place(edges: tuple[Edge, ...], what: str, rank: int, arrays: Sequence[Array]) -> Iterator[BackwardAlteration]:
    """Yield edges that have something else saved, made of one array each; a matrix may be turned."""
    is_local = edges[0].kind == "local"
    turned = () if is_local else [(f"{what}.T", [np.swapaxes(x, -1, -2) for x in arrays if x.ndim > 1])]
    for text, several in ((what, arrays), *turned):
        fitted = [wide for edge, x in zip(edges, several) if (wide := _fitted(edge, x)) is not None]
        if len(fitted) == len(edges):
            saved, is_share = dict(zip(edges, fitted)), all(((x > 0.0) & (x < 1.0)).all() for x in fitted)
            for kind, form, more, of in INSTEAD[: 3 + is_share] if is_local and len(edges) == 1 else INSTEAD[:1]:
                yield saving(kind, edges, partial(_made, of=of, arrays=saved), form.format(text), rank + more)


def _fitted(edge: Edge, x: Array) -> Array | None:
    """Return an array as wide as what an edge saved; None where it cannot be."""
    shape = np.shape(edge.saved)
    if edge.kind == "local" and x.ndim <= len(shape) and all(n in (1, m) for n, m in zip(x.shape[::-1], shape[::-1])):
        return np.broadcast_to(x, shape)
    return x if edge.kind == "product" and edge.saved is not None and x.ndim and x.shape == shape else None


def _made(edge: Edge, of: OfEdge, arrays: Mapping[Edge, Array]) -> Array:
    return np.asarray(of(edge, arrays[edge]))


def _in_derivative(
    edges: tuple[Edge, ...], what: str, rank: int, arrays: Sequence[Array]
) -> Iterator[BackwardAlteration]:
    """Yield edges whose derivative is computed with another operand or value than they had, or in one place of two."""
    step, others = edges[0].step, dict(zip(edges, arrays))
    if step.op not in RULES or RULES[step.op].keeps == () or any(edge.step.op != step.op for edge in edges):
        return
    for k, x in enumerate((*step.operands, step)):
        right = value_of(x)
        if arrays[0].shape == right.shape and arrays[0] is not right and (len(edges) == 1 or x is step):
            saved = partial(_with_operand, k=k, others=others)
            text = f"{what} for {label(step) if x is step else operand_label(step, k)}"
            yield saving("wrong-operand", edges, saved, text, rank)
            if edges[0] is step.edges[0] and len(step.edges) > 1:
                of_step = partial(_with_operand, k=k, others=dict.fromkeys(step.edges, arrays[0]))
                yield saving("wrong-operand", tuple(step.edges), of_step, text, rank)
    for of in IN_ONE_PLACE.get(step.op, ()) if arrays[0].shape == step.value.shape else ():
        made = partial(_made, of=of, arrays=others)
        yield saving("wrong-operand", edges, made, what + IN_ONE, rank)


def _with_operand(edge: Edge, k: int, others: Mapping[Edge, Array]) -> Array:
    """Return the derivative by the rule itself, with one operand exchanged, or its value."""
    step = edge.step
    known = [others[edge] if j == k else value_of(x) for j, x in enumerate((*step.operands, step))]
    return derivative(edge, known)


def derivative(edge: Edge, known: Sequence[Array]) -> Array:
    """Return the local derivative of an edge by the step's rule, with some operands and a value."""
    arrays = [np.broadcast_to(x, edge.step.value.shape) for x in known]
    slopes = RULES[edge.step.op].bind(arrays[-1], arrays[:-1])(np.ones(edge.step.value.shape))
    return np.broadcast_to(np.asarray(slopes[edge.operand], float), edge.step.value.shape)


def _from(edge: Edge, g: Array, array: Array) -> Array:
    return edge.right(array)


def _beside(edge: Edge, g: Array, array: Array) -> Array:
    return np.asarray(edge.right(g) * array)


def _gradients(
    edges: tuple[Edge, ...], what: str, steps: Sequence[ArrayStep], sweep: Sweep
) -> Iterator[BackwardAlteration]:
    """Yield edges that take what comes to another variable, or in a loop hand it on; what comes at their time."""
    others, shapes = dict(zip(edges, steps)), {step.value.shape for step in steps}
    is_one, is_wide = len(edges) == 1, shapes == {edge.step.value.shape for edge in edges}
    if is_one:
        comes = sweep.cotangents[steps[0]]
        yield from _in_place(edges, what, 2, [comes])
    if is_wide and steps[0] is not edges[0].step:
        pull = partial(_from, array=comes) if is_one else Seeing(partial(_arriving_at, others))
        is_above = sweep.below[steps[0]] >> sweep.place[edges[0].step] & 1
        yield pulling("wrong-upstream", edges, pull, what + PAST_IT * is_above, 2)
    if shapes == {edge.parent.value.shape for edge in edges} and steps[0] is not edges[0].parent and not is_one:
        yield pulling("wrong-gradient", edges, Seeing(partial(_coming_to, others)), what, 2)


def _coming_to(others: Mapping[Edge, ArrayStep], sweep: Sweep, arrived: Arrived) -> Pull:
    return lambda edge, g: arrived[others[edge]] if others[edge] in arrived else sweep.cotangents[others[edge]]


def _arriving_at(others: Mapping[Edge, ArrayStep], sweep: Sweep, arrived: Arrived) -> Pull:
    coming = _coming_to(others, sweep, arrived)
    return lambda edge, g: edge.right(coming(edge, g))


def at_times(sweep: Sweep, times: int) -> Iterator[tuple[str, int, Sequence[ArrayStep | Array]]]:
    """Yield what there is once for each of some times: a line that runs as often, its operands, what is constant.

    With its rank: what is of another time is less simple.
    """
    seen: set[tuple[int, ...]] = set()
    lines: dict[object, list[ArrayStep]] = _lines(sweep) if times > 1 else {step: [step] for step in sweep.steps}
    for steps in lines.values():
        several = len(steps) == times
        least = min(len(step.operands) for step in steps)  # a line may join more each time
        for k in range(-1, least if several else 0):
            sources = [step.operands[k] if k >= 0 else step for step in steps] if several else steps * times
            first, key = sources[0], tuple(map(id, sources))
            is_number = times == 1 and np.size(value_of(first)) == 1 and not isinstance(first, ArrayStep)
            if len(sources) == times and key not in seen and not is_number:
                seen.add(key)
                what = label(first) if isinstance(first, ArrayStep) else steps[0].constants.get(k) or "a constant"
                yield what, 2, sources
                if len(set(key)) > 1:
                    later = lines.get(_line(first), []) if isinstance(first, ArrayStep) else []
                    end = later[0] if first in later[1:2] else first
                    yield f"{what} of the time before, none at first", 3, [*sources[1:], 0.0 * value_of(sources[-1])]
                    yield f"{what} of the time before, the last at first", 3, [*sources[1:], end]
        for step in steps[:LONGEST_LOOP] if several and times > 1 else ():
            yield f"{label(step)} of one time", 2, [step.value] * times


def _lines(sweep: Sweep) -> dict[object, list[ArrayStep]]:
    """Return the steps of each of the author's lines, those that run last first."""
    lines: dict[object, list[ArrayStep]] = {}
    for step in sorted(sweep.steps, key=lambda step: -step.number):
        lines.setdefault(_line(step), []).append(step)
    return lines


def _line(step: ArrayStep) -> object:
    return (step.op, step.site) if step.op else step


def at_hand(sweep: Sweep, but: int = 0) -> list[tuple[str, Array]]:
    """Return the arrays at hand in a backward pass: values, constants, and cotangents but of steps above some."""
    values = [(what, value_of(x)) for what, _, (x,) in at_times(sweep, 1)]
    below = [(step, g) for step, g in sweep.cotangents.items() if not sweep.below[step] & but]
    return [*values, *[(f"d{bracketed(label(step))}", g) for step, g in below]]


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
        yield from _from_above(leaf, edges, sweep) if edges else ()


def _from_above(leaf: ArrayStep, edges: Sequence[Edge], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what arrives at a variable that is computed of an argument, in place of the argument's gradient."""
    for step, g in sweep.cotangents.items():
        is_above = step is not leaf and sweep.below[step] >> sweep.place[leaf] & 1
        if is_above and step.name and g.shape == leaf.value.shape:
            yield replace(replaced_by("wrong-gradient", f"d{step.name}{PAST_IT}", edges, g), rank=3)


def replaced_by(kind: str, what: str, edges: Sequence[Edge], error: Array) -> BackwardAlteration:
    """Return the alteration of all that comes to a step: the first way brings all of it, the others nothing."""
    pulls: dict[Edge, Pull] = dict.fromkeys(edges, nothing)
    pulls |= dict.fromkeys(edges[:1], lambda edge, g: error)
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
