"""The operations that a recorded function is made of: elementwise rules, products, sums, extremes, and moves.

>>> x = ArrayStep([[1.0, 2.0], [3.0, 4.0]], name="x")
>>> total = summed(elementwise("multiply", x, 2.0), (0, 1), False)
>>> [edge.right(np.ones(()))[0].tolist() for edge in total.edges]
[[1.0, 1.0]]
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.samples import Array

FIRST = 2.0**50  # of the numbers by which a move is followed: beyond any constant that is moved along


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum over the axes along which an array of this shape was repeated."""
    if g.shape == shape:
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    repeated = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
    return g.sum(axis=repeated, keepdims=True) if repeated else g


def elementwise(rule: str, *operands: Any) -> ArrayStep:
    """Apply a rule to operands that broadcast."""
    values = [value_of(x) for x in operands]
    step = ArrayStep(RULES[rule].array(*values), rule, operands)
    shape = step.value.shape
    slopes = RULES[rule].bind(step.value, [np.broadcast_to(x, shape) for x in values])(np.ones(shape))
    edges = [_local(step, k, np.broadcast_to(np.asarray(slopes[k], float), shape)) for k in _steps(operands)]
    return step.linked(partial(elementwise, rule), *edges)


def of_sigmoid(one: Any, below: Any) -> ArrayStep | None:
    """Return z of a quotient 1 / (1 + exp(-z)), if it is one."""
    step = below if isinstance(below, ArrayStep) and np.ndim(one) == 0 and one == 1.0 else None
    for op, number in (("add", 1.0), ("exp", None), ("negative", None)):
        if step is None or step.op != op:
            return None
        if number is not None and not any(isinstance(x, np.ndarray) and np.all(x == number) for x in step.operands):
            return None
        step = next((x for x in step.operands if isinstance(x, ArrayStep)), None)
    return step


def _steps(operands: Any) -> list[int]:
    return [k for k, x in enumerate(operands) if isinstance(x, ArrayStep)]


def _local(step: ArrayStep, k: int, slope: Array) -> Edge:
    shape = step.operands[k].value.shape
    return Edge(step, k, lambda g, saved: unbroadcast(g * saved, shape), lambda t, saved: t * saved, slope, "local")


def chosen(condition: Any, x: Any, y: Any) -> ArrayStep:
    """Choose `x` where a condition holds, else `y`."""
    holds = value_of(condition) != 0.0
    step = ArrayStep(np.where(holds, value_of(x), value_of(y)), "where", (condition, x, y))
    masks = [np.broadcast_to(mask, step.value.shape).astype(float) for mask in (holds, ~holds)]
    return step.linked(chosen, *[_local(step, k, masks[k - 1]) for k in _steps((None, x, y))])


def product(a: Any, b: Any) -> ArrayStep:
    """Multiply matrices, stacks of them, and vectors."""
    A, B = value_of(a), value_of(b)
    step = ArrayStep(A @ B, "matmul", (a, b))

    def left(g: Array, B: Array) -> Array:
        g, B = _as_matrix(g, A.ndim == 1, B.ndim == 1), B[:, None] if B.ndim == 1 else B
        return unbroadcast(g @ B.swapaxes(-1, -2), np.shape(np.atleast_2d(A))).reshape(A.shape)

    def right(g: Array, A: Array) -> Array:
        g, A = _as_matrix(g, A.ndim == 1, B.ndim == 1), np.atleast_2d(A)
        return unbroadcast(A.swapaxes(-1, -2) @ g, np.shape(B[:, None] if B.ndim == 1 else B)).reshape(B.shape)

    pushes = lambda t, B: t @ B, lambda t, A: A @ t
    edges = [Edge(step, k, (left, right)[k], pushes[k], (B, A)[k], "product") for k in _steps((a, b))]
    return step.linked(product, *edges)


def _as_matrix(g: Array, row: bool, column: bool) -> Array:
    g = g[..., None, :] if row and not column else g
    return g[..., None] if column and not row else g.reshape(1, 1) if row and column else g


def contracted(subscripts: str, *operands: Any) -> ArrayStep:
    """Sum products as `numpy.einsum` does, by explicit subscripts; none is repeated in one operand."""
    inputs, output = subscripts.replace(" ", "").split("->")
    letters = inputs.split(",")
    values = [value_of(x) for x in operands]
    step = ArrayStep(np.einsum(subscripts, *values), "einsum", operands)

    def edge(k: int) -> Edge:
        others = [(letters[j], values[j]) for j in range(len(values)) if j != k]
        present = "".join(c for c in letters[k] if c in output or any(c in names for names, _ in others))
        text = ",".join([output, *[names for names, _ in others]]) + "->" + present
        shape = tuple(n if c in present else 1 for c, n in zip(letters[k], values[k].shape))

        def pull(g: Array, saved: Any) -> Array:
            factors = [saved] if len(others) == 1 else [x for _, x in others]
            return np.broadcast_to(np.einsum(text, g, *factors).reshape(shape), values[k].shape)

        def push(t: Array, saved: Any) -> Array:
            factors = [saved if len(others) == 1 else x for x in values]
            return np.asarray(np.einsum(subscripts, *[t if j == k else x for j, x in enumerate(factors)]))

        return Edge(step, k, pull, push, others[0][1] if len(others) == 1 else None, "product")

    return step.linked(partial(contracted, subscripts), *[edge(k) for k in _steps(operands)])


