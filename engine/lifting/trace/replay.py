"""Whether two runs of a function built the same graph, and whether one of them uses what another has computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.graph import order
from engine.lifting.exact import told_apart
from engine.lifting.ir import Leaf
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
    if len(first) != len(second):
        return False
    twin: dict[Value, Value] = {}
    stack = list(zip(first, second))
    while stack:
        a, b = stack.pop()
        if a is b:
            continue
        known = twin.setdefault(a, b)
        if known is not b:
            return False
        operands, counterparts = a.parents, b.parents
        if a.op != b.op or len(operands) != len(counterparts) or inputs.get(a) != others.get(b):
            return False
        if not operands:
            if a not in inputs and not (is_constant(a) and is_constant(b) and _same_numbers([a._data], [b._data])):
                return False
        elif (rule := RULES[a.op]).fixed and not _same_numbers(rule.fixed_of(a.pullback), rule.fixed_of(b.pullback)):
            return False
        stack.extend([(p, q) for p, q in zip(operands, counterparts) if p is not q and twin.get(p) is not q])
    return True


def _same_numbers(xs: Sequence[float], ys: Sequence[float]) -> bool:
    """Whether numbers are the same, NaN equal to itself and 0.0 another than -0.0."""
    return all(told_apart([x]) == told_apart([y]) or (x != x and y != y) for x, y in zip(xs, ys))


def uses_another_run(roots: Sequence[Value], others: Mapping[Value, Leaf]) -> bool:
    """Whether a run's graph reaches the inputs of another run: the function has kept a Value that it computed there.

    Parameters
    ----------
    roots
        Results of the one run, then the conditions of its guards.
    others
        What the input leaves of the other run are.
    """
    return any(not node.parents and node in others for node in order(*roots))
