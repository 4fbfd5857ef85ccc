"""Chains of additions and subtractions in a trace: where each ends, what it adds and what it takes off.

An operation of a chain is within the chain of the one that alone reads it; a difference, where it is read first: in
``a + (b - c)`` it is a term. All chains are known at once, as arrays, and one of them as lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.lifting.ir import CHAINS, Trace
from engine.lifting.views import Indices


@dataclass
class SignedChain:
    """What a chain adds and takes off, in order; the operations within it, and how many of them are subtractions."""

    added: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    within: set[int] = field(default_factory=set)
    subtractions: int = 0

    def is_at_once(self, height: Indices) -> bool:
        """Whether what is taken off is of half as many heights at most, so that it can be added up at once."""
        return 2 * len(set(height[self.taken].tolist())) <= len(self.taken)


def within(trace: Trace) -> npt.NDArray[np.bool_]:
    """Return which operations are within a longer chain."""
    reader, is_subtraction = trace.readers, trace.are("subtract")
    first = np.full(len(reader), -1)
    first[trace.arity > 0] = trace.reads[(np.cumsum(trace.arity) - trace.arity)[trace.arity > 0]]
    comes_first = (first[reader] == np.arange(len(reader))) & ~trace.are("total")[reader]
    inside: npt.NDArray[np.bool_] = trace.inner & trace.are(*CHAINS)[reader] & (comes_first | ~is_subtraction)
    return inside


@dataclass(frozen=True)
class ChainTerms:
    """The terms of all chains, zeros left out.

    Attributes
    ----------
    inside
        Which operations are within a longer chain.
    ends
        The last operation of the chain that each operation is in; of others, themselves.
    chain, term, taken
        Of each term: its chain, by the last operation; which node it is; whether it is taken off.
    """

    inside: npt.NDArray[np.bool_]
    ends: Indices
    chain: Indices
    term: Indices
    taken: npt.NDArray[np.bool_]


def terms_of(trace: Trace) -> ChainTerms:
    """Return the terms of all chains: who is within whom is followed twice as far at each step."""
    inside, owner = within(trace), trace.owners
    second = np.arange(len(owner)) - (np.cumsum(trace.arity) - trace.arity)[owner] == 1
    is_taken = second & trace.are("subtract")[owner]
    ends, sign = np.where(inside, trace.readers, np.arange(len(inside))), np.zeros(len(inside), bool)
    sign[trace.reads[is_taken & inside[trace.reads]]] = True
    while (further := ends[ends]).tobytes() != ends.tobytes():
        ends, sign = further, sign ^ sign[ends]
    zeros = np.zeros(len(inside), bool)
    zeros[list(trace.zeros)] = True
    terms = trace.are(*CHAINS)[owner] & ~inside[trace.reads] & ~zeros[trace.reads]
    return ChainTerms(inside, ends, ends[owner[terms]], trace.reads[terms], (is_taken ^ sign[owner])[terms])


def chain_of(trace: Trace, last: int) -> SignedChain:
    """Return the chain that an operation is the last of."""
    whole, inner = SignedChain(within={last}), trace.inner
    stack = [(last, False)]
    while stack:
        i, is_taken = stack.pop()
        if i not in whole.within:
            (whole.taken if is_taken else whole.added).append(i)
            continue
        op, xs = trace.ops[i], trace.operands[i]
        whole.subtractions += op == "subtract"
        for k in range(len(xs) - 1, -1, -1):
            j = xs[k]
            if inner[j] and (trace.ops[j] != "subtract" or (k == 0 and op != "total")):
                whole.within.add(j)
            stack.append((j, is_taken ^ (op == "subtract" and k == 1)))
    return whole
