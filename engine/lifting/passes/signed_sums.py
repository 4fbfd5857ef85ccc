"""Before normalise: chains of additions and subtractions become what is added less what is taken off.

    0 - a*x - b*y - c*z        ->   0 - (a*x + b*y + c*z)
    s + a - b + c - d          ->   (s + a + c) - (b + d)

So ``total = total - x``, in a loop, is one reduction. It is done where what is taken off is there at the same time: the
columns of a Cholesky factor, each computed from the last, are subtracted one after the other, all rows at once. What is
added or taken off is a term, though it may be a difference: a sum of differences of close numbers stays one.
Sums that are to keep the sign of their zero (`Trace.signed`) stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.lifting.chains import CHAINS, SignedChain, chain_of, heights, inner_operations
from engine.lifting.exact import negated
from engine.lifting.ir import Leaf, Trace


def with_signed_sums(trace: Trace) -> Trace:
    """Return the trace with chains of subtractions as one subtraction each; the same trace if there are none."""
    ops, operands = trace.ops, trace.operands
    if not any(op == "subtract" and not CHAINS.isdisjoint([ops[j] for j in xs]) for op, xs in zip(ops, operands)):
        return trace
    inner = inner_operations(trace)
    most = _subtractions(trace, inner)
    chains: dict[int, SignedChain] = {}
    claimed: set[int] = set()
    for i in range(len(ops) - 1, -1, -1):
        if most[i] > 1 and i not in claimed and i not in trace.signed:
            whole = chain_of(trace, i, inner)
            claimed |= whole.within
            if whole.subtractions > 1:
                chains[i] = whole
    if chains:
        height = heights(trace, inner)
        chains = {i: whole for i, whole in chains.items() if whole.is_at_once(height)}
    return _Rewritten(trace, chains).result() if chains else trace


# --- which chains there are ----------------------------------------------------------------------------------------


def _subtractions(trace: Trace, inner: list[bool]) -> list[int]:
    """Return how many subtractions each operation's chain has at most, itself included."""
    most = [0] * len(trace.ops)
    for i, op in enumerate(trace.ops):
        if op in CHAINS:
            most[i] = (op == "subtract") + sum([most[j] for j in trace.operands[i] if inner[j]])
    return most


# --- the trace, with these chains as subtractions ------------------------------------------------------------------


class _Rewritten:
    """The trace being made."""

    def __init__(self, trace: Trace, chains: dict[int, SignedChain]) -> None:
        self.trace, self.chains = trace, chains
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.leaves: dict[int, Leaf] = {}
        self.number: list[int] = []

    def result(self) -> Trace:
        """Return the new trace."""
        trace, number = self.trace, self.number
        gone = {i for last, whole in self.chains.items() for i in whole.within if i != last}
        place, ops, operands = number.__getitem__, self.ops, self.operands
        within = gone.union(self.chains)
        for i, (op, xs) in enumerate(zip(trace.ops, trace.operands)):
            if i not in within:
                number.append(len(ops))
                ops.append(op)
                operands.append((number[xs[0]], number[xs[1]]) if len(xs) == 2 else tuple(map(place, xs)))
            else:
                number.append(-1 if i in gone else self._subtraction(self.chains[i]))
        self.leaves.update((place(i), leaf) for i, leaf in trace.leaves.items())
        fixed = {place(i): numbers for i, numbers in trace.fixed.items()}
        labels = {place(i): label for i, label in trace.labels.items() if i not in gone}
        roots, signed = [place(root) for root in trace.roots], frozenset(map(place, trace.signed))
        parts = (self.ops, self.operands, fixed, self.leaves, trace.parameters, roots, labels, signed)
        return Trace(*parts, trace.results)

    def _append(self, op: str, operands: Iterable[int]) -> int:
        self.ops.append(op)
        self.operands.append(tuple(operands))
        return len(self.ops) - 1

    def _subtraction(self, whole: SignedChain) -> int:
        """Append a chain; a number that is taken off is added negated, so that no zero of the whole loses its sign."""
        added, taken = [self.number[j] for j in whole.added], []
        for j in whole.taken:
            leaf = self.trace.leaves.get(j)
            if leaf is not None and leaf.role == "constant":
                added.append(self._append("", ()))
                self.leaves[added[-1]] = leaf._replace(value=negated(leaf.value))
            else:
                taken.append(self.number[j])
        return self._append("subtract", (self._total(added), self._total(taken))) if taken else self._total(added)

    def _total(self, terms: list[int]) -> int:
        return self._append("total", terms) if len(terms) > 1 else terms[0]
