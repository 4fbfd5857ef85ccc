"""Another function than the author's, differentiated rightly: a term or factor dropped, eps elsewhere, no mask.

A step of the forward pass has another operand, is another operation, or has a value that is another's.

>>> from nn.diagnosis.alterations.alteration import gradients_of
>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.exp(-x).sum(), [("x", np.array([0.0, 1.0]))])
>>> sweep = Sweep(root, leaves)
>>> next(gradients_of((a,), sweep)[0].round(2).tolist() for a in of_functions(sweep) if a.kind == "step-left-out")
[-1.0, -1.0]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations import primitives
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.cases import EXTREMES
from nn.diagnosis.alterations.composites import bracketings
from nn.diagnosis.alterations.edges import without_stride
from nn.diagnosis.alterations.formulas import operand_label
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Change, Sweep
from nn.diagnosis.alterations.variants import Variant, rearranged, shifts
from nn.samples import Array

AS_SAVED = ", as it was saved for the backward pass"
ONE_LESS, ONE_MORE = "one less", "one more"
UNLIKELY = ("wrong-value", "operands-exchanged", "brackets")
OF_MANY = ("sum", *EXTREMES)
Named: TypeAlias = tuple[str, str, Change]
Instead: TypeAlias = Callable[[Sequence[Any], int], Any]


def _filled(number: float) -> Instead:
    return lambda xs, k: np.full(value_of(xs[k]).shape, number)


WITHOUT: dict[str, tuple[str, Instead]] = {
    "add": ("term-dropped", _filled(0.0)),
    "subtract": ("term-dropped", _filled(0.0)),
    "multiply": ("factor-dropped", _filled(1.0)),
    "divide": ("factor-dropped", _filled(1.0)),
    "matmul": ("factor-dropped", lambda xs, k: np.eye(value_of(xs[k]).shape[-1])),
    "maximum": ("factor-dropped", _filled(-np.inf)),
    "minimum": ("factor-dropped", _filled(np.inf)),
    "where": ("mask-left-out", lambda xs, k: xs[3 - k]),
}
"""What it is to leave out an operand of an operation, and what stands in its place then."""


def of_functions(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield other functions: one line of the author's changed, at all times that it runs."""
    statistics = {step: partial(_with_value, value=step.value) for step in sweep.steps if step.op in OF_MANY}
    for steps in _lines(sweep):
        edges = tuple(steps[0].edges)
        for kind, what, change in _changes(steps, sweep):
            rank = 3 if kind in UNLIKELY or what.endswith((ONE_LESS, ONE_MORE)) else 2
            yield BackwardAlteration(kind, edges, {}, what, rank, dict.fromkeys(steps, change))
            if kind != "wrong-value":
                saved = partial(_as_saved, change=change)
                yield BackwardAlteration(kind, edges, {}, what + AS_SAVED, 3, dict.fromkeys(steps, saved))
            if kind in ("mask-left-out", "constant-moved"):
                kept = statistics | dict.fromkeys(steps, change)
                yield BackwardAlteration(kind, edges, {}, f"{what}{AS_SAVED} with sums that are right", 3, kept)
    for operands in _factors(sweep):
        (step, k), edges = operands[0], tuple(edge for step, _ in operands for edge in step.edges)
        changes = {step: partial(_with_operand, k=k, of=_filled(1.0)) for step, k in operands}
        yield BackwardAlteration("factor-dropped", edges, {}, operand_label(step, k), 2, changes)


def _factors(sweep: Sweep) -> list[list[tuple[ArrayStep, int]]]:
    """Return each factor that several products have, as their operand: one slip leaves it out of all."""
    products: dict[object, list[tuple[ArrayStep, int]]] = {}
    for step in sweep.steps:
        for k, x in enumerate(step.operands if step.op == "multiply" else ()):
            if isinstance(x, ArrayStep) and x.op:
                products.setdefault((x.op, x.value.tobytes()), []).append((step, k))
    return [operands for operands in products.values() if len(dict(operands)) == len(operands) > 1]


def _lines(sweep: Sweep) -> list[tuple[ArrayStep, ...]]:
    """Return the steps that are altered together: of one line, all that repeat, and one part of one array."""
    together: dict[object, list[ArrayStep]] = {}
    for step in sweep.steps:
        for key in (
            (step.op, step.site or step),
            step.op == "repeat",
            step.op == "[]" and (step.operands[0], step.note),
        ):
            if step.op and step.edges and key:
                together.setdefault(key, []).append(step)
    return list(dict.fromkeys(map(tuple, together.values())))


def _changes(steps: Sequence[ArrayStep], sweep: Sweep) -> Iterator[Named]:
    """Yield what may stand in place of some steps, each with its kind and what is said of it."""
    step = steps[0]
    yield from (*_strides(steps), *_other_operands(step), *_other_operations(step), *bracketings(step))
    for other in sweep.steps:
        if other.value.shape == step.value.shape and other is not step and step.name and other.name:
            yield "wrong-value", other.name, partial(_with_value, value=other.value)
    for k, x in enumerate(step.operands if step.op in ("add", "subtract") else ()):
        if isinstance(x, np.ndarray) and x.ndim:
            value = np.broadcast_to(x, step.value.shape)
            yield "wrong-value", operand_label(step, k), partial(_with_value, value=value)


# --- the same operation on another operand -------------------------------------------------------------------------


