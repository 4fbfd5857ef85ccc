"""Trace -> Trace, without log-sum-exp: each by its parts, of which the shift passes no derivative.

    logsumexp(x, y)  ->  log(exp(x - m) + exp(y - m)) + m,   m = shift(x, y), the larger of both

So its gradient, which is a softmax, reuses the exponentials.
"""

from __future__ import annotations

from engine.lifting.ir import Leaf, Trace


def expand(trace: Trace) -> Trace:
    """Write out every log-sum-exp; the same trace if there is none."""
    return _Expansion(trace).result() if "logsumexp" in trace.ops else trace


class _Expansion:
    """The new trace, and the number there of each operation of the old one."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.number: list[int] = []

    def result(self) -> Trace:
        trace, number = self.trace, self.number
        for op, operands in zip(trace.ops, trace.operands):
            xs = tuple([number[j] for j in operands])
            number.append(self._logsumexp(xs) if op == "logsumexp" else self._append(op, *xs))
        fixed = {number[i]: numbers for i, numbers in trace.fixed.items()}
        leaves: dict[int, Leaf] = {number[i]: leaf for i, leaf in trace.leaves.items()}
        labels = {number[i]: label for i, label in trace.labels.items()}
        roots = [number[root] for root in trace.roots]
        signed = frozenset([number[i] for i in trace.signed])
        return Trace(self.ops, self.operands, fixed, leaves, trace.parameters, roots, labels, signed)

    def _logsumexp(self, xs: tuple[int, ...]) -> int:
        largest = self._append("shift", *xs)
        powers = [self._append("exp", self._append("subtract", x, largest)) for x in xs]
        return self._append("add", self._append("log", self._append("total", *powers)), largest)

    def _append(self, op: str, *operands: int) -> int:
        self.ops.append(op)
        self.operands.append(operands)
        return len(self.ops) - 1
