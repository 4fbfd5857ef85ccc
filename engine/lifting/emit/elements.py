"""Steps element by element: what every element of a result is of elements of other arrays, as trees of readings.

A tree is an expression whose leaves say, for each element of the result, which element of a source is read. So a result
that is written where it is read is no more than its readings at other places, and any step has such a form, whatever
its views step through, and whatever its gathers pick. `index_form` prints them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from engine.lifting.expr import OVER, Expr
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Indices, Literal, Shape, Source, View

PRODUCTS = ("product", "ragged_product", "batched_product", "summed_product", "matmul", "batch_matmul")
RUNS = ("sum", "max", "segment_sum", "segment_max", "logsumexp", "softmax")


@dataclass(frozen=True, eq=False)
class Picked:
    """Which element of a source is read, for each element of a result.

    Element m is at at[m] + stride * the integer of `chooser` at chosen[m], where there is one.
    """

    source: Source
    at: Indices
    chooser: Source | None = None
    chosen: Indices | None = None
    stride: int = 0
    reach: int = 0

    def of(self, elements: Indices) -> Picked:
        """Return the readings for some elements."""
        return replace(self, at=self.at[elements], chosen=None if self.chosen is None else self.chosen[elements])

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is read."""
        return (self.source,) if self.chooser is None else (self.source, self.chooser)

    @property
    def batched(self) -> bool:
        """Whether each sample reads elements of its own."""
        return any(source.batched for source in self.sources)


def same_elements(x: Picked, y: object) -> bool:
    """Whether two readings are of the same elements."""
    if not isinstance(y, Picked) or x.sources != y.sources or not np.array_equal(x.at, y.at):
        return False
    return x.chosen is None or y.chosen is None or np.array_equal(x.chosen, y.chosen)


