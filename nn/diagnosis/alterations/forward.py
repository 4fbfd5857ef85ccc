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
from nn.diagnosis.alterations.formulas import label, operand_label
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Change, Sweep
from nn.diagnosis.alterations.variants import Variant, axes_text, rearranged, shifts, some_axes
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
    for key, steps in _lines(sweep).items():
        edges = tuple(steps[0].edges)
        for kind, what, change in _changes(key, steps, sweep):
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
    for leaf in sweep.leaves:
        edges = tuple(sweep.arriving.get(leaf, ()))
        for what, change in _other_arguments(leaf, sweep) if edges else ():
            yield BackwardAlteration("wrong-argument", edges, {}, what, 3, {leaf: change})


def _factors(sweep: Sweep) -> list[list[tuple[ArrayStep, int]]]:
    """Return each factor that several products have, as their operand: one slip leaves it out of all."""
    products: dict[object, list[tuple[ArrayStep, int]]] = {}
    for step in sweep.steps:
        for k, x in enumerate(step.operands if step.op == "multiply" else ()):
            if isinstance(x, ArrayStep) and x.op:
                products.setdefault((x.op, x.value.tobytes()), []).append((step, k))
    return [operands for operands in products.values() if len(dict(operands)) == len(operands) > 1]


def _lines(sweep: Sweep) -> dict[tuple[Any, ...], list[ArrayStep]]:
    """Return the steps that are altered together: of one line, or taken from one array by one index."""
    together: dict[tuple[Any, ...], list[ArrayStep]] = {}
    for step in sweep.steps:
        if step.op and step.edges:
            together.setdefault((step.op, step.site or step), []).append(step)
            if isinstance(step.index, np.ndarray) and step.index.dtype.kind == "i":
                together.setdefault(("index", id(step.index)), []).append(step)
            elif step.op == "repeat":
                together.setdefault(("repeat",), []).append(step)
            if step.op == "[]" and any(isinstance(part, int) for part in _parts(step)):
                together.setdefault(("place", step.site or step), []).append(step)
            if step.op == "[]" and "1:" in step.note.split(", "):
                together.setdefault(("slice", id(step.operands[0]), step.note), []).append(step)
    return together


def _changes(key: tuple[Any, ...], steps: Sequence[ArrayStep], sweep: Sweep) -> Iterator[Named]:
    """Yield what may stand in place of some steps, each with its kind and what is said of it."""
    step = steps[0]
    if key[0] in OF_INDICES:
        kind, others = OF_INDICES[key[0]]
        yield from ((kind, what, partial(_taken_at, index=index)) for what, index in others(step))
        return
    yield from (*_strides(steps), *_other_operands(step), *_other_operations(step), *bracketings(step))
    for other in sweep.steps:
        if other.value.shape == step.value.shape and other is not step and step.name and other.name:
            yield "wrong-value", other.name, partial(_with_value, value=other.value)
    for k, x in enumerate(step.operands if step.op in ("add", "subtract") else ()):
        if isinstance(x, np.ndarray) and x.ndim:
            value = np.broadcast_to(x, step.value.shape)
            yield "wrong-value", operand_label(step, k), partial(_with_value, value=value)


# --- the same function of another argument: a composite's slope at its value, a factor or a sign within -------------

OF_ARGUMENTS = (
    ("2 * {}", "multiply", (2.0,)),
    ("-{}", "negative", ()),
    ("{}**2", "power", (2.0,)),
    ("exp({})", "exp", ()),
)


def _other_arguments(leaf: ArrayStep, sweep: Sweep) -> Iterator[tuple[str, Change]]:
    """Yield a value that is made of an argument, and usual functions of it, in its place."""
    bit = 1 << sweep.place[leaf]
    for step in sweep.steps:
        if step is not leaf and step.value.shape == leaf.value.shape and sweep.below[step] & bit:
            yield label(step), partial(_as_argument, value=step.value)
    for text, rule, numbers in OF_ARGUMENTS:
        yield text.format(leaf.name), partial(_of_argument, rule=rule, numbers=numbers)


