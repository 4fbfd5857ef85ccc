"""Chains of additions and subtractions in a trace: what each adds and takes off."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.lifting.ir import Trace

CHAINS = frozenset(("add", "subtract", "total"))


@dataclass
class SignedChain:
    """What a chain adds and takes off, in order; the operations within it, and how many of them are subtractions."""

    added: list[int] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    within: set[int] = field(default_factory=set)
    subtractions: int = 0

    def is_at_once(self, height: list[int]) -> bool:
        """Whether what is taken off is of half as many heights at most, so that it can be added up at once."""
        return 2 * len({height[j] for j in self.taken}) <= len(self.taken)


def inner_operations(trace: Trace) -> list[bool]:
    """Return which operations of chains are read once, so that they may be parts of a longer one."""
    inner = trace.are(*CHAINS) & (trace.uses == 1)
    inner[[*trace.roots, *trace.signed]] = False
    flags: list[bool] = inner.tolist()
    return flags


def chain_of(trace: Trace, last: int, inner: list[bool]) -> SignedChain:
    """Return the chain that an operation is the last of."""
    whole = SignedChain(within={last})
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


def heights(trace: Trace, inner: list[bool]) -> list[int]:
    """Return how many operations come one after the other before each result, a chain counting as one."""
    height: list[int] = []
    height_of = height.__getitem__
    for xs, is_inner in zip(trace.operands, inner):
        if len(xs) == 2:  # most have two, and two are compared in half the time
            x, y = height[xs[0]], height[xs[1]]
            highest = x if x > y else y
        else:
            highest = max(map(height_of, xs)) if xs else -1
        height.append(highest if is_inner else highest + 1)
    return height
