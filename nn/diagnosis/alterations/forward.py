"""Another function than the author's, differentiated rightly: a term or factor dropped, eps elsewhere, no mask.

>>> from nn.diagnosis.alterations.alteration import gradients_of
>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.exp(-x).sum(), [("x", np.array([0.0, 1.0]))])
>>> sweep = Sweep(root, leaves)
>>> next(gradients_of((a,), sweep)[0].round(2).tolist() for a in of_functions(sweep) if a.kind == "step-left-out")
[-1.0, -1.0]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations import primitives
from nn.diagnosis.alterations.alteration import BackwardAlteration
from nn.diagnosis.alterations.edges import without_stride
from nn.diagnosis.alterations.formulas import label, operand
from nn.diagnosis.alterations.step import ArrayStep, value_of
from nn.diagnosis.alterations.sweep import Change, Sweep
from nn.diagnosis.alterations.variants import exchanged_axes, variant
from nn.samples import Array

AS_SAVED = ", as it was saved for the backward pass"
OF_MANY = ("sum", "max", "amax", "min", "amin")
Named: TypeAlias = tuple[str, str, Change, int]


def of_functions(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield other functions: one line of the author's changed, at all times that it runs."""
    together: dict[object, list[ArrayStep]] = {}
    for step in sweep.steps:
        if step.op and step.edges:
            together.setdefault((step.op, step.site or step), []).append(step)
            if isinstance(step.index, np.ndarray) and step.index.dtype.kind == "i":
                together.setdefault(("index", id(step.index)), []).append(step)
            elif step.op == "[]" and "1:" in step.note.split(", "):
                together.setdefault(("slice", id(step.operands[0]), step.note), []).append(step)
    statistics = {step: _kept for step in sweep.steps if step.op in OF_MANY}
    for key, steps in together.items():
        of = {"index": _indices, "slice": _slices}.get(key[0]) if isinstance(key, tuple) else None
        changes = [*_strides(steps), *_changes(steps[0], sweep)] if of is None else of(steps[0])
        for kind, what, change, rank in changes:
            edges = tuple(steps[0].edges)
            yield BackwardAlteration(kind, edges, {}, what, rank, dict.fromkeys(steps, change))
            if rank == 2:
                saved = partial(_with_the_same_edges, change=change)
                yield BackwardAlteration(kind, edges, {}, what + AS_SAVED, rank + 1, dict.fromkeys(steps, saved))
            if kind in ("mask-left-out", "constant-moved"):
                kept = statistics | dict.fromkeys(steps, change)
                yield BackwardAlteration(kind, edges, {}, f"{what}{AS_SAVED} with sums that are right", rank + 1, kept)


def _indices(step: ArrayStep) -> Iterator[Named]:
    """Yield a step that takes its elements at other indices: one beside, or all in turn where each is repeated."""
    n = step.edges[0].parent.value.shape[0]
    others = {"one beside": (step.index + 1) % n, "one before": (step.index - 1) % n}
    for what, index in (others | {"in turn": np.resize(np.unique(step.index), step.index.shape)}).items():
        yield "wrong-index", what, partial(_taken_at, index=index), 2


