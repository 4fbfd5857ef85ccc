"""After recording: what a `where` or a `select` did not choose hands back nothing, not even 0 times infinity.

The scalar engine computes the chosen side only. A program computes both, and where the other's derivative is infinite
or not a number, its cotangent 0 becomes NaN. So an operation that only some choices reach (its *mask*) has its operands
held at 0 where they do not: ``where(c, log(x), 0)`` becomes ``where(c, log(where(c, x, 0)), 0)``. This is done where a
cotangent leaves what the same choices reach, if a derivative on its way can be anything but finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np

from engine.lifting.ir import Leaf, Trace
from engine.lifting.passes.reached import ALWAYS, Mask, Reached, Way
from engine.rules import RULES

ZERO, ONE = Leaf("constant", value=0.0), Leaf("constant", value=1.0)


def without_unchosen(trace: Trace) -> Trace:
    """Return the trace with operations guarded that only some choices reach; the same trace if none needs it."""
    selects = np.flatnonzero(trace.are("select")).tolist()
    if "where" not in trace.kinds and not any(_computed(trace, i) for i in selects):
        return trace
    reached = Reached(trace)
    gates = _gates(reached)
    if not gates:
        return trace
    try:
        return _Guarded(trace, reached.masks, gates, shared=True).result()
    except _CycleError:
        return _Guarded(trace, reached.masks, gates, shared=False).result()


def _computed(trace: Trace, i: int) -> bool:
    """Whether a choice is from a table with entries that are computed."""
    return any(trace.operands[j] for j in trace.operands[i][:-1])


# --- where cotangents leave ----------------------------------------------------------------------------------------


def _gates(reached: Reached) -> set[tuple[int, int]]:
    """Return the edges (operation, operand) on which a cotangent that may be NaN leaves what the same choices reach."""
    trace, masks = reached.trace, reached.masks
    gates = set()
    tainted = [False] * len(trace.ops)
    for i in reached.at_times:  # what reads an operation before it
        spoils = tainted[i] or _spoils(trace, i)
        for j, edge in reached.edges(masks[i], i) if spoils else ():
            leaf = trace.leaves.get(j)
            if leaf is not None and leaf.role == "constant":
                continue
            if leaf is not None or masks[j] is not edge:
                gates.add((i, j))
            else:
                tainted[j] = True
    return gates


def _spoils(trace: Trace, i: int) -> bool:
    """Whether a cotangent of 0 can come out of an operation as NaN."""
    leaves = [trace.leaves.get(j) for j in trace.operands[i]]
    known = tuple([leaf.value if leaf is not None and leaf.role == "constant" else None for leaf in leaves])
    return _can_spoil(trace.ops[i], known, trace.fixed.get(i, ()))


@cache
def _can_spoil(op: str, known: tuple[float | None, ...], fixed: tuple[float, ...]) -> bool:
    for unknown in (math.nan, math.inf):
        xs = [unknown if x is None else x for x in known]
        if op == "select":
            xs[-1] = 0.0
        try:
            handed = RULES[op].bind(unknown, xs, fixed)(0.0)
        except (ArithmeticError, ValueError):
            return True
        if any(x is None and g != 0.0 for x, g in zip(known, handed)):
            return True
    return False


# --- the trace, with operands held at 0 ----------------------------------------------------------------------------


class _CycleError(Exception):
    """A condition needs an operation that is held by the condition itself."""


class _Guarded:
    """The trace being made: each operation as it is, and where choices reach it, once more with its operands held.

    What all choices reach has the same number either way. Where it can be `shared`, conditions are computed of it with
    operands held, so that nothing is computed twice; else of the operations as they are.
    """

    def __init__(self, trace: Trace, masks: list[Mask], gates: set[tuple[int, int]], shared: bool) -> None:
        self.trace, self.masks, self.gates, self.shared = trace, masks, gates, shared
        self.guarded = {i for i, _ in gates}
        self.read: dict[Mask, list[int]] = {}  # conditions of a mask
        self.rewritten = self._rewritten()
        self.ops, self.operands = list(trace.ops), list(trace.operands)
        self.fixed, self.leaves, self.labels = dict(trace.fixed), dict(trace.leaves), dict(trace.labels)
        self.made: dict[int, int] = {}  # version -> its number here, of what is rewritten
        self.constants: dict[Leaf, int] = {}
        self.conditions: dict[Way | frozenset[Way] | Mask, int] = {}

    def result(self) -> Trace:
        """Return the new trace: results with operands held, the conditions of guards as they are."""
        self._leave_out()
        roots = [(root, k < self.trace.results) for k, root in enumerate(self.trace.roots)]
        for root, held in roots:
            self._make(root, held)
        return Trace(
            self.ops, self.operands, self.fixed, self.leaves, self.trace.parameters,
            [self._number(root, held) for root, held in roots], self.labels, results=self.trace.results,
        )  # fmt: skip

    def _rewritten(self) -> set[int]:
        """Return the operations that are held, and what is computed from them; of all others one version serves."""
        rewritten, first = set(self.guarded), min(self.guarded)
        for i, xs in enumerate(self.trace.operands[first:], first):
            if not rewritten.isdisjoint(xs):
                rewritten.add(i)
        return rewritten

    def _leave_out(self) -> None:
        """Put an unread 0 in the places of what is written anew at the end: all others keep their numbers."""
        for i in self.rewritten:
            self.ops[i], self.operands[i], self.leaves[i] = "", (), ZERO
            self.fixed.pop(i, None)
            self.labels.pop(i, None)

    def _version(self, i: int, held: bool) -> int:
        """Return which of an operation's two versions serves: i, or ~i for the one with its operands held."""
        if i not in self.rewritten or not self.masks[i]:
            return i
        return ~i if held or (self.shared and self.masks[i] is ALWAYS) else i

    def _number(self, i: int, held: bool) -> int:
        version = self._version(i, held)
        return self.made.get(version, version)

    def _is_there(self, version: int) -> bool:
        """Whether an operation has its number: it is made, or as it was."""
        return version in self.made or (version >= 0 and version not in self.rewritten)

    def _make(self, root: int, held: bool) -> None:
        """Make an operation and all that it needs, without recursion."""
        stack = [self._version(root, held)]
        opened: set[int] = set()  # what waits, further down, for what is above it
        while stack:
            version = stack[-1]
            if not self._is_there(version) and version not in opened:
                waiting = [v for v in self._needs(version) if not self._is_there(v)]
                if waiting:
                    if version in waiting or not opened.isdisjoint(waiting):
                        raise _CycleError
                    opened.add(version)
                    waiting.reverse()
                    stack += waiting
                    continue
            stack.pop()
            opened.discard(version)
            if not self._is_there(version):
                self.made[version] = self._made(version)

    def _needs(self, version: int) -> Sequence[int]:
        i, held = (version, False) if version >= 0 else (~version, True)
        xs = self.trace.operands[i]
        first = [self._version(j, held and self._differentiated(i, k)) for k, j in enumerate(xs)]
        if held and i in self.guarded:
            mask = self.masks[i]
            if mask not in self.read:
                self.read[mask] = sorted({condition for term in mask for condition, _, _ in term})
            first += [self._version(c, False) for c in self.read[mask]]
        return first

    def _differentiated(self, i: int, k: int) -> bool:
        """Whether operand k gets a cotangent; a condition and an index do not."""
        op = self.trace.ops[i]
        if op == "select":
            return k < len(self.trace.operands[i]) - 1
        return RULES[op].differentiable and not (op == "where" and k == 0)

    def _made(self, version: int) -> int:
        i, held = (version, False) if version >= 0 else (~version, True)
        number = self._append(self.trace.ops[i], tuple(self._operands(i, held)), self.trace.leaves.get(i))
        if i in self.trace.fixed:
            self.fixed[number] = self.trace.fixed[i]
        if i in self.trace.labels:
            self.labels[number] = self.trace.labels[i]
        return number

    def _operands(self, i: int, held: bool) -> Iterator[int]:
        for k, j in enumerate(self.trace.operands[i]):
            differentiated = held and self._differentiated(i, k)
            number = self._number(j, differentiated)
            if differentiated and (i, j) in self.gates:
                number = self._held(number, self.masks[i])
            yield number

    def _held(self, number: int, mask: Mask) -> int:
        """Append the choice between an operand, where a mask holds, and 0."""
        terms = [list(term) for term in mask]
        if len(terms) == len(terms[0]) == 1 and not terms[0][0][2]:
            return self._append("where", (self._holds((*terms[0][0][:2], True)), self._constant(ZERO), number))
        return self._append("where", (self._condition(mask), number, self._constant(ZERO)))

    def _append(self, op: str, operands: tuple[int, ...], leaf: Leaf | None = None) -> int:
        number = len(self.ops)
        self.ops.append(op)
        self.operands.append(operands)
        if leaf is not None:
            self.leaves[number] = leaf
        return number

    def _constant(self, leaf: Leaf) -> int:
        if leaf not in self.constants:
            self.constants[leaf] = self._append("", (), leaf)
        return self.constants[leaf]

    # --- masks as conditions: all by `where`, for which any number but 0 holds ---------------------------------------

    def _condition(self, mask: Mask) -> int:
        """Return the number of a condition that holds where a mask does."""
        if mask not in self.conditions:
            self.conditions[mask] = self._joined([self._all(term) for term in sorted(mask, key=sorted)], any_of=True)
        return self.conditions[mask]

    def _all(self, term: frozenset[Way]) -> int:
        if term not in self.conditions:
            self.conditions[term] = self._joined([self._holds(literal) for literal in sorted(term)], any_of=False)
        return self.conditions[term]

    def _joined(self, conditions: Iterable[int], any_of: bool) -> int:
        first, *rest = conditions
        for condition in rest:
            sides = (self._constant(ONE), condition) if any_of else (condition, self._constant(ZERO))
            first = self._append("where", (first, *sides))
        return first

    def _holds(self, literal: Way) -> int:
        if literal not in self.conditions:
            i, entry, sign = literal
            number = self._number(i, False)
            if entry >= 0:
                number = self._append("equal", (number, self._constant(Leaf("constant", value=float(entry)))))
            if not sign:
                number = self._append("where", (number, self._constant(ZERO), self._constant(ONE)))
            self.conditions[literal] = number
        return self.conditions[literal]
