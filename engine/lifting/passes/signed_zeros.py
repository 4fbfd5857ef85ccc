"""After unchosen: where the sign of a zero decides a result, the sums and choices that lose it are made to keep it.

``1 / x``, ``arctan2`` and the slope of ``log`` tell 0.0 from -0.0. The stages below do not: they drop the 0.0 that
``sum()`` starts from, a matrix product starts from 0.0 where a chain of additions does not, and NumPy's maximum of
0.0 and -0.0 is either. So what such an operation reads is followed back for as long as it can be a zero of either sign:

    w * x + b                 an addition that can give -0.0 stays element by element (`Trace.signed`)
    0 + x + y, total, relu    one that cannot gets its 0.0 back:  (x + y) + 0.0
    maximum, minimum, clip    as choices by `where`, whose zeros have the signs of the scalar engine

Sums of exponentials, squares and other numbers without a sign are left as they are, and so is all that only adds up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import chain

import numpy as np

from engine.lifting.ir import Leaf, Trace
from engine.lifting.passes.zero_signs import POSITIVE, Signs
from engine.lifting.zeros import MANY, passes_zeros_on, tells_zeros_apart
from engine.rules import RULES

CHOICES = frozenset(("maximum", "minimum", "clip"))  # NumPy leaves open which of two zeros they give
SUMS = frozenset(("add", "subtract"))  # what later stages put together in another order


def with_signed_zeros(trace: Trace) -> Trace:
    """Return the trace with the signs of zeros held where they matter; the same trace if none needs it."""
    readers = _readers(trace)
    if not readers:
        return trace
    signs, passed_on = Signs(trace), _operands_that(passes_zeros_on, trace)
    signed: set[int] = set()
    cleared: set[int] = set()
    chosen: set[int] = set()
    waiting, known = readers, set(readers)
    while waiting:
        i = waiting.pop()
        op = trace.ops[i]
        if not trace.operands[i] or signs.is_plain(i):
            continue
        if signs.of(i) & POSITIVE:
            cleared.add(i)
            continue
        if op in SUMS:
            signed.add(i)
        elif op in CHOICES and not signs.untied(i):
            chosen.add(i)
        for j in passed_on(i):
            if j not in known:
                known.add(j)
                waiting.append(j)
    if not (signed or cleared or chosen):
        return trace
    return _Rewritten(trace, signed, cleared, chosen).result()


# --- what tells zeros apart ----------------------------------------------------------------------------------------


def _readers(trace: Trace) -> list[int]:
    """Return what is read where the sign of its zero changes a value or a slope by more than the sign of a zero."""
    able = {op for op in trace.kinds.keys() - {""} - MANY if RULES[op].fixed or any(tells_zeros_apart(op, (), 0))}
    if not able:
        return []
    told_apart = _operands_that(tells_zeros_apart, trace)
    return list(dict.fromkeys(chain.from_iterable(map(told_apart, np.flatnonzero(trace.are(*able)).tolist()))))


def _operands_that(says: Callable[..., Sequence[bool]], trace: Trace) -> Callable[[int], list[int]]:
    """Return what gives the operands of a node of which something is true, as is asked once for each operation."""
    known: dict[Hashable, list[int]] = {}

    def operands_of(i: int) -> list[int]:
        op, xs = trace.ops[i], trace.operands[i]
        key = op, len(xs), trace.fixed_keys.get(i)
        which = known.get(key)
        if which is None:
            which = known[key] = [k for k, yes in enumerate(says(op, trace.fixed.get(i, ()), len(xs))) if yes]
        return [xs[k] for k in which]

    return operands_of


# --- the trace, with the signs of zeros held -----------------------------------------------------------------------


class _Rewritten:
    """The trace being made: what loses the sign of a zero, in operations that keep it."""

    def __init__(self, trace: Trace, signed: set[int], cleared: set[int], chosen: set[int]) -> None:
        self.trace, self.cleared, self.chosen, self.keep = trace, cleared, chosen, signed
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.fixed: dict[int, tuple[float, ...]] = {}
        self.leaves: dict[int, Leaf] = {}
        self.labels: dict[int, str] = {}
        self.signed: set[int] = set()
        self.constants: dict[float, int] = {}

    def result(self) -> Trace:
        """Return the new trace."""
        trace, number = self.trace, list[int]()
        for i, op in enumerate(trace.ops):
            xs = tuple([number[j] for j in trace.operands[i]])
            new = _AS_CHOICES[op](self, *xs) if i in self.chosen else self._append(op, xs)
            if i in trace.leaves:
                self.leaves[new] = trace.leaves[i]
            if i in trace.fixed:
                self.fixed[new] = trace.fixed[i]
            if i in trace.labels:
                self.labels[new] = trace.labels[i]
            if i in self.keep:
                self.signed.add(new)
            if i in self.cleared:
                new = self._kept(new, self._constant(0.0))
            number.append(new)
        roots = [number[root] for root in trace.roots]
        return Trace(
            self.ops, self.operands, self.fixed, self.leaves, trace.parameters, roots, self.labels,
            frozenset(self.signed), trace.results,
        )  # fmt: skip

    def _append(self, op: str, operands: tuple[int, ...]) -> int:
        self.ops.append(op)
        self.operands.append(operands)
        return len(self.ops) - 1

    def _constant(self, value: float) -> int:
        if value not in self.constants:
            self.constants[value] = self._append("", ())
            self.leaves[self.constants[value]] = Leaf("constant", value=value)
        return self.constants[value]

    def _kept(self, x: int, y: int) -> int:
        """Append a sum that stays one."""
        new = self._append("add", (x, y))
        self.signed.add(new)
        return new

    def _maximum(self, x: int, y: int) -> int:
        """The larger; of equal ones half of each, so that both get half the slope and one -0.0 gives way to 0.0."""
        tie = self._kept(self._half(x), self._half(y))
        rest = self._append("where", (self._append("less", (y, x)), x, tie))
        return self._append("where", (self._append("less", (x, y)), y, rest))

    def _minimum(self, x: int, y: int) -> int:
        """The smaller, by the larger of what is negated."""
        return self._negated(self._maximum(self._negated(x), self._negated(y)))

    def _clip(self, x: int, low: int, high: int) -> int:
        """The two bounds, one after the other, which win against what is beyond them only."""
        above = self._append("where", (self._append("less", (x, low)), low, x))
        return self._append("where", (self._append("less", (high, above)), high, above))

    def _half(self, x: int) -> int:
        return self._append("multiply", (self._constant(0.5), x))

    def _negated(self, x: int) -> int:
        return self._append("negative", (x,))


_AS_CHOICES: dict[str, Callable[..., int]] = {
    "maximum": _Rewritten._maximum,
    "minimum": _Rewritten._minimum,
    "clip": _Rewritten._clip,
}
