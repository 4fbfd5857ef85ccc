"""What goes wrong where paths meet: contributions assigned, sums not taken, two paths taken for one, time cut off.

>>> from nn.diagnosis.alterations.recorded import record
>>> root, leaves = record(lambda x: x[:2].sum() + (x[1:] ** 2).sum(), [("x", np.array([1.0, 2.0, 3.0]))])
>>> sweep = Sweep(root, leaves)
>>> [sweep.altered(a.pulls)[0].tolist() for a in overwritten(sweep)]
[[1.0, 4.0, 6.0], [1.0, 1.0, 6.0]]
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from nn.diagnosis.alterations.alteration import BackwardAlteration, nothing, pulling
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.groups import LONGEST_LOOP, groups
from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.diagnosis.alterations.sweep import Pull, Sweep
from nn.diagnosis.alterations.variants import axes_text, some_axes
from nn.samples import Array

MOST_BESIDE = 6  # arrays that may stand inside of a sum or outside


def of_paths(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield all of these."""
    yield from (*overwritten(sweep), *unsummed(sweep), *joined(sweep), *cut(sweep), *not_carried(sweep))


def overwritten(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield cotangents that are assigned where they should be added up: the last contribution to an entry stays."""
    for step, edges in sweep.arriving.items():
        if len(edges) < 2:
            continue
        is_loop = len({(edge.step.site, edge.operand) for edge in edges}) == 1
        tried: list[list[Array]] = []
        for order, written in itertools.product((1, -1), _written(sweep, edges)):
            masks = _last(written, order)
            if not is_loop and all(mask.all() or not mask.any() for mask in masks):
                continue  # paths that are missing
            if not any(all(map(np.array_equal, masks, others)) for others in tried):
                tried.append(masks)
                pulls = {edge: partial(_masked, mask=mask) for edge, mask in zip(edges, masks)}
                yield BackwardAlteration("overwritten", tuple(edges), pulls, label(step), 0)


def _written(sweep: Sweep, edges: Sequence[Edge]) -> Iterator[list[Array]]:
    """Yield masks of where each contribution is written: everywhere, where it is not zero, or what its move reaches."""
    yield [np.ones(sweep.shares[edge].shape) for edge in edges]
    yield [(sweep.shares[edge] != 0.0).astype(float) for edge in edges]
    reached = [np.zeros(edge.parent.value.size) for edge in edges]
    for edge, mask in zip(edges, reached):
        mask[edge.saved[1] if edge.kind == "move" else slice(None)] = 1.0
    yield [mask.reshape(edge.parent.value.shape) for edge, mask in zip(edges, reached)]


def _last(written: Sequence[Array], order: int) -> list[Array]:
    """Return masks of which contribution stays: the last that is written, in one order or the other."""
    masks, free = [], np.ones(written[0].shape)
    for mask in written[::-order]:
        masks.append(free * mask)
        free = free * (1.0 - mask)
    return masks[::-order]


def _masked(edge: Edge, g: Array, mask: Array) -> Array:
    return np.asarray(mask * edge.right(g))


def unsummed(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield cotangents that come back to what was summed, and were not summed first, or over other axes."""
    for edge in sweep.edges:
        is_repeated = edge.kind == "local" and edge.parent.value.size < edge.step.value.size
        for below, slope in _sum_below(edge, sweep) if is_repeated else ():
            for kind, what, change in _other_sums(edge, sweep):
                pull = partial(_in_place, other=edge, sweep=sweep, slope=slope, change=change)
                yield BackwardAlteration(kind, (edge, below), {edge: nothing, below: pull}, what)


def _sum_below(edge: Edge, sweep: Sweep) -> Iterator[tuple[Edge, Array]]:
    """Yield the sum that an operand was made of, of an array as wide as the step; and the slope on the way there."""
    step, slope = edge.parent, np.ones(edge.parent.value.shape)
    while step.op != "sum":
        edges = [e for e in step.edges if e.parent in sweep.place]
        if len(edges) != 1 or edges[0].kind != "local" or edges[0].parent.value.shape != step.value.shape:
            return
        step, slope = edges[0].parent, slope * edges[0].saved
    below, shape = step.edges[0], edge.step.value.shape
    kept = (1,) * (len(shape) - slope.ndim) + slope.shape  # where the sum has kept its axes, or lost the first
    if below.parent.value.shape == shape and all(n in (1, m) for n, m in zip(kept, shape)):
        yield below, slope.reshape(kept)


def _other_sums(edge: Edge, sweep: Sweep) -> Iterator[tuple[str, str, Callable[[Array], Array]]]:
    """Yield what is done in place of a sum; what is constant along its axes may stand inside or outside."""
    yield "unsummed", "", lambda share: share
    shape, small = edge.step.value.shape, edge.parent.value
    filled = (1,) * (len(shape) - small.ndim) + small.shape
    repeated = tuple(k for k, (n, m) in enumerate(zip(shape, filled)) if n != m)
    beside = [step.value for step in sweep.steps if step.value.shape == small.shape and step.value.all()]
    inside = [np.ones(()), *[x for value in beside[:MOST_BESIDE] for x in (value, 1.0 / value)]]
    for axes in some_axes(len(shape)):
        ratio = math.prod(shape[k] for k in repeated) / math.prod(shape[k] for k in axes)
        for c, scale in itertools.product(inside, sorted({1.0, ratio})) if axes != repeated else ():
            yield "wrong-axis", axes_text(axes), partial(_summed_over, axes=axes, inside=c, scale=scale)


def _summed_over(share: Array, axes: tuple[int, ...], inside: Array, scale: float) -> Array:
    return np.asarray(scale * (share * inside).sum(axes, keepdims=True) / inside)


def _in_place(edge: Edge, g: Array, other: Edge, sweep: Sweep, slope: Array, change: Callable[[Array], Array]) -> Array:
    """Return a sum's share with what came to the sum changed, and not summed first."""
    return np.asarray(edge.right(g) + slope * change(sweep.cotangents[other.step] * other.saved))


def joined(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield two constant factors whose paths are taken for one: their sum goes down the first, nothing the second."""
    constant = [
        edge for edge in sweep.edges
        if edge.step.op == "multiply" and isinstance(edge.step.operands[1 - edge.operand], np.ndarray)
    ]  # fmt: skip
    for one, other in itertools.permutations(constant[:LONGEST_LOOP], 2):
        if one.saved.shape == other.saved.shape and one.saved.size > 1:
            pulls: dict[Edge, Pull] = {one: partial(_with, saved=one.saved + other.saved), other: nothing}
            yield BackwardAlteration("wrong-path", (one, other), pulls, rank=2)


def _with(edge: Edge, g: Array, saved: Array) -> Array:
    return edge.pull(g, saved)


def not_carried(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield products that are handed on without the slope of the function above them, which their other factor has."""
    for edges in groups(sweep).values():
        above = [_unary_above(edge.step, sweep) for edge in edges]
        if edges[0].kind == "product" and all(above) and all(len(edge.step.edges) > 1 for edge in edges):
            pulls = {edge: partial(_over_slope, slope=up.saved) for edge, up in zip(edges, above) if up}
            yield BackwardAlteration("slope-not-carried", edges, pulls, "", 1)


def _unary_above(step: ArrayStep, sweep: Sweep) -> Edge | None:
    """Return the one edge that a step's cotangent comes through, of a function of one number; additions are passed."""
    edges = sweep.arriving.get(step, [])
    if len(edges) != 1 or edges[0].kind != "local" or edges[0].step.value.shape != step.value.shape:
        return None
    if edges[0].step.op in ("add", "subtract"):
        return _unary_above(edges[0].step, sweep)
    return edges[0] if len(edges[0].step.operands) == 1 else None


def _over_slope(edge: Edge, g: Array, slope: Array) -> Array:
    return edge.right(g / slope)


def cut(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield loops that are left too early: all that is older is cut off, or what comes in at each time is."""
    for edges in groups(sweep).values():
        if 1 < len(edges) <= LONGEST_LOOP and sweep.in_series(edges):
            for most in range(1, len(edges)):
                yield pulling("cut-in-time", edges[most:], nothing, f"{most}", 2)
                run = partial(_truncated, edges=edges, most=most)
                yield BackwardAlteration("truncated", edges, what=f"{most}", rank=2, run=run)


def _truncated(sweep: Sweep, edges: Sequence[Edge], most: int) -> list[Array]:
    """Return the gradients of which no part has passed more than `most` of some edges."""
    seeds = {sweep.root: np.ones(sweep.root.value.shape)}
    sums = [np.zeros(leaf.value.shape) for leaf in sweep.leaves]
    for _ in range(most + 1):
        arrived = sweep.seeded(seeds, edges)
        sums = [x + arrived.get(leaf, 0.0) for x, leaf in zip(sums, sweep.leaves)]
        seeds = {}
        for edge in edges:
            if edge.step in arrived:
                seeds[edge.parent] = seeds.get(edge.parent, 0.0) + edge.right(arrived[edge.step])
    return sums
