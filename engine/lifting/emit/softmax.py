"""Steps -> Steps as people say them: a softmax that a program computes, and its gradient, over rows or ragged runs.

    e = exp(x - m);  s = sum(e);  a = e / s                  ->  a = softmax(x)
    de = da / s;  ds = -sum(da * a / s);  dx = (de + ds) * e ->  dx = a * (da - sum(da * a))

The second holds if nothing reads the exponentials and their sums but the quotient; that e, s and a have these
cotangents is what `differentiate` says of each.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.layout import runs_of
from engine.lifting.views import Gather, Indices, Operand, Shape, Source, View, all_distinct


@dataclass(frozen=True, eq=False)
class Softmax:
    """A quotient that is a softmax.

    Attributes
    ----------
    x
        What it is of, in the shape of the quotient.
    quotient, summed
        The step that divides, and that which sums what it divides by.
    exp, total
        The exponentials and their sums.
    order
        The exponentials as the sums list them, run after run.
    owner
        The run of each.
    alone
        Whether nothing else reads them.
    """

    x: View
    quotient: Step
    summed: Step
    exp: Source
    total: Source
    order: Indices
    owner: Indices
    alone: bool

    @property
    def counts(self) -> Indices:
        """How many terms each sum has."""
        return np.bincount(self.owner, minlength=self.total.size)

    @property
    def axes(self) -> tuple[int, ...] | None:
        """The axes of the quotient that are summed over; None if a sum is of no whole axes."""
        return whole_axes(self.owner.reshape(self.exp.shape), self.total.size)


def whole_axes(owner: Indices, sums: int) -> tuple[int, ...] | None:
    """Return the axes along which elements are terms of one sum, if each sum has all of its terms along these."""
    axes = tuple([a for a in range(owner.ndim) if owner.shape[a] > 1 and (np.diff(owner, axis=a) == 0).all()])
    terms = math.prod([owner.shape[a] for a in axes])
    return axes if axes and terms * sums == owner.size else None


def with_softmax(steps: Steps, names: Iterator[str]) -> Steps:
    """Return the steps with each softmax and its gradient said as such; what that leaves unread is still there.

    Parameters
    ----------
    steps
        The steps, products by their kind.
    names
        Names that nothing has.
    """
    softmaxes = {x.exp: x for x in _softmaxes(steps)}
    cotangents = {step.target.source.of: step.target.source for step in steps.backward}
    by_quotient = {x.quotient: x for x in softmaxes.values()}
    forward: list[Step] = []
    for step in steps.forward:
        forward += _said(by_quotient[step], names) if step in by_quotient else [step]
    backward: list[Step] = []
    for step in steps.backward:
        backward += _gradient(step, softmaxes, cotangents, names) or [step]
    return replace(steps, forward=forward, backward=backward)


# --- finding them --------------------------------------------------------------------------------------------------


def _softmaxes(steps: Steps) -> Iterator[Softmax]:
    step_of = {step.target.source: step for step in steps.forward if step.target.is_whole()}
    read = Counter(s for step in (*steps.forward, *steps.backward) for x in step.operands for s in x.sources)
    for step in steps.forward:
        if step.op == "divide" and step.target.is_whole():
            softmax = _softmax(step, step_of, Counter(s for f in steps.forward for x in f.operands for s in x.sources))
            if softmax is not None and read[softmax.exp]:
                yield softmax


def _softmax(step: Step, step_of: dict[Source, Step], read: Counter[Source]) -> Softmax | None:
    """Return the softmax that a quotient is: every exponential, in order, over the sum that it is a term of."""
    exp, (total, at) = step.operands[0], _origin(step.operands[1], step.target.shape, step_of)
    maker = step_of.get(exp.source) if isinstance(exp, View) and exp.is_whole() else None
    summed = None if total is None else step_of.get(total)
    if maker is None or maker.op != "exp" or summed is None or total is None or not isinstance(exp, View):
        return None
    difference = step_of.get(maker.operands[0].sources[0]) if maker.operands[0].sources else None
    if difference is None or difference.op != "subtract" or not isinstance(difference.operands[0], View):
        return None
    runs = _runs(summed, exp.source, step_of)
    shift, shifted = _origin(difference.operands[1], difference.target.shape, step_of)
    if runs is None or shift is None or step.target.shape != exp.source.shape or summed.over_batch:
        return None
    order, owner = runs
    first = np.zeros(total.size, np.int64)
    first[owner] = np.arange(len(owner))
    if not np.array_equal(at, owner) or not np.array_equal(shifted[first][owner], shifted):
        return None
    between = [s for s in (summed.operands[0].sources[0], step.operands[1].sources[0]) if s not in (exp.source, total)]
    alone = read[exp.source] == 2 and read[total] == 1 and all(read[s] == 1 for s in between)
    x = difference.operands[0].reshape(exp.source.shape)
    return Softmax(x, step, summed, exp.source, total, order, owner, alone) if x.batched == exp.batched else None


def _origin(x: Operand, shape: Shape, step_of: dict[Source, Step]) -> tuple[Source | None, Indices]:
    """Return what an operand reads, element by element, looking through what only picks elements."""
    none = (None, np.zeros(0, np.int64))
    if not isinstance(x, View) or not _fits(x, shape):
        return none
    source, at = x.source, np.broadcast_to(x.reshape(shape).positions(), shape).reshape(-1)
    while (step := step_of.get(source)) is not None and step.op in ("gather", "repeat"):
        picked = step.operands[0]
        if isinstance(picked, Gather):
            if picked.chosen is not None:
                return none
            at, source = picked.index.reshape(-1)[at], picked.source
        elif isinstance(picked, View):
            at, source = (
                picked.positions().reshape(-1)[np.repeat(np.arange(len(step.counts)), step.counts)][at],
                picked.source,
            )
    return source, at


def _fits(x: View, shape: Shape) -> bool:
    return [n for n in x.shape if n != 1] == [n for n in shape if n != 1]


def _runs(summed: Step, exp: Source, step_of: dict[Source, Step]) -> tuple[Indices, Indices] | None:
    """Return the exponentials in the order of the sums, and the sum of each; None if each is not a term of one."""
    if summed.op not in ("sum", "segment_sum"):
        return None
    x = summed.view()
    source, at = _origin(x, x.shape, step_of)
    if source is not exp or len(at) != exp.size or not all_distinct(at):
        return None
    if summed.op == "segment_sum":
        order, run = at, np.repeat(np.arange(len(summed.counts)), summed.counts)
    else:
        axes = [a % len(x.shape) for a in summed.axes]
        rest = [a for a in range(len(x.shape)) if a not in axes]
        order = at.reshape(x.shape).transpose(*rest, *axes).reshape(-1)
        run = np.repeat(np.arange(summed.target.size), exp.size // summed.target.size)
    owner = np.empty(exp.size, np.int64)
    owner[order] = run
    return order, owner


# --- saying them ---------------------------------------------------------------------------------------------------


def _said(x: Softmax, names: Iterator[str]) -> list[Step]:
    """Return the steps of a softmax over runs: its operand run after run, the word, and the elements in their order."""
    if not x.alone:
        return [x.quotient]
    if x.axes is not None:
        return [replace(x.quotient, op="softmax", operands=(x.x,), axes=x.axes)]
    size, batched = x.exp.size, x.exp.batched
    read, word = (Source(next(names), (size,), "value", batched) for _ in range(2))
    places = Gather(x.x.source, (size,), x.x.positions().reshape(-1)[x.order])
    back = np.argsort(x.order).reshape(x.exp.shape)
    return [
        Step("gather", read.view, (places,)),
        Step("softmax", word.view, (read.view,), **runs_of(x.counts)),
        replace(x.quotient, op="gather", operands=(Gather(word, x.exp.shape, back, distinct=True),)),
    ]


def _gradient(
    step: Step, softmaxes: dict[Source, Softmax], cotangents: dict[Source | None, Source], names: Iterator[str]
) -> list[Step] | None:
    """Return a * (da - sum(da * a)) for what is handed back to the difference, (da / s + ds) * e."""
    if step.op != "multiply" or len(step.operands) != 2 or not all(isinstance(x, View) for x in step.operands):
        return None
    for de, e in (step.operands, step.operands[::-1]):
        x = softmaxes.get(e.sources[0])
        if x is None or not x.alone or de.sources[0].of is not x.exp or not isinstance(e, View) or not e.is_whole():
            continue
        a, da = x.quotient.target.source, cotangents.get(x.quotient.target.source)
        if da is None or not (isinstance(de, View) and de.is_whole()) or da.shape != a.shape or da.batched != a.batched:
            continue
        return [*_projected(step, x, a, da, names)]
    return None


def _projected(step: Step, x: Softmax, a: Source, da: Source, names: Iterator[str]) -> Iterator[Step]:
    size, batched, shape = x.exp.size, x.exp.batched, x.exp.shape
    product, rest = (Source(next(names), shape, "value", batched) for _ in range(2))
    if x.axes is not None:
        with_ones = tuple([1 if a in x.axes else n for a, n in enumerate(shape)])
        total = Source(next(names), tuple([n for a, n in enumerate(shape) if a not in x.axes]), "value", batched)
        yield Step("multiply", product.view, (da.view, a.view))
        yield Step("sum", total.view, (product.view,), axes=x.axes)
        yield Step("subtract", rest.view, (da.view, total.view.reshape(with_ones).broadcast_to(shape)))
        yield replace(step, operands=(a.view, rest.view))
        return
    terms = Source(next(names), (size,), "value", batched)
    total, spread = Source(next(names), (x.total.size,), "value", batched), Source(next(names), shape, "value", batched)
    yield Step("multiply", product.view, (da.view, a.view))
    yield Step("gather", terms.view, (Gather(product, (size,), x.order, distinct=True),))
    yield Step("segment_sum", total.view, (terms.view,), **runs_of(x.counts))
    yield Step("gather", spread.view, (Gather(total, shape, x.owner.reshape(shape)),))
    yield Step("subtract", rest.view, (da.view, spread.view))
    yield replace(step, operands=(a.view, rest.view))
