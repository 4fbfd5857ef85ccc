"""Part of `unchosen`: under which choices each operation of a trace gets a cotangent.

    where(c, exp(x), log(x))      exp where c holds, log where it does not, and x always
    select([a, exp(b), c], k)     exp where k is 1

What holds whichever way a condition goes, or whichever entry an index chooses, holds always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np

from engine.lifting.ir import Trace
from engine.rules import RULES

Way: TypeAlias = "tuple[int, int, bool]"  # a condition (or an index), -1 (or the entry that it chooses), whether
Mask: TypeAlias = "frozenset[frozenset[Way]]"  # choices that reach an operation: any of these, each all of these

NEVER: Mask = frozenset()
ALWAYS: Mask = frozenset([frozenset()])


class Reached:
    """The choices under which each operation gets a cotangent; equal masks are the same object."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.known: dict[Mask, Mask] = {NEVER: NEVER, ALWAYS: ALWAYS}
        self.narrowed: dict[tuple[Mask, Way], Mask] = {}
        self.entries: dict[int, int] = {}  # index -> how many entries its smallest table has
        for i in np.flatnonzero(trace.are("select")).tolist():
            xs = trace.operands[i]
            self.entries[xs[-1]] = min(len(xs) - 1, self.entries.get(xs[-1], len(xs)))
        self.at_times: list[int] = []  # what some choices reach and others do not, from the last
        self.masks = self._masks()

    def _masks(self) -> list[Mask]:
        """Return the mask of each operation; those of leaves are not needed."""
        trace, ops, operands = self.trace, self.trace.ops, self.trace.operands
        masks = [NEVER] * len(ops)
        for root in trace.roots[: trace.results]:
            masks[root] = ALWAYS
        ordinary = {op for op, rule in RULES.items() if rule.differentiable} - {"where", "select"}
        handed: dict[int, dict[Mask, None]] = {}
        for i in range(len(masks) - 1, -1, -1):
            if masks[i] is not ALWAYS:
                if i not in handed:
                    continue
                masks[i] = self._any_of(handed.pop(i))
                if masks[i] and masks[i] is not ALWAYS:
                    self.at_times.append(i)
            if masks[i] is ALWAYS and ops[i] in ordinary:
                for j in operands[i]:
                    masks[j] = ALWAYS
            elif masks[i]:
                for j, edge in self.edges(masks[i], i):
                    if edge is ALWAYS:
                        masks[j] = ALWAYS
                    elif operands[j] and masks[j] is not ALWAYS:
                        handed.setdefault(j, {})[edge] = None
        return masks

    def edges(self, mask: Mask, i: int) -> Iterator[tuple[int, Mask]]:
        """Yield each operand that an operation hands a cotangent to, and the choices under which it does."""
        op, xs = self.trace.ops[i], self.trace.operands[i]
        if not xs or not RULES[op].differentiable:
            return
        if op == "where":
            yield xs[1], self._both(mask, (xs[0], -1, True))
            yield xs[2], self._both(mask, (xs[0], -1, False))
        elif op == "select":
            for k, j in enumerate(xs[:-1]):
                yield j, (self._both(mask, (xs[-1], k, True)) if self.trace.operands[j] else ALWAYS)
        else:
            yield from ((j, mask) for j in xs)

    def _same(self, terms: Iterable[frozenset[Way]]) -> Mask:
        mask = frozenset(terms)
        return self.known.setdefault(mask, mask)

    def _both(self, mask: Mask, literal: Way) -> Mask:
        key = mask, literal
        if key not in self.narrowed:
            opposite = (*literal[:2], not literal[2])
            self.narrowed[key] = self._same(term | {literal} for term in mask if opposite not in term)
        return self.narrowed[key]

    def _any_of(self, masks: Iterable[Mask]) -> Mask:
        """Return what holds where any of some masks does."""
        first, *others = [mask for mask in masks if mask] or [NEVER]
        return self._same(_shortest(self._joined(set(first.union(*others))))) if others else first

    def _joined(self, terms: set[frozenset[Way]]) -> set[frozenset[Way]]:
        """Add what holds whichever way a condition goes, or whichever entry an index chooses."""
        waiting = list(terms)
        ways: dict[tuple[frozenset[Way], int], set[tuple[int, bool]]] = {}
        while waiting:
            term = waiting.pop()
            for literal in term:
                rest = term - {literal}
                seen = ways.setdefault((rest, literal[0]), set())
                seen.add(literal[1:])
                if rest not in terms and self._is_every_way(literal[0], seen):
                    terms.add(rest)
                    waiting.append(rest)
        return terms

    def _is_every_way(self, condition: int, ways: set[tuple[int, bool]]) -> bool:
        if (-1, True) in ways and (-1, False) in ways:
            return True
        entries = self.entries.get(condition, 0)
        return 0 < entries <= len(ways) and all((k, True) in ways for k in range(entries))


def _shortest(terms: Iterable[frozenset[Way]]) -> list[frozenset[Way]]:
    """Return the terms that none of the others is a part of."""
    shortest: list[frozenset[Way]] = []
    by_least: dict[Way, list[frozenset[Way]]] = {}
    for term in sorted(terms, key=len):
        if not term:
            return [term]
        if not any(known <= term for literal in term for known in by_least.get(literal, ())):
            shortest.append(term)
            by_least.setdefault(min(term), []).append(term)
    return shortest