def _kept(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    """Return the step with the value that it had: a sum that was saved, of terms that are computed once more."""
    again = step.again(*xs)
    again.value = step.value
    return again


def _strides(steps: Sequence[ArrayStep]) -> Iterator[Named]:
    """Yield windows of a loop that are taken where they would be with a stride of 1."""
    if steps[0].op == "[]":
        stride, moved = without_stride([step.edges[0] for step in steps])
        if stride > 1:
            yield "stride-missing", str(stride), partial(_moved, by={e.step: by for e, by in moved.items()}), 2


def _moved(step: ArrayStep, xs: Sequence[Any], by: Mapping[ArrayStep, Array]) -> ArrayStep:
    axes = tuple(range(len(by[step])))
    return step.again(primitives.moved("roll", lambda v: np.roll(v, -by[step], axes), (xs[0],)))


def _slices(step: ArrayStep) -> Iterator[Named]:
    """Yield what stands for `x[1:]`: all of x, or all but another entry."""
    parts = step.index if isinstance(step.index, tuple) else (step.index,)
    axis = next(k for k, part in enumerate(parts) if part == slice(1, None))
    n = step.edges[0].parent.value.shape[axis]
    others = {"all of it": slice(None), "[:-1]": slice(None, -1), "all but the second": np.delete(np.arange(n), 1)}
    for what, index in others.items():
        yield "slice-exchanged", what, partial(_taken_at, index=(*parts[:axis], index, *parts[axis + 1 :])), 2


def _taken_at(step: ArrayStep, xs: Sequence[Any], index: Any) -> ArrayStep:
    return primitives.moved("[]", lambda v: v[index], (xs[0],))


def _changes(step: ArrayStep, sweep: Sweep) -> Iterator[Named]:
    """Yield what may stand in place of a step, each with its kind and what is said of it."""
    if step.op in ("add", "subtract", "multiply", "divide", "where", "matmul", "maximum", "minimum"):
        yield from _without_an_operand(step)
    if len(step.operands) == 1 and step.op in RULES:
        yield "step-left-out", "", lambda step, xs: _as_step(xs[0]), 2
        if step.op not in ("negative", "absolute"):
            yield "step-twice", "", lambda step, xs: step.again(step.again(*xs)), 2
        yield from _constant_elsewhere(step)
    for k, x in enumerate(step.operands):
        if isinstance(x, np.ndarray) and x.ndim and x.size > 1:
            for what, _ in _of_constant(x):
                yield "constant-moved", f"{_name(step, k)}: {what}", partial(_with_constant, k=k, what=what), 2
    if step.op in ("sum", "max", "amax", "min", "amin"):
        yield from _other_axes(step)
    if step.op == "repeat":
        yield "tile-for-repeat", "", _tiled, 2
    for other in sweep.steps:
        if other.value.shape == step.value.shape and other is not step and step.name and other.name:
            yield "wrong-value", other.name, partial(_is_another, other=other), 3


def _name(step: ArrayStep, k: int) -> str:
    text = operand(step, k, 2)
    return str(text.leaf) if text.leaf is not None else "an operand"


def _as_step(x: Any) -> ArrayStep:
    """Return an operand as a step of its own."""
    if isinstance(x, ArrayStep):
        return primitives.moved("copy", np.copy, (x,))
    return ArrayStep(value_of(x), "constant")


def _without_an_operand(step: ArrayStep) -> Iterator[Named]:
    """Yield a sum without a term, a product without a factor, a choice that is always the same."""
    first = 1 if step.op == "where" else 0
    kind = {"where": "mask-left-out", "add": "term-dropped", "subtract": "term-dropped"}.get(step.op, "factor-dropped")
    for k in range(first, len(step.operands)):
        kept = step.operands[3 - k if step.op == "where" else 1 - k]
        if np.shape(value_of(kept)) == step.value.shape or isinstance(kept, ArrayStep):
            yield kind, label_of(step, k), partial(_only, k=k, first=first), 2


def label_of(step: ArrayStep, k: int) -> str:
    """Return what an operand is called."""
    x = step.operands[k]
    return label(x) if isinstance(x, ArrayStep) else _name(step, k)


def _only(step: ArrayStep, xs: Sequence[Any], k: int, first: int) -> ArrayStep:
    kept = xs[3 - k if first else 1 - k]
    if step.op == "subtract" and k == 0:
        kept = primitives.elementwise("negative", _as_step(kept))
    if step.op == "divide" and k == 0:
        kept = primitives.elementwise("divide", 1.0, _as_step(kept))
    if value_of(kept).shape == step.value.shape:
        return _as_step(kept)
    return primitives.moved("broadcast", lambda v: np.broadcast_to(v, step.value.shape), (_as_step(kept),))


def _constant_elsewhere(step: ArrayStep) -> Iterator[Named]:
    """Yield f(x) + c where f(x + c) stands: eps outside of the root."""
    (x,) = step.operands
    if isinstance(x, ArrayStep) and x.op == "add":
        for k in (0, 1):
            if isinstance(x.operands[k], np.ndarray) and not x.operands[k].ndim:
                yield "constant-elsewhere", f"{label_of(x, k)} outside of `{step.op}`", partial(_outside, k=k), 2


def _outside(step: ArrayStep, xs: Sequence[Any], k: int) -> ArrayStep:
    x = xs[0]
    return primitives.elementwise("add", step.again(x.operands[1 - k]), x.operands[k])


def _of_constant(x: Array) -> Iterator[tuple[str, Array]]:
    """Yield what a constant array, a mask among them, is mistaken for."""
    numbers = x.astype(float)
    for axis, n in enumerate(x.shape):
        if n > 1:
            filled = np.roll(numbers, 1, axis), np.roll(numbers, -1, axis)
            for what, moved, end in zip(("one late", "one early"), filled, (0, -1)):
                place = (slice(None),) * axis + (end,)
                moved[place] = numbers[place]
                yield f"{what}{f' along axis {axis}' if x.ndim > 1 else ''}", moved
    yield from itertools.islice(exchanged_axes(numbers), 1)
    if x.dtype.kind == "b":
        yield "inverted", 1.0 - numbers
    else:
        yield "averaged", np.full_like(numbers, numbers.mean())


def _with_constant(step: ArrayStep, xs: Sequence[Any], k: int, what: str) -> ArrayStep:
    other = variant(_of_constant, step.operands[k], what)
    return step.again(*[other if j == k else x for j, x in enumerate(xs)])


def _other_axes(step: ArrayStep) -> Iterator[Named]:
    """Yield a reduction over other axes that leaves the shape."""
    shape = step.operands[0].value.shape
    for count in range(1, len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            kept = np.ones(shape).sum(axis=axes, keepdims=True).shape
            if step.value.size > 1 and np.broadcast_shapes(kept, shape) == shape:
                yield "reduced-over-other-axes", f"axis {', '.join(map(str, axes))}", partial(_over, axes=axes), 2


def _over(step: ArrayStep, xs: Sequence[Any], axes: tuple[int, ...]) -> ArrayStep:
    other = step.again(xs[0], axes=axes)
    if other.value.shape == step.value.shape:
        return other
    raise ValueError("the shape would be another")


def _tiled(step: ArrayStep, xs: Sequence[Any]) -> ArrayStep:
    shape = step.value.shape
    axis = next((k for k, (n, m) in enumerate(zip(xs[0].value.shape, shape)) if n != m), 0)
    times = [m // n if k == axis else 1 for k, (n, m) in enumerate(zip(xs[0].value.shape, shape))]
    return primitives.moved("tile", lambda v: np.tile(v, times), (xs[0],))


def _is_another(step: ArrayStep, xs: Sequence[Any], other: ArrayStep) -> ArrayStep:
    return _with_the_same_edges(step, xs, lambda step, xs: ArrayStep(other.value, "constant"))


def _with_the_same_edges(step: ArrayStep, xs: Sequence[Any], change: Change) -> ArrayStep:
    """Return the step with another value, but with its own derivative: what was saved is wrong, not the path."""
    right = step.again(*xs)
    right.value = change(step, xs).value
    return right
