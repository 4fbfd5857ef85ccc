"""Reverse mode on a trace: behind its operations, the operations that give cotangents, last to first.

z = x * y      ->   dx = dz * y, dy = dz * x; what several read gets the sum

As tangents, cotangents go by keys: those of one combination of results, or of each result by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from engine.lifting.passes.handed_back import handed_back
from engine.lifting.passes.scalar_graph import Atom, ScalarGraph
from engine.rules import RULES

Handed: TypeAlias = "dict[int, dict[int, list[Atom]]]"  # what each node was handed so far


def pull(
    graph: ScalarGraph, cotangents: Mapping[int, Mapping[int, Atom]], wanted: set[int]
) -> dict[int, dict[int, Atom]]:
    """Append the cotangents of some leaves of a graph's trace; return those of each that has any.

    Parameters
    ----------
    graph
        Operations are appended to it.
    cotangents
        Of the results.
    wanted
        The leaves.
    """
    needed = _depending(graph, wanted)
    trace = graph.trace
    handed: Handed = {i: {key: [g] for key, g in of.items()} for i, of in cotangents.items()}
    reached: dict[int, dict[int, Atom]] = {}
    for i in range(len(trace.ops) - 1, -1, -1):
        of = handed.pop(i, None) if needed[i] else None
        if of is None:
            continue
        summed = {key: graph.total(terms[::-1]) for key, terms in of.items()}  # in the order of what reads it
        if i in wanted:
            reached[i] = summed
        elif trace.operands[i]:
            _hand(graph, i, summed, needed, handed)
    return reached


def _depending(graph: ScalarGraph, wanted: set[int]) -> bytearray:
    """Return which nodes a derivative reaches some leaves from."""
    trace = graph.trace
    needed = bytearray(len(trace.ops))
    for i in wanted:
        needed[i] = 1
    for i, (op, xs) in enumerate(zip(trace.ops, trace.operands)):
        if xs and RULES[op].differentiable and any(needed[j] for j in xs):
            needed[i] = 1
    return needed


def _hand(graph: ScalarGraph, i: int, cotangents: Mapping[int, Atom], needed: bytearray, handed: Handed) -> None:
    """Hand a node's cotangents to its operands."""
    op, xs = graph.trace.ops[i], graph.trace.operands[i]
    pulled, wanted = _PULLED.get(op, _by_rule), tuple([k for k, x in enumerate(xs) if needed[x]])
    for key, g in cotangents.items():
        for x, c in zip(xs, pulled(graph, i, xs, g, wanted)):
            if needed[x] and (c.__class__ is int or c != 0.0):
                handed.setdefault(x, {}).setdefault(key, []).append(c)


def _by_rule(graph: ScalarGraph, i: int, xs: Sequence[int], g: Atom, wanted: tuple[int, ...]) -> Sequence[Atom]:
    """Return each operand's cotangent; 0 of those that are not wanted."""
    rule = RULES[graph.trace.ops[i]]
    return handed_back(rule, graph.trace.fixed.get(i, ()), len(xs), wanted).on(graph, i, xs, g)


def _pulled_dot(graph: ScalarGraph, i: int, xs: Sequence[int], g: Atom, wanted: tuple[int, ...]) -> Sequence[Atom]:
    half = len(xs) // 2
    handed: list[Atom] = [0.0] * (2 * half) + [g] * (len(xs) % 2)
    for k in wanted:
        if k < 2 * half:
            handed[k] = graph.apply("multiply", g, xs[k + half if k < half else k - half])
    return handed


def _pulled_total(graph: ScalarGraph, i: int, xs: Sequence[int], g: Atom, wanted: tuple[int, ...]) -> Sequence[Atom]:
    return [g] * len(xs)


def _pulled_select(graph: ScalarGraph, i: int, xs: Sequence[int], g: Atom, wanted: tuple[int, ...]) -> Sequence[Atom]:
    chosen = [graph.apply("equal", xs[-1], float(k)) for k in range(len(xs) - 1)]
    return [*[graph.apply("where", condition, g, 0.0) for condition in chosen], 0.0]


_PULLED: dict[str, Callable[[ScalarGraph, int, Sequence[int], Atom, tuple[int, ...]], Sequence[Atom]]] = {
    "dot": _pulled_dot,
    "total": _pulled_total,
    "select": _pulled_select,
}