def summed(x: ArrayStep, axes: tuple[int, ...], keepdims: bool) -> ArrayStep:
    """Sum over axes."""
    shape = x.value.shape
    step = ArrayStep(x.value.sum(axis=axes, keepdims=keepdims), "sum", (x,))
    kept = tuple(1 if k in axes else n for k, n in enumerate(shape))
    edge = Edge(
        step, 0, lambda g, saved: np.broadcast_to(g.reshape(kept), shape),
        lambda t, saved: np.sum(t, axis=axes, keepdims=keepdims), None, "sum",
    )  # fmt: skip
    return step.linked(partial(summed, axes=axes, keepdims=keepdims), edge)


def extreme(function: Callable[..., Any], x: ArrayStep, axes: tuple[int, ...], keepdims: bool) -> ArrayStep:
    """Take the largest or the smallest over axes; those that are as large share the cotangent."""
    among = function(x.value, axis=axes, keepdims=True)
    hit = x.value == among
    step = ArrayStep(function(x.value, axis=axes, keepdims=keepdims), function.__name__, (x,))
    share = hit / hit.sum(axis=axes, keepdims=True)
    edge = Edge(
        step, 0, lambda g, saved: np.reshape(g, among.shape) * saved,
        lambda t, saved: np.sum(t * saved, axis=axes, keepdims=keepdims), share, "product",
    )  # fmt: skip
    return step.linked(partial(extreme, function, axes=axes, keepdims=keepdims), edge)


def moved(name: str, move: Callable[..., Any], operands: tuple[Any, ...]) -> ArrayStep:
    """Put elements in other places: what a function that computes nothing does with arrays."""
    values = [value_of(x) for x in operands]
    step = ArrayStep(move(*values), name, operands)
    marks, first = [], FIRST
    for x in values:
        marks.append(first + numbered(x))
        first += x.size
    origins = np.asarray(move(*marks)).ravel() - FIRST
    edges, start = [], 0
    for k, x in enumerate(values):
        if isinstance(operands[k], ArrayStep):
            edges.append(_moving(step, k, origins - start))
        start += x.size
    return step.linked(lambda *xs: moved(name, move, xs), *edges)


def numbered(x: Array) -> Array:
    """Return an array with the memory's layout of another, whose numbers are their places in order."""
    places = np.empty_like(x, dtype=int, subok=False)
    places[...] = np.arange(x.size).reshape(x.shape)
    return places


def scattered(places: Array, shape: tuple[int, ...], x: Any) -> ArrayStep:
    """Add numbers at places of an array of zeros, as often as they come."""
    value = np.bincount(places.ravel(), value_of(x).ravel(), math.prod(shape)).reshape(shape)
    step = ArrayStep(value, "add.at", (x,))
    edges = [_between(step, 0, places.ravel(), np.arange(places.size)) for _ in _steps((x,))]
    return step.linked(partial(scattered, places, shape), *edges)


def explicit(subscripts: str, operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the subscripts of `numpy.einsum` with an output, without an ellipsis and without a letter twice in one."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        output = "".join(sorted(c for c in set(inputs) - {",", "."} if inputs.count(c) == 1))
        output = "..." + output if "..." in inputs else output
    letters, unused = inputs.split(","), [c for c in string.ascii_letters if c not in subscripts]
    beside = [np.ndim(x) - len(text) + 3 if "..." in text else 0 for text, x in zip(letters, operands)]
    dots = "".join(unused[: max(beside)])
    letters = [text.replace("...", dots[len(dots) - n :]) for text, n in zip(letters, beside)]
    several = list(operands)
    for k in range(len(letters)):
        while twice := next((c for c in letters[k] if letters[k].count(c) > 1), ""):
            first, second = (j for j, c in itertools.islice(filter(lambda p: p[1] == twice, enumerate(letters[k])), 2))
            several[k] = np.diagonal(several[k], 0, first, second)
            letters[k] = "".join(c for j, c in enumerate(letters[k]) if j not in (first, second)) + twice
    return ",".join(letters) + "->" + output.replace("...", dots), several


def _moving(step: ArrayStep, k: int, origins: Array) -> Edge:
    size = step.operands[k].value.size
    taken = np.flatnonzero((origins >= 0) & (origins < size))
    return _between(step, k, taken, origins[taken].astype(int))


def _between(step: ArrayStep, k: int, places: Array, origins: Array) -> Edge:
    """Return the edge of a move; `saved` are the places that were taken, and where they came from."""
    shape, size = step.operands[k].value.shape, step.operands[k].value.size

    def pull(g: Array, saved: Any) -> Array:
        share: Array = np.bincount(saved[1], np.ravel(g)[saved[0]], size).reshape(shape)
        return share

    def push(t: Array, saved: Any) -> Array:
        change: Array = np.bincount(saved[0], np.ravel(t)[saved[1]], step.value.size).reshape(step.value.shape)
        return change

    return Edge(step, k, pull, push, (places, origins), "move")
