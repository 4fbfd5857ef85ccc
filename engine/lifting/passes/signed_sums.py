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

from engine.lifting.chains import SignedChain, chain_of, terms_of
from engine.lifting.exact import negated
from engine.lifting.ir import Leaf, Trace


def with_signed_sums(trace: Trace) -> Trace:
    """Return the trace with chains of subtractions as one subtraction each; the same trace if there are none."""
    differences = trace.inner & trace.are("subtract")
    if not differences.any():
        return trace
    terms = terms_of(trace)
    lasts = set(terms.ends[differences & terms.inside].tolist()) - trace.signed
    wholes = {i: chain_of(trace, i) for i in lasts}
    chains = {i: w for i, w in wholes.items() if w.subtractions > 1 and w.is_at_once(trace.heights)}
    return _Rewritten(trace, chains).result() if chains else trace


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
        first = min(gone)  # what comes before stays as it is
        number += range(first)
        self.ops, self.operands = trace.ops[:first], trace.operands[:first]
        place = number.__getitem__
        for i, xs in enumerate(trace.operands[first:], first):
            if i in gone:
                number.append(-1)
            elif i in self.chains:
                number.append(self._subtraction(self.chains[i]))
            else:
                number.append(len(self.ops))
                self.ops.append(trace.ops[i])
                self.operands.append(tuple(map(place, xs)))
        self.leaves |= {place(i): leaf for i, leaf in trace.leaves.items()}
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
