"""A rule's pullback as a list of operations: what a node hands back to its operands, written down once for each rule.

>>> from engine.rules import RULES
>>> handed_back(RULES["tanh"], (), 1)
HandedBack(operations=(('multiply', ('z', 'z')), ('subtract', (1.0, 't0')), ('multiply', ('g', 't1'))), results=('t2',))
>>> handed_back(RULES["subtract"], (), 2).results
('g', 't0')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from engine.errors import LiftError
from engine.lifting.expr import Expr, emit_operations
from engine.lifting.passes.scalar_graph import Atom, ScalarGraph
from engine.rules import RULES, Rule

Reference: TypeAlias = "str | float"  # the result "z", an operand "x0", the cotangent "g", an operation "t0"; a number


@dataclass(frozen=True)
class HandedBack:
    """The operations of a pullback, in order, and the cotangent of each operand."""

    operations: tuple[tuple[str, tuple[Reference, ...]], ...]
    results: tuple[Reference, ...]

    def on(self, graph: ScalarGraph, z: int, xs: Sequence[int], g: Atom) -> list[Atom]:
        """Append the operations to a graph; return the cotangents of the operands."""
        known: list[Atom] = [z, g, *xs]
        operations, results = self._places
        for op, operands in operations:
            known.append(graph.apply(op, *[known[x] if x.__class__ is int else x for x in operands]))
        return [known[x] if x.__class__ is int else x for x in results]

    @cached_property
    def _places(self) -> tuple[list[tuple[str, list[Any]]], list[Any]]:
        """The operations and the results, with the places of what is known in the list of it in place of names."""
        names = [
            "z",
            "g",
            *[f"x{k}" for k in range(len(self.results))],
            *[f"t{k}" for k in range(len(self.operations))],
        ]
        place: dict[Reference, int] = {name: k for k, name in enumerate(names)}
        operations = [(op, [place.get(x, x) for x in operands]) for op, operands in self.operations]
        return operations, [place.get(x, x) for x in self.results]


@lru_cache(maxsize=1024)
def handed_back(rule: Rule, fixed: tuple[float, ...], arity: int, wanted: tuple[int, ...] | None = None) -> HandedBack:
    """Return what a rule's pullback does with fixed numbers and so many operands, of which some are `wanted`.

    Raises
    ------
    LiftError
        If the pullback uses what is no rule, and so has no derivative of its own.
    """
    operations: list[tuple[str, tuple[Reference, ...]]] = []

    def emit(op: str, operands: tuple[Any, ...], last: bool) -> Reference:
        if op not in RULES:
            raise LiftError(
                f"The derivative of '{rule.name}' uses {op}, which is no rule, and so has no derivative. "
                "Write it with the engine's operations."
            )
        operations.append((op, operands))
        return f"t{len(operations) - 1}"

    xs = [Expr(f"x{k}") for k in range(arity)]
    cotangents = rule.bind(Expr("z"), xs, fixed)(Expr("g"))
    done: dict[Any, Any] = {}
    expressions = [c if isinstance(c, Expr) else Expr(float(c)) for c in cotangents]
    if wanted is not None:
        expressions = [c if k in wanted else Expr(0.0) for k, c in enumerate(expressions)]
    results = tuple([emit_operations(c, emit, done, False) for c in expressions])
    return HandedBack(tuple(operations), results)
