"""Whether two runs of a function built the same graph, and whether one of them uses what another has computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress
from typing import Any

import numpy as np

from engine.lifting.ir import Leaf
from engine.lifting.trace.record import Numbered, data_of, fixed_numbers, numbered, rule_of
from engine.node import CONSTANT
from engine.parents import MANY
from engine.value import Value


def same_graph(
    first: Sequence[Value],
    second: Sequence[Value],
    inputs: Mapping[Value, Leaf],
    others: Mapping[Value, Leaf],
    graph: Numbered | None = None,
) -> bool:
    """Walk two graphs side by side; captured Values are the same objects in both, numbers must be the same numbers.

    Parameters
    ----------
    first, second
        Results of the two runs, then the conditions of their guards.
    inputs, others
        What the input leaves of each run are.
    graph
        The graph of the first, where somebody has numbered it.
    """
    if len(first) != len(second):
        return False
    graph = numbered(first) if graph is None else graph
    twins = _twins(graph, second)
    if twins is None:
        return False
    leaves = graph.leaves
    mine, theirs = [graph.nodes[i] for i in leaves], [twins[i] for i in leaves]
    apart = [b is not None and a is not b for a, b in zip(mine, theirs)]
    return _same_leaves(list(compress(mine, apart)), list(compress(theirs, apart)), inputs, others) and _same_fixed(
        graph, twins
    )


def _twins(graph: Numbered, roots: Sequence[Value]) -> list[Any] | None:
    """Return what each node of a graph is in another; None where it is two, of another rule, or has other operands.

    What both have in common is walked no further; what only it depends on has no twin. Leaves are not looked at.
    """
    nodes, rules, operands = graph.nodes, graph.rules, graph.operands
    twins: list[Any] = [None] * len(nodes)
    for place, root in zip(graph.roots, roots):
        if twins[place] is not None and twins[place] is not root:
            return None
        twins[place] = root
    for i in range(len(nodes) - 1, -1, -1):  # from the roots: what reads a node comes after it
        xs = operands[i]
        if not xs or (b := twins[i]) is None or b is nodes[i]:
            continue
        if b.rule is not rules[i] and b.op != rules[i].name:
            return None
        x, y = b._x, b._other
        if y is None or y is MANY or len(xs) != 2:
            parents = x if y is MANY else (x,) if y is None else (x, y)
            if len(parents) != len(xs) or not _are_twins(twins, xs, parents):
                return None
            continue
        j, k = xs  # as most have, so that it is written out
        if (twin := twins[j]) is None:
            twins[j] = x
        elif twin is not x:
            return None
        if (twin := twins[k]) is None:
            twins[k] = y
        elif twin is not y:
            return None
    return twins


def _are_twins(twins: list[Any], xs: Sequence[int], parents: Sequence[Any]) -> bool:
    """Whether some operands can be the twins of others, and are not those of more; note that they are."""
    for j, parent in zip(xs, parents):
        if twins[j] is None:
            twins[j] = parent
        if twins[j] is not parent:
            return False
    return True


def _same_leaves(
    mine: Sequence[Value], theirs: Sequence[Value], inputs: Mapping[Value, Leaf], others: Mapping[Value, Leaf]
) -> bool:
    """Whether leaves are the same elements of inputs, or the same plain numbers."""
    roles = list(map(inputs.get, mine))
    if roles != list(map(others.get, theirs)):
        return False
    are_numbers = [role is None for role in roles]
    captured = {*map(rule_of, compress(mine, are_numbers)), *map(rule_of, compress(theirs, are_numbers))} - {CONSTANT}
    return not captured and _same_numbers(map(data_of, mine), map(data_of, theirs))


def _same_fixed(graph: Numbered, twins: Sequence[Any]) -> bool:
    """Whether operations have the same fixed numbers."""
    mine = graph.fixed
    theirs = fixed_numbers(twins, graph.rules) if mine else {}
    both = [(mine[i], numbers) for i, numbers in theirs.items()]
    return _same_numbers(*[chain.from_iterable(numbers) for numbers in zip(*both)]) if both else True


def _same_numbers(xs: Iterable[float], ys: Iterable[float]) -> bool:
    """Whether numbers are the same, NaN equal to itself and 0.0 another than -0.0."""
    x, y = np.fromiter(xs, float), np.fromiter(ys, float)
    return bool(((x.view(np.int64) == y.view(np.int64)) | (np.isnan(x) & np.isnan(y))).all())


def uses_another_run(leaves: Iterable[Value], others: Mapping[Value, Leaf]) -> bool:
    """Whether a run's graph reaches the inputs of another run: the function has kept a Value that it computed there.

    Parameters
    ----------
    leaves
        Those of the graph of the one run.
    others
        What the input leaves of the other run are.
    """
    return bool(others) and not others.keys().isdisjoint(leaves)