def _other_operands(step: ArrayStep) -> Iterator[Named]:
    """Yield a sum without a term, a product without a factor, a choice that is always the same; another constant."""
    for k, x in enumerate(step.operands):
        if step.op in WITHOUT and (step.op != "where" or k > 0):
            rest = step.operands[(3 if step.op == "where" else 1) - k]
            if isinstance(rest, ArrayStep) or np.shape(rest) == step.value.shape:
                kind, instead = WITHOUT[step.op]
                yield kind, operand_label(step, k), partial(_with_operand, k=k, of=instead)
        if isinstance(x, np.ndarray):
            for what, change in _of_constant(x):
                of = partial(_changed, change=change)
                yield "constant-moved", f"{operand_label(step, k)}: {what}", partial(_with_operand, k=k, of=of)


def _with_operand(step: ArrayStep, xs: Sequence[Any], k: int, of: Instead) -> ArrayStep:
    """Return the step with one operand exchanged for something else of the same shape, made of all of them."""
    operand = of(xs, k)
    if isinstance(xs[k], ArrayStep) and not isinstance(operand, ArrayStep):
        operand = ArrayStep(operand, "constant")
    return _in_shape(step.again(*[operand if j == k else x for j, x in enumerate(xs)]), step)


def _in_shape(other: ArrayStep, step: ArrayStep) -> ArrayStep:
    """Return what stands in place of a step, if it has its shape."""
    if other.value.shape != step.value.shape:
        raise ValueError("the shape would be another")
    return other


def _changed(xs: Sequence[Any], k: int, change: Callable[[Array], Array]) -> Array:
    return change(xs[k].astype(float))


def _of_constant(x: Array) -> Iterator[Variant]:
    """Yield what a constant is mistaken for: an array, a mask among them; a number that counts."""
    if x.size == 1:
        if x == np.rint(x) and abs(x) > 1.0:
            yield from ((ONE_LESS, lambda x: x - 1.0), (ONE_MORE, lambda x: x + 1.0))
        return
    yield from (*shifts(x.shape, end=1.0), *itertools.islice(rearranged(x.shape), 1))
    if x.dtype.kind == "b":
        yield "inverted", lambda x: 1.0 - x
    else:
        yield "averaged", lambda x: np.full(x.shape, x.mean())


# --- another operation ---------------------------------------------------------------------------------------------


def _other_operations(step: ArrayStep) -> Iterator[Named]:
    """Yield a function left out or applied twice, eps outside of a root, a tile for a repeat."""
    if len(step.operands) == 2 and step.op in (*RULES, "matmul"):
        yield "operands-exchanged", "", lambda step, xs: _in_shape(step.again(*xs[::-1]), step)
    if len(step.operands) == 1 and step.op in RULES:
        yield "step-left-out", "", lambda step, xs: primitives.moved("copy", np.copy, (xs[0],))
        if step.op not in ("negative", "absolute"):
            yield "step-twice", "", lambda step, xs: step.again(step.again(*xs))
        below = step.operands[0]
        for k, x in enumerate(below.operands if isinstance(below, ArrayStep) and below.op == "add" else ()):
            if isinstance(x, np.ndarray) and not x.ndim:
                yield "constant-elsewhere", f"{operand_label(below, k)} outside of `{step.op}`", partial(_outside, k=k)
    if step.op == "[]" and "1:" in step.note.split(", "):
        parts = step.index if isinstance(step.index, tuple) else (step.index,)
        whole = tuple(slice(None) if isinstance(part, slice) and part.start == 1 else part for part in parts)
        yield "slice-exchanged", "all of it", lambda step, xs: primitives.moved("[]", lambda v: v[whole], (xs[0],))
    if step.op == "repeat":
        yield "tile-for-repeat", "", _tiled


def _outside(step: ArrayStep, xs: Sequence[Any], k: int) -> ArrayStep:
    below = xs[0]
    return primitives.elementwise("add", step.again(below.operands[1 - k]), below.operands[k])


def _tiled(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    shape = step.value.shape
    axis = next((k for k, (n, m) in enumerate(zip(xs[0].value.shape, shape)) if n != m), 0)
    times = [m // n if k == axis else 1 for k, (n, m) in enumerate(zip(xs[0].value.shape, shape))]
    return primitives.moved("tile", lambda v: np.tile(v, times), (xs[0],))


# --- windows ---------------------------------------------------------------------------------------------------------


def _strides(steps: Sequence[ArrayStep]) -> Iterator[Named]:
    """Yield windows of a loop that are taken where they would be with a stride of 1."""
    stride, moved = without_stride([step.edges[0] for step in steps]) if steps[0].op == "[]" else (1, {})
    if stride > 1:
        yield "stride-missing", str(stride), partial(_moved, by=moved)


def _moved(step: ArrayStep, xs: Sequence[Any], by: Mapping[Edge, Array]) -> ArrayStep:
    back = by[step.edges[0]]
    return step.again(primitives.moved("roll", lambda v: np.roll(v, -back, tuple(range(len(back)))), (xs[0],)))


# --- another value, on the same path -------------------------------------------------------------------------------


def _with_value(step: ArrayStep, xs: Sequence[Any], value: Array) -> ArrayStep:
    """Return the step with another value, but with its own derivative: what was saved is wrong, not the path."""
    again = step.again(*xs)
    again.value = value
    return again


def _as_saved(step: ArrayStep, xs: Sequence[Any], change: Change) -> ArrayStep:
    return _with_value(step, xs, change(step, xs).value)
