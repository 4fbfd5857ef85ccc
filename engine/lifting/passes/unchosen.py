"""After recording: what a `where` or a `select` did not choose hands back nothing, not even 0 times infinity.

The scalar engine computes the chosen side only. A program computes both, and where the other's derivative is infinite
or not a number, its cotangent 0 becomes NaN. So an operation that only some choices reach (its *mask*) has its operands
held at 0 where they do not: ``where(c, log(x), 0)`` becomes ``where(c, log(where(c, x, 0)), 0)``. This is done where a
cotangent leaves what the same choices reach, if a derivative on its way can be anything but finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeAlias

from engine.lifting.ir import Leaf, Trace
from engine.rules import RULES

Literal: TypeAlias = "tuple[int, int, bool]"  # a condition (or an index), -1 (or the entry that it chooses), whether
Mask: TypeAlias = "frozenset[frozenset[Literal]]"  # choices that reach an operation: any of these, each all of these

NEVER: Mask = frozenset()
ALWAYS: Mask = frozenset([frozenset()])
ZERO, ONE = Leaf("constant", value=0.0), Leaf("constant", value=1.0)


def without_unchosen(trace: Trace) -> Trace:
    """Return the trace with operations guarded that only some choices reach; the same trace if none needs it."""
    if not any(True for i, op in enumerate(trace.ops) if op == "where" or (op == "select" and _computed(trace, i))):
        return trace
    masks = _masks(trace)
    gates = _gates(trace, masks)
    if not gates:
        return trace
    try:
        return _Guarded(trace, masks, gates, shared=True).result()
    except _CycleError:
        return _Guarded(trace, masks, gates, shared=False).result()


def _computed(trace: Trace, i: int) -> bool:
    """Whether a table has entries that are computed."""
    return any(trace.operands[j] for j in trace.operands[i][:-1])


# --- which choices reach what --------------------------------------------------------------------------------------


def _masks(trace: Trace) -> list[Mask]:
    """Return the choices under which each operation gets a cotangent; those of leaves are not needed."""
    masks = [NEVER] * len(trace.ops)
    masks[trace.roots[0]] = ALWAYS
    leaves, ordinary = (
        set(trace.leaves),
        {op for op, rule in RULES.items() if rule.differentiable} - {"where", "select"},
    )
    for i in range(len(trace.ops) - 1, -1, -1):
        if masks[i] is ALWAYS and trace.ops[i] in ordinary:
            for j in () if leaves.issuperset(trace.operands[i]) else trace.operands[i]:
                masks[j] = ALWAYS
        elif masks[i]:
            for j, edge in _edges(trace, masks, i):
                if trace.operands[j]:
                    masks[j] = _either(masks[j], edge)
    return masks


def _edges(trace: Trace, masks: list[Mask], i: int) -> Iterator[tuple[int, Mask]]:
    """Yield each operand that an operation hands a cotangent to, and the choices under which it does."""
    op, xs, mask = trace.ops[i], trace.operands[i], masks[i]
    if not xs or not RULES[op].differentiable:
        return
    if op == "where":
        yield xs[1], _both(mask, (xs[0], -1, True))
        yield xs[2], _both(mask, (xs[0], -1, False))
    elif op == "select":
        for k, j in enumerate(xs[:-1]):
            yield j, (_both(mask, (xs[-1], k, True)) if trace.operands[j] else ALWAYS)
    else:
        yield from ((j, mask) for j in xs)


def _both(mask: Mask, literal: Literal) -> Mask:
    opposite = (*literal[:2], not literal[2])
    return frozenset([term | {literal} for term in mask if opposite not in term])


def _either(a: Mask, b: Mask) -> Mask:
    """Return a or b; what holds with a condition and without it holds always."""
    if b == ALWAYS or a == ALWAYS:
        return ALWAYS
    if not a or not b or a == b:
        return a or b
    terms = set(a)
    for term in b:
        _add(terms, term)
    return frozenset(terms) if frozenset() not in terms else ALWAYS


def _add(terms: set[frozenset[Literal]], term: frozenset[Literal]) -> None:
    if any(known <= term for known in terms):
        return
    for literal in term:
        rest = term - {literal}
        if rest | {(*literal[:2], not literal[2])} in terms:
            terms.discard(rest | {(*literal[:2], not literal[2])})
            return _add(terms, rest)
    terms -= {known for known in terms if term <= known}
    terms.add(term)


# --- where cotangents leave ----------------------------------------------------------------------------------------


def _gates(trace: Trace, masks: list[Mask]) -> set[tuple[int, int]]:
    """Return the edges (operation, operand) on which a cotangent that may be NaN leaves what the same choices reach."""
    gates = set()
    tainted = [False] * len(trace.ops)
    for i in range(len(trace.ops) - 1, -1, -1):
        if masks[i] in (NEVER, ALWAYS):
            continue
        spoils = tainted[i] or _spoils(trace, i)
        for j, edge in _edges(trace, masks, i) if spoils else ():
            leaf = trace.leaves.get(j)
            if leaf is not None and leaf.role == "constant":
                continue
            if leaf is not None or masks[j] != edge:
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
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.fixed: dict[int, tuple[float, ...]] = {}
        self.leaves: dict[int, Leaf] = {}
        self.labels: dict[int, str] = {}
        self.made: dict[tuple[int, bool], int] = {}  # (operation, whether with its operands held) -> its number here
        self.constants: dict[Leaf, int] = {}
        self.conditions: dict[Literal | frozenset[Literal] | Mask, int] = {}

    def result(self) -> Trace:
        """Return the new trace: the value with operands held, the conditions of guards as they are."""
        value, *guards = self.trace.roots
        for root, held in ((value, True), *[(g, False) for g in guards]):
            self._make(root, held)
        roots = [self._number(value, True), *[self._number(g, False) for g in guards]]
        return Trace(
            self.ops, self.operands, self.fixed, self.leaves, self.trace.parameters, roots, self.labels,
        )  # fmt: skip

    def _version(self, i: int, held: bool) -> tuple[int, bool]:
        """Return which of an operation's two versions serves."""
        if not self.trace.operands[i] or self.masks[i] == NEVER:
            return i, False
        return i, held or (self.shared and self.masks[i] == ALWAYS)

    def _number(self, i: int, held: bool) -> int:
        return self.made[self._version(i, held)]

    def _make(self, root: int, held: bool) -> None:
        """Make an operation and all that it needs, without recursion."""
        stack = [self._version(root, held)]
        opened: set[tuple[int, bool]] = set()
        while stack:
            version = stack[-1]
            waiting = [] if version in self.made else [v for v in self._needs(*version) if v not in self.made]
            if any(v in opened for v in waiting) or version in waiting:
                raise _CycleError
            if waiting:
                opened.add(version)
                stack.extend(reversed(waiting))
                continue
            stack.pop()
            opened.discard(version)
            if version not in self.made:
                self.made[version] = self._made(*version)

    def _needs(self, i: int, held: bool) -> list[tuple[int, bool]]:
        xs = self.trace.operands[i]
        first = [self._version(j, held and self._differentiated(i, k)) for k, j in enumerate(xs)]
        if held and any((i, j) in self.gates for j in xs):
            first += [self._version(c, False) for c, _, _ in sorted({x for term in self.masks[i] for x in term})]
        return first

    def _differentiated(self, i: int, k: int) -> bool:
        """Whether operand k gets a cotangent; a condition and an index do not."""
        op = self.trace.ops[i]
        if op == "select":
            return k < len(self.trace.operands[i]) - 1
        return RULES[op].differentiable and not (op == "where" and k == 0)

    def _made(self, i: int, held: bool) -> int:
        if not self.trace.operands[i]:
            number = self._append("", (), self.trace.leaves[i])
        else:
            number = self._append(self.trace.ops[i], tuple(self._operands(i, held)))
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

    def _all(self, term: frozenset[Literal]) -> int:
        if term not in self.conditions:
            self.conditions[term] = self._joined([self._holds(literal) for literal in sorted(term)], any_of=False)
        return self.conditions[term]

    def _joined(self, conditions: Iterable[int], any_of: bool) -> int:
        first, *rest = conditions
        for condition in rest:
            sides = (self._constant(ONE), condition) if any_of else (condition, self._constant(ZERO))
            first = self._append("where", (first, *sides))
        return first

    def _holds(self, literal: Literal) -> int:
        if literal not in self.conditions:
            i, entry, sign = literal
            number = self._number(i, False)
            if entry >= 0:
                number = self._append("equal", (number, self._constant(Leaf("constant", value=float(entry)))))
            if not sign:
                number = self._append("where", (number, self._constant(ZERO), self._constant(ONE)))
            self.conditions[literal] = number
        return self.conditions[literal]
