"""Whether two runs of a function built the same graph, and whether one of them uses what another has computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.lifting.exact import told_apart
from engine.lifting.ir import Leaf
from engine.parents import MANY
from engine.rules import RULES
from engine.value import Value, is_constant


def same_graph(
    first: Sequence[Value], second: Sequence[Value], inputs: Mapping[Value, Leaf], others: Mapping[Value, Leaf]
) -> bool:
    """Walk two graphs side by side; captured Values are the same objects in both, numbers must be the same numbers.

    Parameters
    ----------
    first, second
        Results of the two runs, then the conditions of their guards.
    inputs, others
        What the input leaves of each run are.
    """
    with_numbers = {rule for rule in RULES.values() if rule.fixed}
    twin: dict[Value, Value] = {}
    known, stack = twin.get, list[tuple[Value, Value]]()
    above: tuple[Sequence[Value], Sequence[Value]] | None = (first, second) if len(first) == len(second) else None
    same = above is not None
    while above is not None:
        for p, q in zip(*above):
            if p is not q:
                seen = known(p)
                if seen is None:
                    twin[p] = q
                    stack.append((p, q))
                elif seen is not q:
                    return False
        above = None
        while stack and above is None:
            a, b = stack.pop()
            x, y, z = a._x, a._other, b._other  # as they lie: a tuple of two is not made only to be walked
            if x is None:
                alike = _same_leaves(a, b, inputs, others)
            else:
                above = (x, b._x) if y is MANY else ((x, y), (b._x, z))
                alike = (a.rule is b.rule and a.rule not in with_numbers) or _same_operations(a, b)
            apart = (y is None) is not (z is None) or (y is MANY) is not (z is MANY)
            if not alike or apart or (y is MANY and len(x) != len(b._x)):
                return False
    return same


def _same_leaves(a: Value, b: Value, inputs: Mapping[Value, Leaf], others: Mapping[Value, Leaf]) -> bool:
    """Whether two leaves are the same element of an input, or the same plain number."""
    role = inputs.get(a)
    if role is not None or b in others:
        return role == others.get(b)
    return is_constant(a) and is_constant(b) and _same_numbers((a._data,), (b._data,))


def _same_operations(a: Value, b: Value) -> bool:
    """Whether two nodes are of one operation, with the same fixed numbers."""
    if a.rule is not b.rule and a.op != b.op:
        return False
    rule = RULES.get(a.op)
    return rule is None or not rule.fixed or _same_numbers(rule.fixed_of(a.pullback), rule.fixed_of(b.pullback))


def _same_numbers(xs: Sequence[float], ys: Sequence[float]) -> bool:
    """Whether numbers are the same, NaN equal to itself and 0.0 another than -0.0."""
    return (xs == ys and all(xs)) or all(
        told_apart([x]) == told_apart([y]) or (x != x and y != y) for x, y in zip(xs, ys)
    )


def uses_another_run(nodes: Iterable[Value], others: Mapping[Value, Leaf]) -> bool:
    """Whether a run's graph reaches the inputs of another run: the function has kept a Value that it computed there.

    Parameters
    ----------
    nodes
        The graph of the one run.
    others
        What the input leaves of the other run are.
    """
    return bool(others) and not others.keys().isdisjoint(nodes)
