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

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration, pulling, saving
from nn.diagnosis.alterations.edges import of_another_time
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Sweep
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
            elif array.T.shape == edge.saved.shape:
                yield saving("wrong-operand", edges, partial(_is, array=array.T), f"{what}.T", 2)
        if array.shape == arriving:
            yield pulling("wrong-upstream", edges, partial(_from, array=array), what, 2)
    yield from _recomputed(edge, sweep)


def exchanged_in_loop(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield the edges of a loop, each with another variable of its time in place of what it saved."""
    by_site: dict[object, list[ArrayStep]] = {}
    for step in sweep.steps:
        by_site.setdefault((step.op, step.site), []).append(step)
    shape = np.shape(edges[0].saved) if edges[0].kind in ("local", "product") else ()
    for steps in by_site.values():
        if shape and len(steps) == len(edges) and all(step.value.shape == shape for step in steps):
            values = {edge: step.value for edge, step in zip(edges, steps)}
            yield saving("wrong-operand", edges, values.__getitem__, label(steps[0]), 2)
            ends = partial(of_another_time, saved=dict(zip(edges, [step.value for step in steps[1:]])), end=0.0)
            yield saving("wrong-operand", edges, ends, f"{label(steps[0])} of the time before", 3)


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


def at_hand(sweep: Sweep) -> list[tuple[str, Array]]:
    """Return the arrays that are at hand in a backward pass: values, cotangents and constants."""
    arrays: dict[int, tuple[str, Array]] = {}
    for step in sweep.steps:
        arrays[id(step)] = (label(step), step.value)
        for k, x in enumerate(step.operands):
            if isinstance(x, np.ndarray) and x.size > 1:
                arrays.setdefault(id(x), (step.constants.get(k) or "a constant", x.astype(float)))
    return [*arrays.values(), *[(f"d{label(step)}", g) for step, g in sweep.cotangents.items() if step.op]]
