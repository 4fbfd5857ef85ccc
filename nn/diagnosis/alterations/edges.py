"""What people write in place of the edges of a backward pass: the alterations, the simplest first.

An edge hands on what arrives by what it has saved: its local derivative, the other factor, or where elements come from.
Tables say what stands in place of that; what arrives and what is handed on are moved, turned, or wrong at one place.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: np.tanh(x).sum(), [("x", np.array([1.0, 2.0]))])
>>> sweep = Sweep(root, leaves)
>>> [a.kind for a in of_edges((sweep.edges[-1],), sweep) if a.rank == 1][:3]
['slope-missing', 'value-for-slope', 'operand-for-slope']
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import (
    BackwardAlteration,
    of_arriving,
    of_saved,
    of_share,
    pulling,
    saving,
    scaled,
)
from nn.diagnosis.alterations.cases import Substitute, derivative_at, substitutes
from nn.diagnosis.alterations.formulas import is_clip
from nn.diagnosis.alterations.groups import weighs
from nn.diagnosis.alterations.primitives import unbroadcast
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.variants import (
    axes_text,
    gathered,
    only_at,
    place,
    products_of,
    rearranged,
    shifts,
    single_places,
    some_axes,
    times_at,
)
from nn.samples import Array

OF_THE_RESULT = "of the result"
OF_A_VECTOR = "of a vector"
TIMES_IT = "and multiplied with it"
SCALES = ((0.0, "path-missing"), (-1.0, "sign"), (2.0, "doubled"), (0.5, "halved"))
THE_FIRST, AGAIN = "the first", "again"
ENDS = (("first", 0), ("last", -1))


JOINS = ("stack", "concatenate", "hstack", "vstack", "column_stack", "dstack")


def of_edges(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what may stand in place of some edges of one kind."""
    for factor, kind in SCALES:
        yield scaled(edges, factor, kind)
    if any((sweep.cotangents[edge.step] != 1.0).any() for edge in edges):
        yield of_arriving("upstream-missing", edges, np.ones_like)
    yield from {"local": _local, "product": _product, "move": _move, "sum": _sum}[edges[0].kind](edges, sweep)
    yield from (*_slices(edges), *_results(edges, sweep))


def of_cases(edges: tuple[Edge, ...], cases: Iterable[Substitute]) -> Iterator[BackwardAlteration]:
    """Yield edges with something else in place of what they have saved."""
    return (saving(kind, edges, saved, what, rank) for kind, what, rank, saved in cases)


# --- elementwise ---------------------------------------------------------------------------------------------------


