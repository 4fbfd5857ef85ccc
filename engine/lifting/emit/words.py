"""Steps -> Steps as people say them: what log-sum-exp is made of, and its gradient, in one word.

    m = max(x);  e = exp(x - m);  s = sum(e);  log(s) + m    ->  logsumexp(x)
    m = max(x);  e = exp(x - m);  s = sum(e);  e / s         ->  softmax(x)
    (g / s) * e                                              ->  g * softmax(x)
    0 - x                                                    ->  -x

These hold whatever m is, if it is one number for every sum. What the words leave unread is dropped. The steps that they
stand for are those that run; the words are for formulas alone, and no other pass knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from engine.lifting.emit.softmax import whole_axes, with_softmax
from engine.lifting.index_arrays import as_view
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.passes.drop_unread import drop_unread
from engine.lifting.views import Indices, Literal, Operand, Shape, Source, View


@dataclass(frozen=True, eq=False)
class Exponentials:
    """exp(x - m) and their sums.

    Attributes
    ----------
    x
        What is exponentiated, in the shape of the exponentials.
    exp, total
        The sources of the exponentials and of their sums.
    owner
        The sum that each exponential is a term of.
    shift
        The place in the source of m that each sum's terms have.
    m, summed
        That source, and the step that sums.
    """

    x: View
    exp: Source
    total: Source
    owner: Indices
    shift: Indices
    m: Source
    summed: Step

    @property
    def axes(self) -> tuple[int, ...] | None:
        """The axes of the exponentials that are summed over; None if a sum is of no whole axes."""
        return whole_axes(self.owner.reshape(self.exp.shape), self.total.size)


def in_words(steps: Steps) -> Steps:
    """Return the steps, what is log-sum-exp or softmax said as such, and what is added twice as 2 times; for people."""
    taken = {source.name for source in steps.sources}
    names = (name for k in count(1) if (name := f"p{k}") not in taken)
    steps = with_softmax(replace(steps, backward=list(_doubled(steps.backward, names))), names)
    step_of = _once_made(steps)
    exponentials = {x.exp: x for x in _exponentials(step_of)}
    words = _Words(step_of, {x.total: x for x in exponentials.values()}, exponentials, {}, names)
    forward = [worded for step in steps.forward for worded in words.said(step)]
    backward = [worded for step in steps.backward for worded in words.said(step)]
    return drop_unread(replace(steps, forward=forward, backward=backward))


def _doubled(steps: Sequence[Step], names: Iterator[str]) -> Iterator[Step]:
    """Yield the steps; what one adds and the next adds once more is added twice."""
    waiting: Step | None = None
    for step in steps:
        if waiting is not None and step.accumulate and _same_step(waiting, step):
            term = Source(next(names), step.target.shape, "value", step.target.batched)
            yield replace(step, target=term.view, accumulate=False)
            yield replace(waiting, op="multiply", operands=(Literal(2.0), term.view), fixed=())
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = step
    if waiting is not None:
        yield waiting


def _same_step(x: Step, y: Step) -> bool:
    """Whether two steps compute the same for the same elements, one by one."""
    pairs = list(zip((x.target, *x.operands), (y.target, *y.operands)))
    plain = x.op == y.op and x.fixed == y.fixed and x.op in ("multiply", "copy", "divide")
    return plain and x.batched == y.batched and all(_same_view(a, b) for a, b in pairs)


def _same_view(x: Operand, y: Operand) -> bool:
    if isinstance(x, View) and isinstance(y, View):
        return x.source is y.source and (x.shape, x.offset, x.strides) == (y.shape, y.offset, y.strides)
    return isinstance(x, Literal) and x == y


def _once_made(steps: Steps) -> dict[Source, Step]:
    """Return the step that makes each whole array which one step writes."""
    step_of: dict[Source, Step | None] = {}
    for step in (*steps.forward, *steps.backward):
        whole = step.target.is_whole() and not step.accumulate and step.target.source not in step_of
        step_of[step.target.source] = step if whole else None
    return {source: step for source, step in step_of.items() if step is not None}


def _exponentials(step_of: dict[Source, Step]) -> Iterator[Exponentials]:
    """Yield what is summed of exponentials of differences."""
    for total, summed in step_of.items():
        exp = _maker(step_of, summed.operands[0], "exp") if summed.op == "sum" and not summed.over_batch else None
        difference = None if exp is None else _maker(step_of, exp.operands[0], "subtract")
        if exp is None or difference is None:
            continue
        x, m = difference.operands
        source, shape = exp.target.source, exp.target.shape
        if not isinstance(x, View) or not isinstance(m, View) or {x.batched, source.batched} != {total.batched}:
            continue
        owner, shift = _owner(summed, source), positions(m, shape)
        first = _first_of_each(owner, total.size)
        if first is not None and np.array_equal(shift[first][owner], shift):
            yield Exponentials(x.reshape(shape), source, total, owner, shift[first], m.source, summed)


def _maker(step_of: dict[Source, Step], x: Operand, op: str) -> Step | None:
    step = step_of.get(x.source) if isinstance(x, View) else None
    return step if step is not None and step.op == op else None


def _owner(summed: Step, exp: Source) -> Indices:
    """Return which sum each exponential is a term of."""
    terms, axes = summed.view().positions(), [a % len(summed.view().shape) for a in summed.axes]
    rest = [a for a in range(terms.ndim) if a not in axes]
    rows = terms.transpose(*rest, *axes).reshape(summed.target.size, -1)
    owner = np.full(exp.size, -1)
    owner[rows] = np.arange(len(rows))[:, None]
    return owner


def _first_of_each(owner: Indices, size: int) -> Indices | None:
    """Return a term of every sum; None if not every exponential is a term."""
    sums, first = np.unique(owner, return_index=True)
    return first if len(sums) == size and sums[0] == 0 else None


def positions(x: View, shape: Shape) -> Indices:
    """Return which element of its source a view has for every element of a result, flat."""
    return np.broadcast_to(x.reshape(shape).positions(), shape).reshape(-1)


@dataclass
class _Words:
    """What is known of exponentials, and the softmaxes that have been named."""

    step_of: dict[Source, Step]
    totals: dict[Source, Exponentials]
    exponentials: dict[Source, Exponentials]
    probabilities: dict[Source, Source]
    names: Iterator[str]

    def said(self, step: Step) -> list[Step]:
        """Return what is said in place of a step."""
        if step.op == "subtract" and step.operands[0] == Literal(0.0):
            return [replace(step, op="negative", operands=step.operands[1:])]
        if len(step.operands) == 2 and all(isinstance(x, View) for x in step.operands) and not step.accumulate:
            if step.op == "add":
                return [self._log_sum_exp(step) or step]
            if step.op == "divide":
                return [self._softmax(step) or step]
            if step.op == "multiply":
                return self._gradient(step) or [step]
        return [step]

    def _log_sum_exp(self, step: Step) -> Step | None:
        for log, m in (step.operands, step.operands[::-1]):
            maker = _maker(self.step_of, log, "log")
            total = maker.operands[0] if maker is not None else None
            x = self.totals.get(total.source) if isinstance(total, View) and total.is_whole() else None
            if x is None or not isinstance(log, View) or not isinstance(m, View) or m.source is not x.m:
                continue
            at = positions(log, step.target.shape)
            rows = x.summed.view()
            read = as_view(x.x.source, x.x.positions().reshape(-1)[rows.positions()])
            if np.array_equal(x.shift[at], positions(m, step.target.shape)) and isinstance(read, View):
                if np.array_equal(at, np.arange(len(at))) and len(at) == x.total.size:
                    return replace(step, op="logsumexp", operands=(read,), axes=x.summed.axes)
        return None

    def _softmax(self, step: Step) -> Step | None:
        """Return a softmax for e / s, if these are every exponential over its own sum, in order."""
        exp, total = step.operands
        x = self.exponentials.get(exp.source) if isinstance(exp, View) else None
        if x is None or x.axes is None or not isinstance(exp, View) or not isinstance(total, View):
            return None
        if total.source is not x.total or not exp.is_whole() or step.target.shape != x.exp.shape:
            return None
        same = np.array_equal(x.owner, positions(total, step.target.shape))
        return replace(step, op="softmax", operands=(x.x,), axes=x.axes) if same else None

    def _gradient(self, step: Step) -> list[Step] | None:
        """Return g * softmax(x) for (g / s) * e."""
        for scaled, exp in (step.operands, step.operands[::-1]):
            x = self.exponentials.get(exp.source) if isinstance(exp, View) else None
            quotient = _maker(self.step_of, scaled, "divide")
            if (
                x is None
                or quotient is None
                or x.axes is None
                or not isinstance(scaled, View)
                or not isinstance(exp, View)
            ):
                continue
            g, total = quotient.operands
            if not isinstance(total, View) or total.source is not x.total:
                continue
            at, shape = positions(scaled, step.target.shape), step.target.shape
            sums = positions(total, quotient.target.shape)[at]
            read = g if isinstance(g, Literal) else self._read(g, quotient.target.shape, at, shape)
            if read is None or not np.array_equal(x.owner[positions(exp, shape)], sums):
                continue
            new = x.exp not in self.probabilities
            p = self.probabilities.setdefault(x.exp, self._named(x) if new else x.exp)
            first = [Step("softmax", p.view, (x.x,), axes=x.axes)] if new else []
            if read == Literal(-1.0):
                return [*first, replace(step, op="negative", operands=(exp.on(p),))]
            return [*first, replace(step, operands=(read, exp.on(p)))]
        return None

    def _read(self, g: Operand, inner: Shape, at: Indices, shape: Shape) -> View | None:
        if not isinstance(g, View):
            return None
        read = as_view(g.source, positions(g, inner)[at].reshape(shape))
        return read if isinstance(read, View) else None

    def _named(self, x: Exponentials) -> Source:
        return Source(next(self.names), x.exp.shape, "value", x.exp.batched)
