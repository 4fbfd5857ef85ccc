"""What people write in place of an edge: with another array of the function's, a variable, a gradient or a constant.

>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     a = np.exp(x)
...     return (a * np.tanh(x)).sum()
>>> sweep = Sweep(*record(f, [("x", np.array([1.0, 2.0]))]))
>>> (edge,) = [edge for edge in sweep.edges if edge.step.op == "tanh"]
>>> [a.what for a in exchanged(edge, sweep) if a.kind == "wrong-upstream"][:3]
['a * tanh(x)', 'a', 'tanh(x)']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration, pulling, saving
from nn.diagnosis.alterations.edges import of_another_time
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.groups import LONGEST_LOOP
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.samples import Array


def exchanged(edge: Edge, sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield an edge with another array of the function's in place of what it saved, or of what arrives."""
    arriving, edges = edge.step.value.shape, (edge,)
    for what, array in at_hand(sweep):
        if array.size == 1 < edge.step.value.size:
            continue
        if edge.kind == "local" and array.ndim <= len(arriving) and _fits(array, arriving):
            wide = np.broadcast_to(array, arriving)
            yield saving("wrong-operand", edges, partial(_is, array=wide), what, 2)
            yield saving("wrong-operand", edges, partial(_inverse, array=wide), f"1/{what}", 3)
            yield saving("factor-too-many", edges, partial(_times, array=wide), what, 2)
            if ((array > 0.0) & (array < 1.0)).all():
                yield saving(
                    "factor-too-many", edges, partial(_times, array=wide * (1 - wide)), f"{what} * (1 - {what})", 2
                )
        if edge.kind == "product" and edge.saved is not None and array.ndim:
            if array.shape == edge.saved.shape:
                yield saving("wrong-operand", edges, partial(_is, array=array), what, 2)
            if array.ndim > 1 and array.swapaxes(-1, -2).shape == edge.saved.shape:
                yield saving("wrong-operand", edges, partial(_is, array=array.swapaxes(-1, -2)), f"{what}.T", 2)
        if array.shape == arriving:
            yield pulling("wrong-upstream", edges, partial(_from, array=array), what, 2)
    yield from _recomputed(edge, sweep)


