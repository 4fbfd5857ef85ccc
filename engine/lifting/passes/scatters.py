"""Steps -> Steps: what is added at places that are known is written as the fastest that gives the same.

g = 0; g[places] += -1.0                 ->   g is a constant
g = 0; g[places] += 1 / N                ->   g = how often each place is met * (1 / N)
g = 0; g[distinct] += h                  ->   g = 0; g[distinct] = h; where these are all places, g = h[the other way]
g[places of two axes] += h               ->   g[places of one] += h, which takes NumPy a quarter of the time
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from engine.lifting.exact import Folded
from engine.lifting.ir import Steps, with_sources
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View


def simplify_scatters(steps: Steps) -> Steps:
    """Return the steps, whose backward ones scatter as little as they can."""
    if not any(step.op == "scatter" for step in steps.backward):
        return steps
    rewriting = _Rewriting(Counter([step.target.source for step in steps.backward]))
    for step in steps.backward:
        rewriting.take(next(with_sources([step], rewriting.constants)))
    return replace(steps, backward=[step for step in rewriting.steps if step is not None])


class _Rewriting:
    """The steps so far, None where one is needed no more, and what is known of the arrays that they write."""

    def __init__(self, written: Counter[Source]) -> None:
        self.written = written  # how often each array is
        self.steps: list[Step | None] = []
        self.zeros: dict[Source, int] = {}  # which step filled an array that holds zeros
        self.constants: dict[Source, Source] = {}  # what stands for an array that is the same at every call

    def take(self, step: Step) -> None:
        """Append a step, or what is to be in its place."""
        target = step.target.source
        fill = self.zeros.pop(target, None)
        for x in step.operands[1:] if step.op == "scatter" else step.operands:
            for source in x.sources:
                self.zeros.pop(source, None)
        if step.op == "fill" and step.target.is_whole() and step.operands == (Literal(0.0),):
            self.zeros[target] = len(self.steps)
        if step.op == "scatter":
            self.steps += self._scattered(step, fill)
        elif not (step.op == "copy" and self.written[target] == 1 and self._holds_constant(step)):
            self.steps.append(step)

    def _holds_constant(self, step: Step) -> bool:
        """Whether a step copies what is the same at every call: that stands for it then."""
        target, numbers = step.target, _numbers(step.operands[0])
        if numbers is None or target.source.kind != "value" or target.batched or not target.is_contiguous():
            return False
        if target.size != target.source.size or numbers.size != target.size:
            return False
        self._hold(target.source, numbers)
        return True

    def _hold(self, source: Source, numbers: np.ndarray) -> None:
        value = numbers.reshape(source.shape)
        self.constants[source] = Source(f"{source.name}_constant", source.shape, "constant", value=value)

    def _scattered(self, step: Step, fill: int | None) -> list[Step]:
        """Return what adds at places, to zeros if a step has filled them in."""
        target = step.target.source
        if fill is None or not (_puts(step) or isinstance(step.operands[1], Literal)):
            return _along_one_axis(step)
        constant = _constant(step) if self.written[target] == 2 else None
        gathered = _gathered(step) or _multiplied(step)
        if constant is not None:
            self.steps[fill] = None
            self._hold(target, constant)
            return []
        if gathered is not None:
            self.steps[fill] = None
            return [gathered]
        return _along_one_axis(step.but(accumulate=not _puts(step)))


def _puts(step: Step) -> bool:
    """Whether each place of a scatter is met once, by one number."""
    gather, g = step.gather(), step.operands[1]
    return gather.distinct and not ((gather.batched or g.batched) and not gather.source.batched)


def _gathered(step: Step) -> Step | None:
    """Return what reads each number for its place, if a scatter has one for every place."""
    gather, g = step.gather(), step.operands[1]
    if not isinstance(g, View) or not _puts(step) or gather.chosen is not None or g.batched != gather.source.batched:
        return None
    if gather.index.size != gather.source.size or g.size != gather.index.size:
        return None
    read = g.positions().reshape(-1)[np.argsort(gather.index, axis=None)]
    return Step("gather", step.target, (Gather(g.source, step.target.shape, read.reshape(step.target.shape)),))


def _multiplied(step: Step) -> Step | None:
    """Return a number, as often as each place is met, if it is the same number that a scatter adds everywhere."""
    gather, number = step.gather(), step.operands[1]
    if not isinstance(number, Literal) or gather.chosen is not None or step.target.batched or number.batched:
        return None
    counts = np.bincount(gather.index.reshape(-1), minlength=gather.source.size).astype(float)
    often = Source(
        f"{step.target.source.name}_often", gather.source.shape, "constant", value=counts.reshape(gather.source.shape)
    )
    return Step("multiply", step.target, (often.view, number))


def _constant(step: Step) -> np.ndarray | None:
    """Return what a scatter makes of zeros, where that is the same at every call and no number is rounded."""
    gather, g, target = step.gather(), step.operands[1], step.target.source
    if gather.chosen is not None or target.kind != "value" or target.batched or g.batched:
        return None
    numbers = _numbers(g)
    if numbers is None or not (gather.distinct or all(float(n).is_integer() for n in np.unique(numbers))):
        return None
    if np.abs(numbers).sum() > 2.0**52:  # whole numbers beyond are not all floats
        return None
    value = np.zeros(target.size)
    np.add.at(value, gather.index, np.reshape(numbers, gather.index.shape) if numbers.ndim else numbers)
    return value


def _numbers(x: Operand) -> np.ndarray | None:
    """Return the numbers of an operand, if they are known and no number stands for a fraction."""
    if isinstance(x, Literal):
        return None if x.batch_power or isinstance(x.value, Folded) else np.asarray(x.value)
    if isinstance(x, View) and x.source.kind == "constant" and x.source.value is not None:
        return np.asarray(x.source.value, float).reshape(-1)[x.positions()]
    return None


def _along_one_axis(step: Step) -> list[Step]:
    """Return a scatter to places of one axis, behind a copy where what it adds does not lie in a row."""
    gather, g = step.gather(), step.operands[1]
    fixed = gather.chosen is None and not gather.source.batched and gather.index.shape == gather.shape
    if not fixed or len(gather.shape) < 2 or g.batched:
        return [step]
    flat = Gather(gather.source, (gather.index.size,), gather.index.reshape(-1), distinct=gather.distinct)
    if isinstance(g, Literal):
        return [step.but(operands=(flat, g))]
    assert isinstance(g, View)
    if g.squeeze().shape == tuple([n for n in gather.shape if n > 1]) and g.squeeze().is_contiguous():
        return [step.but(operands=(flat, g.squeeze().reshape(flat.shape)))]
    copied = Source(f"{step.target.source.name}_added", gather.shape, "value")
    copy = Step("copy", copied.view, (g.reshape(gather.shape),))
    return [copy, step.but(operands=(flat, copied.view.reshape(flat.shape)))]
