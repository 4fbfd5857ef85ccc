"""A trace that grows: scalar operations are appended to it, equal ones once, and what nobody reads is left out.

Numbers in it are nodes, by their number, or plain floats, which are folded where that is exact:

>>> from engine.lifting.ir import Leaf, Trace
>>> graph = ScalarGraph(Trace([""], [()], {}, {0: Leaf("input")}, (), [0], {}))
>>> graph.apply("multiply", 0, 1.0), graph.apply("multiply", 2.0, 3.0)
(0, 6.0)
>>> z = graph.apply("tanh", 0)
>>> graph.apply("tanh", 0) == z
True
>>> print(graph.finished([z, 4.0]))
0: input
1: tanh 0
2: constant 4
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, compress
from math import copysign
from typing import Any, TypeAlias

from engine.lifting.exact import fold
from engine.lifting.ir import Leaf, Trace

Atom: TypeAlias = "int | float"  # a node, or a number


class ScalarGraph:
    """The operations of a trace, under their numbers there, and those that are appended.

    Attributes
    ----------
    trace
        What it began with.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.ops, self.operands = list(trace.ops), list(trace.operands)
        self.fixed, self.leaves = dict(trace.fixed), dict(trace.leaves)
        self._known: dict[Any, int] = {}
        known = self._known.setdefault
        for i, (op, xs) in enumerate(zip(self.ops, self.operands)):
            if xs:
                known((op, xs, self.fixed.get(i, ())), i)
            else:
                known(_leaf_key(self.leaves[i]), i)

    # --- operations ------------------------------------------------------------------------------------------

    def apply(self, op: str, *xs: Atom, fixed: tuple[float, ...] = ()) -> Atom:
        """Return the result of an operation; of a power of a fixed exponent, by the rule for those."""
        if len(xs) == 2 and isinstance(x := xs[0], int) and isinstance(y := xs[1], int):  # most are, and none is folded
            if op == "add" and self.ops[y] == "negative":
                return self._node("subtract", (x, self.operands[y][0]), ())
            return self._node(op, (x, y), fixed)
        simple = _simplified(self, op, xs)
        if simple is not None:
            return simple
        if op == "power" and xs[1].__class__ is not int:
            return self._node("power_constant", (self.node(xs[0]),), (float(xs[1]),))
        return self._node(op, tuple(map(self.node, xs)), fixed)

    def total(self, terms: Sequence[Atom]) -> Atom:
        """Return a sum."""
        if len(terms) > 2:
            return self._node("total", tuple(map(self.node, terms)), ())
        return terms[0] if len(terms) == 1 else self.apply("add", *terms)

    def dot(self, pairs: Sequence[tuple[Atom, Atom]]) -> Atom:
        """Return a sum of products."""
        single = [x.__class__ is not int or y.__class__ is not int for x, y in pairs]  # what folding may shorten
        terms = [self.apply("multiply", *pair) for pair, alone in zip(pairs, single) if alone or len(pairs) == 1]
        products = [pair for pair, alone in zip(pairs, single) if not alone]
        if len(pairs) > 1 and products:
            left, right = zip(*products)
            terms.append(self._node("dot", (*left, *right), ()))
        return self.total(terms)

    def positive(self, x: Atom) -> int | None:
        """Return what a node is the negative of; None if it is none."""
        return self.operands[x][0] if isinstance(x, int) and self.ops[x] == "negative" else None

    def _node(self, op: str, xs: tuple[int, ...], fixed: tuple[float, ...]) -> int:
        new = len(self.ops)
        number = self._known.setdefault((op, xs, fixed), new)
        if number == new:
            if fixed:
                self.fixed[new] = fixed
            self.ops.append(op)
            self.operands.append(xs)
        return number

    # --- leaves ----------------------------------------------------------------------------------------------

    def node(self, x: Atom) -> int:
        """Return a number as a node; a node is itself."""
        return x if x.__class__ is int else self._leaf(Leaf("constant", value=float(x)))

    def input(self, argument: int, position: int) -> int:
        """Return an element of an input array."""
        return self._leaf(Leaf("input", position, argument))

    def _leaf(self, leaf: Leaf) -> int:
        key = _leaf_key(leaf)
        if key not in self._known:
            self._known[key] = len(self.ops)
            self.leaves[len(self.ops)] = leaf
            self.ops.append("")
            self.operands.append(())
        return self._known[key]

    # --- the end ---------------------------------------------------------------------------------------------

    def finished(self, results: Sequence[Atom], guards: Sequence[int] = ()) -> Trace:
        """Return the operations that the results and the conditions of guards are computed from, as a trace."""
        roots = [*map(self.node, results), *guards]
        reached = bytearray(len(self.ops))
        for root in roots:
            reached[root] = 1
        for i in range(len(self.ops) - 1, -1, -1):
            if reached[i]:
                for j in self.operands[i]:
                    reached[j] = 1
        place = [*accumulate(reached, initial=0)]
        operands = [tuple(map(place.__getitem__, xs)) for xs in compress(self.operands, reached)]
        fixed, leaves = (_renumbered(part, reached, place) for part in (self.fixed, self.leaves))
        return replace(
            self.trace, ops=[*compress(self.ops, reached)], operands=operands, fixed=fixed, leaves=leaves,
            roots=[place[root] for root in roots], labels=_renumbered(self.trace.labels, reached, place),
            results=len(results),
        )  # fmt: skip


def _leaf_key(leaf: Leaf) -> Any:
    return (leaf.value, copysign(1.0, leaf.value)) if leaf.role == "constant" else leaf


def _renumbered(part: Mapping[int, Any], reached: bytearray, place: Sequence[int]) -> dict[int, Any]:
    return {place[i]: x for i, x in part.items() if reached[i]}


def _simplified(graph: ScalarGraph, op: str, xs: Sequence[Atom]) -> Atom | None:
    """Return what an operation is without being computed; None if it is to be."""
    numbers = [x.__class__ is not int for x in xs]
    if op == "negative":
        return -xs[0] if numbers[0] else graph.positive(xs[0])
    if op == "add" and (positive := graph.positive(xs[1])) is not None:
        return graph.apply("subtract", xs[0], positive)
    if op in ("multiply", "add", "subtract", "divide") and all(numbers):
        folded = fold(op, float(xs[0]), float(xs[1]))
        return None if folded is None else float(folded)
    if op == "multiply" and any(numbers):
        number, other = (xs[0], xs[1]) if numbers[0] else (xs[1], xs[0])
        return other if number == 1.0 else graph.apply("negative", other) if number == -1.0 else None
    return xs[0] if op == "divide" and numbers[1] and xs[1] == 1.0 else None