def _local(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield elementwise edges with another local derivative."""
    of_one = len(edges[0].step.operands) == 1
    if not of_one and edges[0].step.op not in ("add", "subtract"):
        kind, what = ("upstream-missing", OF_THE_RESULT) if weighs(edges[0], sweep) else ("factor-missing", "")
        if all(np.ptp(edge.saved) == 0.0 for edge in edges):
            yield of_saved(kind, edges, np.ones_like, what, rank=0)
            yield of_saved("factor-exchanged", edges, np.ones_like)
        elif not np.array_equal(np.unique(edges[0].saved), (0.0, 1.0)):  # which are masks, left out below
            yield of_saved(kind, edges, np.ones_like, what)
    yield from of_cases(edges, substitutes(edges[0]))
    if of_one:
        yield pulling("parenthesis", edges, lambda e, g: unbroadcast(g - (1.0 - e.saved), e.parent.value.shape))
        yield from _at_gradient(edges) if edges[0].step.op in RULES else ()
    if any((g > 0).any() and (g < 0).any() for g in (sweep.cotangents[edge.step] for edge in edges)):
        yield pulling("mask-of-error", edges, lambda e, g: e.pull(g, (g > 0).astype(float)))
        yield pulling("mask-of-error", edges, lambda e, g: e.pull(g, e.saved * (g > 0)), "", 2)
    if all(_is_square_of_a_vector(edge) for edge in edges):
        yield of_saved("factor-transposed", edges, np.transpose, OF_A_VECTOR)
    yield from (*_axes(edges), *in_time("factor-off-by-one", edges))
    yield from _products(edges, sweep, "elementwise-for-product")


def _is_square_of_a_vector(edge: Edge) -> bool:
    """Whether its factor is a vector that was repeated, as often as it is long."""
    factors = [np.squeeze(value_of(x)) for k, x in enumerate(edge.step.operands) if k != edge.operand]
    shape = np.shape(edge.saved)
    return len(shape) == 2 and shape[0] == shape[1] > 1 and [x.ndim for x in factors] == [1]


def _at_gradient(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield the derivative of a function of one number, taken at what arrives."""
    yield pulling("slope-at-gradient", edges, lambda e, g: derivative_at(e.step.op, g), "", 2)
    yield pulling("slope-at-gradient", edges, lambda e, g: g * derivative_at(e.step.op, g), TIMES_IT, 2)


def _axes(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield what people sum over in place of the axes along which an operand was repeated."""
    shape, whole = edges[0].parent.value.shape, edges[0].step.value.shape
    size = edges[0].parent.value.size
    if size == edges[0].step.value.size or len(whole) > 4:
        return
    for axes in some_axes(len(whole)):
        if np.prod([n for k, n in enumerate(whole) if k not in axes], dtype=int) == size:
            for kind, take in REDUCTIONS:
                yield pulling(kind, edges, partial(_taken, take=take, axes=axes, shape=shape), axes_text(axes), 0)


def _at(x: Array, axis: tuple[int, ...], number: int) -> Array:
    return x[tuple(number if k in axis else slice(None) for k in range(x.ndim))]


REDUCTIONS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("wrong-axis", np.sum),
    ("mean-for-sum", np.mean),
    ("slice", partial(_at, number=0)),
    ("slice", partial(_at, number=-1)),
)


def _taken(edge: Edge, g: Array, take: Callable[..., Any], axes: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    share: Array = take(g * edge.saved, axis=axes)
    return share.reshape(shape)


# --- products, sums, moves -----------------------------------------------------------------------------------------


def _product(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what people write for the other factor of a product."""
    edge = edges[0]
    if edge.saved is None:
        return
    yield from of_cases(edges, substitutes(edge))
    for what, change in rearranged(np.shape(edge.saved)):
        kind, rank = ("factor-transposed", 1) if "exchanged" in what else ("factor-rearranged", 2)
        yield of_saved(kind, edges, change, what, rank)
    for what, change in shifts(np.shape(edge.saved)):
        yield of_saved("factor-off-by-one", edges, change, what, 2)
    if all(sweep.cotangents[edge.step].shape == edge.parent.value.shape for edge in edges):
        yield pulling("factor-missing", edges, lambda edge, g: g)
    yield from (*in_time("factor-off-by-one", edges), *_products(edges, sweep, "order-of-product"))


def in_time(kind: str, edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield the edges of a loop, the last time first, each with what the one before or after it saved."""
    if len(edges) < 2 or len({np.shape(edge.saved) for edge in edges}) > 1:
        return
    for text, order in (("of the time after", edges), ("of the time before", edges[::-1])):
        ends = {"": order[0].saved, ", none at the end": _nothing(order[0]), ", the other end's there": order[-1].saved}
        for what, end in ends.items():
            saved = {order[0]: end} | {edge: other.saved for edge, other in zip(order[1:], order)}
            yield saving(kind, edges, saved.__getitem__, f"{text}{what}", 2)


def _nothing(edge: Edge) -> Any:
    """Return what an edge would have to save to hand on nothing."""
    return 0.0 * edge.saved if isinstance(edge.saved, np.ndarray) else tuple(places[:0] for places in edge.saved)


def _products(edges: tuple[Edge, ...], sweep: Sweep, kind: str) -> Iterator[BackwardAlteration]:
    """Yield other products of the same two arrays."""
    edge = edges[0]
    shapes = sweep.cotangents[edge.step].shape, np.shape(edge.saved), edge.parent.value.shape
    for what, product in products_of(*shapes):
        yield pulling(kind, edges, partial(_multiplied, product=product), what, 2)


def _multiplied(edge: Edge, g: Array, product: Callable[[Array, Array], Array]) -> Array:
    return product(g, edge.saved)


def _sum(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield a sum whose cotangent is not repeated: only the first or the last of what was summed has it."""
    shape = edges[0].parent.value.shape
    axis = next((k for k, n in enumerate(edges[0].step.value.shape) if n != shape[k]), 0)
    for text, number in ENDS:
        yield of_share("slice", edges, partial(only_at, where=place(axis, number)), f"the {text} alone", 2)


def _move(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield moves that are undone in another way: assigned where several come back to one place, or reshaped."""
    if any(len(np.unique(edge.saved[1])) < len(edge.saved[1]) for edge in edges):
        yield pulling("overwritten", edges, _assigned)
        yield pulling("overwritten", edges, _first, THE_FIRST)
        yield pulling("mean-for-sum", edges, _averaged, "of what comes to each place", 1)
    if edges[0].step.value.size == edges[0].parent.value.size:
        yield pulling("reshaped", edges, lambda e, g: g.reshape(e.parent.value.shape))
        yield pulling("reshaped", edges, _moved_again, AGAIN)
        yield pulling("reshaped", edges, lambda e, g: g.T.reshape(e.parent.value.shape), "transposed", 2)
        yield pulling("reshaped", edges, lambda e, g: g.reshape(e.parent.value.shape, order="F"), "columns first", 2)
    if all(_is_wider(edge.parent.value.shape, edge.step.value.shape) for edge in edges):
        yield pulling("spread", edges, lambda e, g: np.broadcast_to(g, e.parent.value.shape))
    if edges[0].step.op == "pad":
        yield pulling("padding-counted", edges, lambda e, g: g[tuple(map(slice, e.parent.value.shape))])
    yield from in_time("off-by-one", edges)
    stride, back = without_stride(edges)
    if stride > 1:
        yield pulling("stride-missing", edges, partial(_put_at, to=back), str(stride), 1)


def _is_wider(whole: tuple[int, ...], part: tuple[int, ...]) -> bool:
    """Whether NumPy repeats a part of an array to the shape of all of it."""
    return len(part) <= len(whole) and whole != part and all(n in (1, m) for n, m in zip(part[::-1], whole[::-1]))


def of_joined(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield several arrays that are joined to one, each with the gradient of the one before or after it."""
    for step in sweep.steps:
        edges = tuple(edge for edge in step.edges[::-1] if edge.kind == "move" and edge.step.op in JOINS)
        yield from in_time("off-by-one", edges)


def of_choices(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield choices that are made by the sign of the value, and `clip`, two extremes in one, without both masks."""
    for step in sweep.steps:
        if step.op == "where" and step.edges:
            for what, holds in (("> 0", step.value > 0.0), ("< 0", step.value < 0.0)):
                masks = {e: (holds if e.operand == 1 else ~holds).astype(float) for e in step.edges}
                yield saving("mask-of-value", tuple(step.edges), masks.__getitem__, what, -1)
        inside = step.operands[0] if is_clip(step) else None
        if isinstance(inside, ArrayStep):
            both = of_saved("mask-missing", (*step.edges, *inside.edges), np.ones_like)
            yield BackwardAlteration("mask-missing", tuple(step.edges), both.pulls, rank=0)


def _moved_again(edge: Edge, g: Array) -> Array:
    share = np.zeros(g.size)
    share[edge.saved[0]] = np.ravel(g)[edge.saved[1]]
    return share.reshape(edge.parent.value.shape)


def _first(edge: Edge, g: Array) -> Array:
    where, first = np.unique(edge.saved[1], return_index=True)
    share = np.zeros(edge.parent.value.size)
    share[where] = np.ravel(g)[edge.saved[0][first]]
    return share.reshape(edge.parent.value.shape)


def _assigned(edge: Edge, g: Array) -> Array:
    share = np.zeros(edge.parent.value.size)
    share[edge.saved[1]] = np.ravel(g)[edge.saved[0]]
    return share.reshape(edge.parent.value.shape)


def _averaged(edge: Edge, g: Array) -> Array:
    counts = np.bincount(edge.saved[1], minlength=edge.parent.value.size).reshape(edge.parent.value.shape)
    return np.asarray(edge.right(g) / np.maximum(counts, 1))


def without_stride(edges: Sequence[Edge]) -> tuple[int, dict[Edge, Array]]:
    """Return the largest stride of the windows of a loop, and how far each is moved where it is left out."""
    firsts = np.array([np.unravel_index(e.saved[1][0], e.parent.value.shape) for e in edges if e.saved[1].size], int)
    if len(firsts) < 2 or len(firsts) < len(edges) or not firsts.size:
        return 1, {}
    begins = firsts - firsts.min(axis=0)
    strides = np.maximum(np.gcd.reduce(begins, axis=0), 1)
    return int(strides.max()), dict(zip(edges, begins // strides - begins))


def _put_at(edge: Edge, g: Array, to: dict[Edge, Array]) -> Array:
    return np.roll(edge.right(g), to[edge], tuple(range(edge.parent.value.ndim)))


# --- what arrives and what is handed on, as wholes -----------------------------------------------------------------


def _results(edges: tuple[Edge, ...], sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what arrives at an operand moved by one, with axes exchanged, or wrong at one place only."""
    shape = sweep.shares[edges[0]].shape
    for what, change in shifts(shape):
        yield of_share("off-by-one", edges, change, what, 2)
    is_alike = edges[0].step.op in ("multiply", "matmul") and all(not np.ptp(sweep.cotangents[e.step]) for e in edges)
    for what, change in rearranged(shape):
        kind = "factor-rearranged" if is_alike and edges[0].kind == "local" else "result-transposed"
        if edges[0].kind == "local" or "exchanged" in what or not is_alike:  # of a product with one number, it is said
            yield of_share(kind, edges, change, what, 1 if "exchanged" in what else 2)
    for what, change in gathered(shape) if edges[0].parent.op in ("", "[]") else ():
        yield of_share("one-place", edges, change, what, 2)
    for what, where in single_places(shape) if math.prod(shape) < 5000 else ():
        for factor, kind in SCALES[:3]:
            yield of_share(kind, edges, partial(times_at, where=where, factor=factor), f"at {what}", 2)


def _slices(edges: tuple[Edge, ...]) -> Iterator[BackwardAlteration]:
    """Yield the first or the last place alone, along an axis of what arrives, where several are summed."""
    shape = edges[0].step.value.shape
    if edges[0].kind not in ("move", "product") or any(edge.step.value.shape != shape for edge in edges):
        return
    for axis, n in enumerate(shape):
        for text, number in ENDS if n > 1 else ():
            what = f"the {text} alone along axis {axis} of what arrives"
            yield of_arriving("slice", edges, partial(only_at, where=place(axis, number)), what, 2)
