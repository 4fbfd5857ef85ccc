"""Steps -> Steps: signs and numbers of the backward steps are left to a later step that takes them up for nothing.

g = -dz; h = g * x; b = a + h               ->   h = dz * x; b = a - h
g = 0.5 * dz; h = g * x; k = 3.0 * h        ->   h = dz * x; k = 1.5 * h
d = a - b; g = -d                           ->   g = b - a

Cotangents are linear: a factor passes products, quotients and sums, until it meets another number, or, if it is a sign,
a sum or difference that can have it. It stays where it is unless all that read it can leave it out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from heapq import heappop, heappush

from engine.lifting.exact import exactly, fold
from engine.lifting.ir import Steps, with_sources
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Operand, Source, View

ONE, SIGN, ZERO = Literal(1.0), Literal(-1.0), Literal(0.0)
MODERATE = 2.0**32  # factors beyond it stay: what is computed without them could leave the range of floats
MOST = 16  # steps that a factor passes
LINEAR = ("sum", "copy", "repeat", "segment_sum", "gather", "matmul", "batch_matmul")


def take_up_factors(steps: Steps) -> Steps:
    """Return the steps with fewer products by a number and fewer negations."""
    forward = len(steps.forward)
    rewriting = _Rewriting([*steps.forward, *steps.backward], {s for x in steps.roots for s in x.sources})
    for k, step in enumerate(rewriting.steps):
        if step is not None and step.op == "negative" and (k >= forward or rewriting.is_exponent(step)):
            rewriting.exchange(k, step)
        step = rewriting.steps[k]
        if step is not None and k >= forward:
            rewriting.leave_out(k, step)
    first, second = rewriting.steps[:forward], rewriting.steps[forward:]
    return replace(steps, forward=[s for s in first if s is not None], backward=[s for s in second if s is not None])


class _Rewriting:
    """Steps that are being rewritten, None where there is none any more: which of them read and write each source."""

    def __init__(self, steps: list[Step], returned: set[Source]) -> None:
        self.steps: list[Step | None] = [*steps]
        self.returned = returned
        self.readers: dict[Source, set[int]] = defaultdict(set)
        self.writers: dict[Source, list[int]] = defaultdict(list)
        for k, step in enumerate(steps):
            self.writers[step.target.source].append(k)
            self._note(k, step)

    def _note(self, k: int, step: Step) -> None:
        for x in step.operands:
            for source in x.sources:
                self.readers[source].add(k)

    def is_exponent(self, step: Step) -> bool:
        """Whether only exponentials read a result: the sign of a zero is nothing to them."""
        readers = [self.steps[r] for r in self.readers[step.target.source]]
        return all(reader is not None and reader.op == "exp" for reader in readers)

    def exchange(self, k: int, step: Step) -> None:
        """Have a difference that is only negated be the other way round."""
        scaled = _scaled(step)
        if scaled is None:
            return
        _, x = scaled
        if self.readers[x.source] != {k} or x.source in self.returned:
            return
        [w, *more] = self.writers[x.source] or [-1]
        difference = self.steps[w] if w >= 0 and not more else None
        if difference is None or difference.op != "subtract" or not _is_all(difference):
            return
        changed = self._behind(k, step, ONE, x)
        if changed is not None:
            self._change(changed | {w: difference.but(operands=difference.operands[::-1])})

    def leave_out(self, k: int, step: Step) -> None:
        """Leave a factor out where all that is computed with it can be computed without it."""
        scaled = _scaled(step)
        changed = None if scaled is None else self._behind(k, step, *scaled)
        if changed is not None:
            self._change(changed)

    def _change(self, changed: dict[int, Step | None]) -> None:
        for k, step in changed.items():
            before, self.steps[k] = self.steps[k], step
            assert before is not None
            for x in before.operands:
                for source in x.sources:
                    self.readers[source].discard(k)
            if step is not None:
                self._note(k, step)

    def _behind(self, k: int, step: Step, factor: Literal, x: View) -> dict[int, Step | None] | None:
        """Return what the steps that read a product become if they read `x` in its place; None if one cannot."""
        if not self._is_written_once(step, k) or any(w >= k for w in self.writers[x.source]):
            return None
        factors, instead = {step.target.source: factor}, {step.target.source: x.source}
        changed: dict[int, Step | None] = {k: None}
        waiting = sorted(self.readers[step.target.source])
        while waiting:
            r = heappop(waiting)
            reader = self.steps[r]
            if r in changed or reader is None:
                continue
            taken = _taken_up(next(with_sources([reader], instead)), [_of(v, factors) for v in reader.operands])
            if taken is None or len(changed) > MOST:
                return None
            changed[r], left = taken
            same = _same(taken[0])
            if same is not None and reader.op != "copy" and self._is_written_once(reader, r):
                changed[r], instead[reader.target.source] = None, same.source
            elif left == ONE:
                continue
            elif not self._is_written_once(reader, r):
                return None
            factors[reader.target.source] = left
            for later in self.readers[reader.target.source]:
                heappush(waiting, later)
        return changed

    def _is_written_once(self, step: Step, k: int) -> bool:
        """Whether a step is all there is to know of its result, and only steps read that."""
        source = step.target.source
        return _is_all(step) and source.kind == "value" and self.writers[source] == [k] and source not in self.returned


def _is_all(step: Step) -> bool:
    return step.target.is_whole() and not step.accumulate


def _scaled(step: Step) -> tuple[Literal, View] | None:
    """Return the moderate number that a step multiplies all of an array by, and that; None if it does another thing."""
    alone = {"copy": ONE, "negative": SIGN}.get(step.op)
    operands = (alone, *step.operands) if alone else step.operands
    if (not alone and step.op not in ("multiply", "divide")) or not _is_all(step):
        return None
    number, x = operands if step.op != "divide" and isinstance(operands[0], Literal) else operands[::-1]
    if not isinstance(number, Literal) or not isinstance(x, View) or not _alike(x, step.target):
        return None
    factor = _combined("divide" if step.op == "divide" else "multiply", ONE, number)
    return None if factor is None else (factor, x)


def _alike(x: View, target: View) -> bool:
    return x.is_whole() and (x.shape, x.batched, x.source.dtype) == (target.shape, target.batched, target.source.dtype)


def _same(step: Step) -> View | None:
    """Return what a step copies as it is, if it is such a copy."""
    x = step.operands[0]
    is_copy = step.op == "copy" and _is_all(step) and isinstance(x, View)
    return x if is_copy and isinstance(x, View) and _alike(x, step.target) else None


def _combined(op: str, x: Literal, y: Literal) -> Literal | None:
    """Return the product or quotient of two numbers; None beyond what is moderate, or rounded to 1, which it is not."""
    value = fold(op, x.value, y.value)
    if value is None or not 1.0 / MODERATE < abs(value) < MODERATE or x.batched or y.batched:
        return None
    if abs(value) == 1.0 != abs(exactly(value)):
        return None
    return Literal(value, x.batch_power + y.batch_power if op == "multiply" else x.batch_power - y.batch_power)


def _equal(x: Literal, y: Literal) -> bool:
    return exactly(x.value) == exactly(y.value) and x.batch_power == y.batch_power


def _of(x: Operand, factors: dict[Source, Literal]) -> Literal:
    return ONE if isinstance(x, Literal) else factors.get(x.source, ONE)


def _taken_up(step: Step, factors: list[Literal]) -> tuple[Step, Literal] | None:
    """Return a step whose operands lack factors, and which one its result then lacks; None if it needs them."""
    if all(f == ONE for f in factors):
        return step, ONE
    if step.accumulate:
        x = step.operands[0]
        subtracted = step.op == "copy" and factors == [SIGN] and isinstance(x, View) and not step.target.overlaps()
        return (step.but(op="subtract", operands=(step.target, x), accumulate=False), ONE) if subtracted else None
    if step.op in ("multiply", "divide", "negative"):
        return _product(step, factors)
    if step.op in ("add", "subtract"):
        return _sum(step, *factors)
    if step.op == "where":
        _, x, y = factors
        all_alike = _equal(x, y) or (step.operands[2 if y == ONE else 1] == ZERO)
        return (step, x if y == ONE else y) if factors[0] == ONE and all_alike else None
    if step.op not in LINEAR:
        return None
    total: Literal | None = ONE
    for f in factors:
        total = total and _combined("multiply", total, f)
    return (step, total) if total else None


def _product(step: Step, factors: list[Literal]) -> tuple[Step, Literal] | None:
    """Put a factor into the number that a step multiplies or divides by, if there is one."""
    if step.op == "negative":
        step, factors = step.but(op="multiply", operands=(SIGN, *step.operands)), [ONE, *factors]
    left = _combined(step.op, *factors)
    at = next((i for i, x in enumerate(step.operands) if isinstance(x, Literal)), None)
    if left is None or at is None:
        return None if left is None else (step, left)
    held, other = step.operands[at], step.operands[1 - at]
    assert isinstance(held, Literal)
    number = _combined("divide" if step.op == "divide" and at else "multiply", held, left)
    if number is None:
        return None
    alone = {ONE: "copy", SIGN: "negative"}.get(number) if at or step.op == "multiply" else None
    if alone:
        return step.but(op=alone, operands=(other,)), ONE
    return step.but(operands=(other, number) if at else (number, other)), ONE


def _sum(step: Step, x: Literal, y: Literal) -> tuple[Step, Literal] | None:
    """Exchange sum and difference for signs that the terms lack; what all terms lack, the result lacks."""
    if _equal(x, y):
        return step, x
    if not {x, y} <= {ONE, SIGN}:
        return None
    first, second = step.operands
    negative = x == SIGN, (y == SIGN) != (step.op == "subtract")
    if negative == (True, False):
        return step.but(op="subtract", operands=(second, first)), ONE
    return step.but(op="subtract" if negative == (False, True) else "add"), SIGN if all(negative) else ONE