@dataclass(frozen=True, eq=False)
class Runs:
    """What is reduced for each element: how many terms it has, in which axes, and whether over the samples as well."""

    counts: Indices
    shape: Shape = ()  # of the terms of every element, where all have as many
    over_batch: bool = False

    @property
    def owner(self) -> Indices:
        """The element that each term belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def terms(self, elements: Indices) -> Indices:
        """Return the places of the terms of some elements."""
        counts = self.counts[elements]
        first = np.cumsum(self.counts) - self.counts
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        members: Indices = np.repeat(first[elements], counts) + within
        return members


Trees: TypeAlias = Mapping[Source, Expr]


def leaves(tree: Expr) -> list[Picked]:
    """Return all readings of a tree, those of what it reduces among them."""
    if not tree.op:
        return [tree.leaf] if isinstance(tree.leaf, Picked) else []
    return [reading for arg in tree.args for reading in leaves(arg)]


def of_elements(tree: Expr, elements: Indices) -> Expr:
    """Return a tree for some elements of its result."""
    if not tree.op:
        return Expr(tree.leaf.of(elements)) if isinstance(tree.leaf, Picked) else tree
    if not isinstance(tree.leaf, Runs):
        return Expr(tree.leaf, tree.op, tuple([of_elements(arg, elements) for arg in tree.args]))
    runs, terms = replace(tree.leaf, counts=tree.leaf.counts[elements]), tree.leaf.terms(elements)
    *own, body = tree.args
    return Expr(runs, tree.op, (*[of_elements(arg, elements) for arg in own], of_elements(body, terms)))


def reduces(tree: Expr) -> bool:
    """Whether a tree reduces runs of terms."""
    return isinstance(tree.leaf, Runs) or any(map(reduces, tree.args))


def step_tree(step: Step, trees: Trees, number: Any) -> Expr:
    """Return what a step computes for every element of its target, in the order of that.

    Parameters
    ----------
    step
        Any step; of a scatter, what is added for each element of its places.
    trees
        What is written in place of some results.
    number
        How a literal is written.
    """
    if step.op in PRODUCTS:
        return _product(step, trees)
    if step.op in RUNS:
        return _reduction(step, trees)
    if step.op == "repeat":
        each = np.repeat(np.arange(len(step.counts)), step.counts)
        x = step.view()
        return _at(x, _broadcast(x, (len(step.counts),)).reshape(-1)[each], trees)
    shape = step.gather().shape if step.op == "scatter" else step.target.shape
    operands = step.operands[1:] if step.op == "scatter" else step.operands
    args = [number(x) if isinstance(x, Literal) else reading(x, shape, trees) for x in operands]
    if step.op in ("copy", "fill", "gather", "scatter"):
        return args[0]
    if step.op == "square":
        return Expr(None, "power", (args[0], Expr("2")))
    op = {"outer": "multiply", "power_constant": "power"}.get(step.op, step.op)
    return Expr(None, op, (*args, *[number(Literal(x)) for x in step.fixed]))


def reading(x: View | Gather, shape: Shape, trees: Trees) -> Expr:
    """Return an operand for every element of a result of some shape."""
    if isinstance(x, View):
        return _at(x, _broadcast(x, shape).reshape(-1), trees)
    index = x.index.reshape(_with_ones(x.index.shape, shape))
    at = np.broadcast_to(index, shape).reshape(-1)
    if x.chosen is None:
        return of_elements(trees[x.source], at) if x.source in trees else Expr(Picked(x.source, at))
    chosen = _broadcast(x.chosen, shape).reshape(-1)
    return Expr(Picked(x.source, at, x.chosen.source, chosen, x.stride, x.reach))


def _at(x: View, at: Indices, trees: Trees) -> Expr:
    return of_elements(trees[x.source], at) if x.source in trees else Expr(Picked(x.source, at))


def _broadcast(x: View, shape: Shape) -> Indices:
    positions = x.positions()
    return np.broadcast_to(positions.reshape(_with_ones(positions.shape, shape)), shape)


def _with_ones(shape: Shape, wanted: Shape) -> Shape:
    """Return a shape with its axes of length one where `wanted` has them, so that it can be broadcast to that."""
    try:
        if len(shape) <= len(wanted) and np.broadcast_shapes(shape, wanted) == wanted:
            return shape
    except ValueError:
        pass
    sizes = iter([n for n in shape if n != 1])
    return tuple([next(sizes) if n != 1 else 1 for n in wanted])


def _product(step: Step, trees: Trees) -> Expr:
    """Rows by columns: the sum of the products of their elements, over the samples too if these are summed."""
    a, b = step.view(0).positions(), step.view(1).positions()
    summed = step.op in ("summed_product", "batch_matmul")
    if summed:
        a = a.swapaxes(-1, -2)
    if step.op == "matmul":
        b = b.swapaxes(-1, -2)
    a, b = (a[None, :] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    a, b = a[..., :, None, :], b.swapaxes(-1, -2)[..., None, :, :]
    shape = np.broadcast_shapes(a.shape, b.shape)
    terms = [
        _at(x, np.broadcast_to(positions, shape).reshape(-1), trees)
        for x, positions in ((step.view(0), a), (step.view(1), b))
    ]
    counts = np.full(step.target.size, shape[-1])
    return Expr(Runs(counts, shape[-1:], summed), "sum" + OVER, (Expr(None, "multiply", tuple(terms)),))


def _reduction(step: Step, trees: Trees) -> Expr:
    """What is summed, or the largest of, for every element; a softmax has its own term before those of its run."""
    x, inner = step.view(), ()
    positions = x.positions()
    order = np.arange(positions.size)
    counts = step.counts if step.starts is not None else np.zeros(0, np.int64)
    if step.starts is None:
        axes = [a % positions.ndim for a in step.axes]
        rest = [a for a in range(positions.ndim) if a not in axes]
        inner = tuple([positions.shape[a] for a in axes])
        order = order.reshape(positions.shape).transpose(*rest, *axes).reshape(-1)
        counts = np.full(positions.size // math.prod(inner), math.prod(inner))
    body, runs = _at(x, positions.reshape(-1)[order], trees), Runs(counts, inner, step.over_batch)
    if step.op != "softmax":
        return Expr(runs, step.op.removeprefix("segment_") + OVER, (body,))
    owner = runs.owner[np.argsort(order)]
    own = _at(x, positions.reshape(-1), trees)
    return Expr(replace(runs, counts=counts[owner]), step.op + OVER, (own, of_elements(body, runs.terms(owner))))


def places(step: Step) -> Picked:
    """Return where a step writes each element."""
    if step.op == "scatter":
        gather = step.gather()
        picked = reading(gather, gather.shape, {}).leaf
        assert isinstance(picked, Picked)
        return picked
    return Picked(step.target.source, step.target.positions().reshape(-1))
