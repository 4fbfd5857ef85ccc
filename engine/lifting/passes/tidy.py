"""Steps -> Steps: the backward steps without zeros and copies that need not be.

fill(b, 0) ... b += g            ->   b = g, where b is all of it, and g the first
t = x * y; b[0] = t              ->   b[0] = x * y
g = x * y ... b = g; b += h      ->   b = x * y ... b += h, where g is read no more
b[overlapping] += g              ->   b[0:] += g[0], b[1:] += g[1]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engine.lifting.ir import Steps, with_sources
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source, View


def tidy(steps: Steps) -> Steps:
    """Return the steps, their backward ones as somebody would have written them."""
    backward = list(steps.backward)
    for rewrite in (scatters_last, assigned, direct, adopted, separated):
        backward = rewrite(backward)
    return replace(steps, backward=backward)


def scatters_last(steps: list[Step]) -> list[Step]:
    """Scatter into an array when all else has been added to it, so that the rest can be assigned."""
    if not any(step.op == "scatter" for step in steps):
        return steps
    result: list[Step] = []
    waiting: dict[Source, list[Step]] = {}
    for step in steps:
        scatters = step.op == "scatter"
        for x in step.operands[1:] if scatters else step.operands:
            for source in x.sources:
                result += waiting.pop(source, ())
        if scatters:
            waiting.setdefault(step.target.source, []).append(step)
        else:
            result.append(step)
    return [*result, *[step for scatters in waiting.values() for step in scatters]]


def assigned(steps: list[Step]) -> list[Step]:
    """Assign what is first added to elements that are zero, and fill no array that is assigned as a whole."""
    covered: dict[Source, Any] = {}  # arrays that were filled with zeros: which elements have been assigned since
    views: set[Any] = set()  # of which all elements are
    zeros: set[Source] = set()  # those whose zeros are added to
    filled: dict[Source, Step] = {}
    result: list[Step] = []
    for step in steps:
        source = step.target.source
        if step.accumulate and _copies_zero(step):
            continue  # the slope of x**0: it assigns nothing
        if _fills_with_zeros(step) and source not in covered:
            covered[source], filled[source] = np.zeros(source.size, dtype=bool), step
        elif step.accumulate and source in covered and (key := _place(step)) not in views:
            at = np.arange(source.size) if step.op == "scatter" else step.target.positions().reshape(-1)
            if step.op == "copy" and not covered[source][at].any() and not step.target.overlaps():
                step = step.but(op="fill" if isinstance(step.operands[0], Literal) else "copy", accumulate=False)
            elif not covered[source][at].all():
                zeros.add(source)
            if step.op != "scatter":
                covered[source][at] = True
                views.add(key)
        result.append(step)
    whole = {source for source, elements in covered.items() if elements.size and elements.all()} - zeros
    return [step for step in result if not (step.target.source in whole and step is filled[step.target.source])]


def _place(step: Step) -> Any:
    """Return what tells a step's place apart from others; that of a scatter is its own."""
    target = step.target
    return step if step.op == "scatter" else (target.source, target.shape, target.offset, target.strides)


def _copies_zero(step: Step) -> bool:
    x = step.operands[0]
    return step.op == "copy" and isinstance(x, Literal) and not x.value


def _fills_with_zeros(step: Step) -> bool:
    return step.op == "fill" and step.target.is_whole() and step.operands[0] == Literal(0.0)


def direct(steps: list[Step]) -> list[Step]:
    """Compute what only the next step copies where that copies it to; a sum may be added there."""
    readers = Counter([source for step in steps for x in step.operands for source in x.sources])
    result: list[Step] = []
    for step in steps:
        before = result[-1] if result else None
        if before is not None and step.op == "copy" and _is_copied(before, step) and readers[before.target.source] == 1:
            try:
                target = step.target.reshape(before.target.shape)
            except ValueError:  # a product of two axes, which is copied to where these are cut otherwise
                result.append(step)
                continue
            step = before.but(target=target, accumulate=step.accumulate)
            result.pop()
        result.append(step)
    return result


def _is_copied(before: Step, step: Step) -> bool:
    """Whether a copy is of all that the step before it computes, in that order, to where that may be computed."""
    x, computed = step.operands[0], before.target
    if not isinstance(x, View) or x.source is not computed.source or x.source.kind != "value":
        return False
    everything = x.is_contiguous() and computed.is_contiguous() and x.size == computed.size == x.source.size
    alike = x.batched == step.target.batched and x.squeeze().shape == step.target.squeeze().shape
    added = before.op == "sum" and not step.target.overlaps() if step.accumulate else True
    return everything and alike and added and not before.accumulate


def adopted(steps: list[Step]) -> list[Step]:
    """Let the array of a cotangent that is read no more be the one that it is copied to."""
    last = {source: k for k, step in enumerate(steps) for x in step.operands for source in x.sources}
    instead: dict[Source, Source] = {}
    computed: set[Source] = set()
    result: list[Step] = []
    for k, step in enumerate(steps):
        x, target = step.operands[0], step.target
        if (
            step.op == "copy" and not step.accumulate and isinstance(x, View) and x.source in computed
            and x.is_whole() and target.is_whole() and last[x.source] == k and _alike(x.source, target.source)
        ):  # fmt: skip
            instead[x.source] = target.source
        else:
            result.append(step)
        computed.add(target.source)
    for source in reversed(instead):
        instead[source] = instead.get(instead[source], instead[source])
    return list(with_sources(result, instead)) if instead else result


def _alike(x: Source, y: Source) -> bool:
    return x.kind == y.kind == "value" and (x.shape, x.batched, x.dtype) == (y.shape, y.batched, y.dtype)


def separated(steps: list[Step]) -> list[Step]:
    """Add into views whose elements coincide (sliding windows) one slice after the other."""
    result: list[Step] = []
    for step in steps:
        if step.op == "copy" and step.accumulate:
            result += _slices(step)
        else:
            result.append(step)
    return result


def _slices(step: Step) -> Iterator[Step]:
    target, g = step.target, step.operands[0]
    if not target.overlaps():
        yield step
        return
    axis = min((a for a, n in enumerate(target.shape) if n > 1), key=lambda a: target.shape[a])
    for i in range(target.shape[axis]):
        at: tuple[int | slice, ...] = (*[slice(None)] * axis, i)
        yield from _slices(step.but(target=target[at], operands=(g[at] if isinstance(g, View) else g,)))