def exchanged_in_loop(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield the edges of a loop, each with another variable of its time in place of what it saved."""
    shape = np.shape(edges[0].saved) if edges[0].kind in ("local", "product") else ()
    rule = edges[0].step.op if len(edges[0].step.operands) == 1 and edges[0].step.op in OF_VALUES else ""
    for what, arrays in _variables(edges, sweep) if shape else ():
        fitting = [turned for array in arrays if (turned := _turned(array, shape)) is not None]
        if len(fitting) < len(edges):
            continue
        values = dict(zip(edges, fitting))
        yield saving("wrong-operand", edges, values.__getitem__, what, 2)
        if len(set(map(id, arrays))) > 1:
            earlier = dict(zip(edges, [values[edge] for edge in edges[1:]]))
            yield saving(
                "wrong-operand",
                edges,
                partial(of_another_time, saved=earlier, end=0.0),
                f"{what} of the time before",
                3,
            )
        for k, slope in enumerate(OF_VALUES.get(rule, ())):
            text = f"{what} in its derivative" + ", in one place of two" * (k > 0)
            yield saving("wrong-operand", edges, partial(_of_value, of=slope, values=values), text, 2)


OF_VALUES: dict[str, tuple[Callable[[Array, Array], Array], ...]] = {
    "tanh": (lambda v, w: 1.0 - w * w, lambda v, w: 1.0 - v * w),
    "sigmoid": (lambda v, w: w * (1.0 - w), lambda v, w: v * (1.0 - w), lambda v, w: w * (1.0 - v)),
}
"""Derivatives that are written with the value, with another array in all or some of its places."""


def _of_value(edge: Edge, of: Callable[[Array, Array], Array], values: Mapping[Edge, Array]) -> Array:
    return of(edge.step.value, values[edge])


def _turned(array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return an array in a shape, its last two axes exchanged if need be; None where that does not make it."""
    if array.shape == shape:
        return array
    return array.swapaxes(-1, -2) if array.ndim > 1 and array.swapaxes(-1, -2).shape == shape else None


def _variables(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[tuple[str, list[Array]]]:
    """Yield what has one array for each of some edges: lines that run as often, their operands, what is constant."""
    by_site: dict[object, list[ArrayStep]] = {}
    for step in sweep.steps:
        by_site.setdefault((step.op, step.site) if step.op else step, []).append(step)
    seen: set[tuple[int, ...]] = set()
    for steps in by_site.values():
        several = len(steps) == len(edges)
        for k in range(-1, len(steps[0].operands) if several else 0):
            of_times = [step.operands[k] if k >= 0 else step for step in steps] if several else steps * len(edges)
            if len(of_times) == len(edges) and tuple(map(id, of_times)) not in seen:
                seen.add(tuple(map(id, of_times)))
                last = of_times[0]
                what = label(last) if isinstance(last, ArrayStep) else steps[0].constants.get(k) or "a constant"
                yield what, [value_of(x) for x in of_times]
        for step in steps[:LONGEST_LOOP] if len(steps) == len(edges) > 1 else ():
            yield f"{label(step)} of one time", [step.value] * len(edges)


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
                text, places = f"number {i + 1} and number {j + 1}", dict(zip((*one, *other), (*other, *one)))
                moved = {edge: partial(_put_at_place, of=places[edge]) for edge in places}
                if i < j:
                    yield BackwardAlteration("parts-exchanged", tuple(places), moved, text, 2)
                both = {edge: partial(_put_at_both, of=places[edge]) for edge in one}
                nothing = {edge: partial(_put_at_both, of=None) for edge in other}
                yield BackwardAlteration("part-repeated", tuple(places), both | nothing, text, 2)


PARTS = ("[]", "split", "array_split")
MOST_PARTS = 8  # of one array, that are exchanged in pairs


def _put_at_place(edge: Edge, g: Array, of: Edge) -> Array:
    return edge.pull(g, (edge.saved[0], of.saved[1]))


def _put_at_both(edge: Edge, g: Array, of: Edge | None) -> Array:
    return edge.right(g) + _put_at_place(edge, g, of) if of else np.zeros(edge.parent.value.shape)


def of_leaves(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what stands in place of an argument's whole gradient, but for what is only a part of the way to it."""
    for leaf in sweep.leaves:
        bit = 1 << sweep.place.get(leaf, 0)
        for what, array in at_hand(sweep, but=bit) if leaf.value.size > 2 else ():
            if array.shape == leaf.value.shape:
                yield replaced_by("wrong-gradient", what, sweep.arriving.get(leaf, []), array)


def replaced_by(kind: str, what: str, edges: Sequence[Edge], error: Array) -> BackwardAlteration:
    """Return the alteration of all that comes to a step: the first way brings all of it, the others nothing."""
    pulls: dict[Edge, Pull] = {edge: partial(_handed_on, share=0.0 * error) for edge in edges}
    pulls |= {edge: partial(_handed_on, share=error) for edge in edges[:1]}
    return BackwardAlteration(kind, tuple(edges), pulls, what, 2)


def _handed_on(edge: Edge, g: Array, share: Array) -> Array:
    return share


def taken_elsewhere(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield edges whose other factor was taken from an array by numbers, and is taken at other ones."""
    others = [_other_factor(edge) for edge in edges]
    if not all(other is not None and other.value.shape == np.shape(edge.saved) for edge, other in zip(edges, others)):
        return
    index = others[0].index if others[0] is not None else ()
    numbers = [k for k, part in enumerate(index if isinstance(index, tuple) else (index,)) if isinstance(part, int)]
    for places in [[k] for k in numbers] + ([numbers] if len(numbers) > 1 else []):
        where = f"index {', '.join(map(str, places))}"
        for text, move in (("one late", 1), ("one early", -1), ("reversed", 0)):
            saved = partial(_at_other_index, places=places, move=move)
            yield saving("factor-off-by-one" if move else "factor-rearranged", edges, saved, f"{where} {text}", 2)


def _other_factor(edge: Edge) -> ArrayStep | None:
    """Return the other factor of a product, if it was taken by an index from another array."""
    others = [x for k, x in enumerate(edge.step.operands) if k != edge.operand]
    is_taken = len(others) == 1 and isinstance(others[0], ArrayStep) and others[0].op == "[]"
    return others[0] if is_taken and edge.step.op in ("matmul", "einsum", "multiply") else None


def _at_other_index(edge: Edge, places: Sequence[int], move: int) -> Array:
    other = _other_factor(edge)
    if other is None:
        raise ValueError("the other factor was not taken by an index")
    base, index = value_of(other.operands[0]), list(other.index if isinstance(other.index, tuple) else (other.index,))
    axes = [sum(part is not None for part in index[:k]) for k in places]
    for k, axis in zip(places, axes):
        n = base.shape[axis]
        index[k] = (index[k] + move) % n if move else n - 1 - index[k] % n
    return np.asarray(base[tuple(index)])


def _is(edge: Edge, array: Array) -> Array:
    return array


def _inverse(edge: Edge, array: Array) -> Array:
    return np.asarray(1.0 / array)


def _times(edge: Edge, array: Array) -> Array:
    return np.asarray(edge.saved * array)


def _from(edge: Edge, g: Array, array: Array) -> Array:
    return edge.right(array)


def _fits(array: Array, shape: tuple[int, ...]) -> bool:
    return all(n in (1, m) for n, m in zip(array.shape[::-1], shape[::-1]))


def _recomputed(edge: Edge, sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield elementwise steps whose derivative is computed with another operand or value than they had."""
    step = edge.step
    if step.op not in RULES or RULES[step.op].keeps == ():
        return
    for k, x in enumerate((*step.operands, step)):
        for other in sweep.steps:
            if other.value.shape == np.shape(value_of(x)) and other is not x and other is not step:
                saved = partial(_with_operand, k=k, other=other.value)
                if edge is step.edges[0] and len(step.edges) > 1:
                    yield saving("wrong-operand", tuple(step.edges), saved, label(other), 2)
                yield saving("wrong-operand", (edge,), saved, label(other), 2)


def _with_operand(edge: Edge, k: int, other: Array) -> Array:
    """Return the derivative by the rule itself, with one operand exchanged, or its value."""
    step = edge.step
    arrays = [
        np.broadcast_to(other if j == k else value_of(x), step.value.shape)
        for j, x in enumerate((*step.operands, step))
    ]
    return np.asarray(RULES[step.op].bind(arrays[-1], arrays[:-1])(np.ones(step.value.shape))[edge.operand], float)


def at_hand(sweep: Sweep, but: int = 0) -> list[tuple[str, Array]]:
    """Return the arrays at hand in a backward pass: values, constants, and cotangents but of steps above some."""
    arrays: dict[int, tuple[str, Array]] = {}
    for step in sweep.steps:
        arrays[id(step)] = (label(step), step.value)
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray) and x.size > 1:
                arrays.setdefault(id(x), (step.constants.get(k) or "a constant", x.astype(float)))
    return [
        *arrays.values(),
        *[(f"d{label(step)}", g) for step, g in sweep.cotangents.items() if not sweep.below[step] & but],
    ]
