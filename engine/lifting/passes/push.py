"""Forward mode on a trace: beside each scalar operation, the operations that give its tangents.

z = x * y      ->   dz = dx * y + dy * x

There may be several tangents, each under a key: along one direction, or one for each variable, where an operation has
those alone of the variables that it depends on, so that what is sparse stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from engine.lifting.passes.handed_back import handed_back
from engine.lifting.passes.scalar_graph import Atom, ScalarGraph
from engine.rules import RULES

Tangents: TypeAlias = "dict[int, Atom]"
Moving: TypeAlias = "Mapping[int, Atom]"  # the places of the operands that have a tangent, and these


def push(graph: ScalarGraph, tangents: Mapping[int, Tangents]) -> dict[int, Tangents]:
    """Append the tangents of what a graph's trace computes; return those of each operation that has any.

    Parameters
    ----------
    graph
        Operations are appended to it.
    tangents
        Of the leaves that move.
    """
    known = dict(tangents)
    trace = graph.trace
    for i, (op, xs) in enumerate(zip(trace.ops, trace.operands)):
        if not xs or not RULES[op].differentiable:
            continue
        of_operands = {k: known[x] for k, x in enumerate(xs) if x in known}
        if of_operands:
            known[i] = {
                key: _tangent(graph, i, xs, {k: of[key] for k, of in of_operands.items() if key in of})
                for key in _keys(of_operands.values())
            }
    return known


def _keys(several: Iterable[Tangents]) -> Iterable[int]:
    """Return all keys, in order of their first appearance."""
    first, *others = several
    return dict.fromkeys([key for tangents in (first, *others) for key in tangents]) if others else first


def _tangent(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    op = graph.trace.ops[i]
    return _PUSHED.get(op, _by_rule)(graph, i, xs, moving)


def _by_rule(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    """Sum what the rule would hand back for each operand's tangent: it is linear, and of one number its own adjoint."""
    rule = RULES[graph.trace.ops[i]]
    fixed, arity = graph.trace.fixed.get(i, ()), len(xs)
    if rule.variadic:
        slopes = handed_back(rule, fixed, arity).on(graph, i, xs, 1.0)
        return graph.dot([(slopes[k], tangent) for k, tangent in moving.items()])
    terms = [handed_back(rule, fixed, arity, (k,)).on(graph, i, xs, tangent)[k] for k, tangent in moving.items()]
    return graph.total([term for term in terms if term != 0.0 or term.__class__ is int] or [0.0])


def _pushed_dot(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    half = len(xs) // 2
    pairs: list[tuple[Atom, Atom]] = []
    for k, tangent in moving.items():
        other = None if k >= 2 * half else xs[k + half] if k < half else xs[k - half]
        pairs.append((1.0 if other is None else other, tangent))
    return graph.dot(pairs)


def _pushed_total(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    return graph.total(list(moving.values()))


def _pushed_where(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    if 1 not in moving and 2 not in moving:
        return 0.0
    return graph.apply("where", xs[0], moving.get(1, 0.0), moving.get(2, 0.0))


def _pushed_select(graph: ScalarGraph, i: int, xs: Sequence[int], moving: Moving) -> Atom:
    return graph.apply("select", *[moving.get(k, 0.0) for k in range(len(xs) - 1)], xs[-1])


_PUSHED: dict[str, Callable[[ScalarGraph, int, Sequence[int], Moving], Atom]] = {
    "dot": _pushed_dot,
    "total": _pushed_total,
    "where": _pushed_where,
    "select": _pushed_select,
}