def _as_argument(step: ArrayStep, xs: Sequence[Any], value: Array) -> ArrayStep:
    other = primitives.moved("copy", np.copy, (step,))
    other.value = value
    return other


def _of_argument(step: ArrayStep, xs: Sequence[Any], rule: str, numbers: tuple[float, ...]) -> ArrayStep:
    return primitives.elementwise(rule, step, *numbers)


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
    """Yield a function left out or applied twice, eps outside of a root, other axes, a tile for a repeat."""
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
    if step.op in OF_MANY and step.value.size > 1:
        shape = step.operands[0].value.shape
        for axes in some_axes(len(shape)):
            if np.broadcast_shapes(np.ones(shape).sum(axis=axes, keepdims=True).shape, shape) == shape:
                yield "reduced-over-other-axes", axes_text(axes), partial(_over, axes=axes)
    if step.op == "repeat":
        yield "tile-for-repeat", "", _tiled


def _outside(step: ArrayStep, xs: Sequence[Any], k: int) -> ArrayStep:
    below = xs[0]
    return primitives.elementwise("add", step.again(below.operands[1 - k]), below.operands[k])


def _over(step: ArrayStep, xs: Sequence[Any], axes: tuple[int, ...]) -> ArrayStep:
    return _in_shape(step.again(xs[0], axes=axes), step)


def _tiled(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    shape = step.value.shape
    axis = next((k for k, (n, m) in enumerate(zip(xs[0].value.shape, shape)) if n != m), 0)
    times = [m // n if k == axis else 1 for k, (n, m) in enumerate(zip(xs[0].value.shape, shape))]
    return primitives.moved("tile", lambda v: np.tile(v, times), (xs[0],))


# --- another index -------------------------------------------------------------------------------------------------


def _other_indices(step: ArrayStep) -> Iterator[tuple[str, Any]]:
    """Yield the indices beside, or all in turn where each is repeated."""
    n = step.edges[0].parent.value.shape[0]
    yield "one beside", (step.index + 1) % n
    yield "one before", (step.index - 1) % n
    yield "in turn", np.resize(np.unique(step.index), step.index.shape)


def _other_places(step: ArrayStep) -> Iterator[tuple[str, Any]]:
    """Yield the places before and after the ones that numbers take, and those counted from the other end."""
    numbers = [k for k, part in enumerate(_parts(step)) if isinstance(part, int)]
    for places in [[k] for k in numbers] + ([numbers] if len(numbers) > 1 else []):
        where = f"index {', '.join(map(str, places))}"
        for text, move in (("one late", 1), ("one early", -1), ("reversed", 0)):
            yield f"{where} {text}", partial(_elsewhere, places=places, move=move)


def _elsewhere(step: ArrayStep, places: Sequence[int], move: int) -> tuple[Any, ...]:
    index = _parts(step)
    for k in places:
        n = value_of(step.operands[0]).shape[sum(part is not None for part in index[:k])]
        index[k] = (index[k] + move) % n if move else n - 1 - index[k] % n
    return tuple(index)


def _parts(step: ArrayStep) -> list[Any]:
    """Return the parts of an index."""
    return list(step.index) if isinstance(step.index, tuple) else [step.index]


def _other_slices(step: ArrayStep) -> Iterator[tuple[str, Any]]:
    """Yield what stands for `x[1:]`: all of x, or all but another entry."""
    parts = _parts(step)
    axis = next(k for k, part in enumerate(parts) if part == slice(1, None))
    n = step.edges[0].parent.value.shape[axis]
    others = {"all of it": slice(None), "[:-1]": slice(None, -1), "all but the second": np.delete(np.arange(n), 1)}
    for what, index in others.items():
        yield what, (*parts[:axis], index, *parts[axis + 1 :])


OF_INDICES = {
    "index": ("wrong-index", _other_indices),
    "place": ("wrong-index", _other_places),
    "slice": ("slice-exchanged", _other_slices),
}


def _taken_at(step: ArrayStep, xs: Sequence[Any], index: Any) -> ArrayStep:
    there = index(step) if callable(index) else index
    return primitives.moved("[]", lambda v: v[there], (xs[0],))


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
