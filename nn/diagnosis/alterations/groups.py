"""The edges altered together: of one line of the author's, of one function of his, of one operation; and each alone.

>>> import numpy as np
>>> from nn.diagnosis.alterations.recorded import record
>>> def f(x):
...     for _ in range(3):
...         x = np.tanh(x)
...     return x.sum()
>>> sweep = Sweep(*record(f, [("x", np.ones(2))]))
>>> [len(edges) for edges in groups(sweep).values()]
[3, 2, 1, 1, 1, 1]
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import lru_cache

from nn.diagnosis.alterations.step import ArrayStep, Edge, last_first
from nn.diagnosis.alterations.sweep import Sweep

LONGEST_LOOP = 40


@lru_cache(maxsize=16)
def groups(sweep: Sweep) -> dict[Hashable, tuple[Edge, ...]]:
    """Return the groups by what tells them from one another, which is the same at other points and for other shapes.

    Those through a variable are the first: what they say is said in its name.  The edges of each are those of the last
    time first.
    """
    together: dict[Hashable, list[Edge]] = {}
    alone: dict[Hashable, tuple[Edge, ...]] = {}
    steps: dict[Hashable, list[ArrayStep]] = {}
    for step in sweep.steps:
        steps.setdefault(step.site, []).append(step)
    for edge in sweep.edges:
        step, which = edge.step, (edge.step.op, edge.operand)
        keys: list[Hashable] = [("calls", *which, step.site), ("line", *which, step.line)]
        if is_twin(edge):
            keys.append(("twins", step.op, step.site, sweep.place[step]))
        keys += [(*of, *which) for of in _taken_from(edge)]
        for key in keys:
            together.setdefault(key, []).append(edge)
        if _is_carried(edge, sweep, steps.get(edge.parent.site, [])):
            together.setdefault(("carried", edge.parent.op, edge.parent.site), []).append(edge)
        alone[("one", which, step.site, len(together[keys[0]]))] = (edge,)
    several: dict[tuple[Edge, ...], Hashable] = {}
    for key, edges in together.items():
        if len(edges) > 1:
            several.setdefault(last_first(edges), key)
    by_key = {key: edges for edges, key in several.items()} | alone
    return dict(sorted(by_key.items(), key=lambda item: not through(item[1][0]).name))


def weighs(edge: Edge, sweep: Sweep) -> bool:
    """Whether a step weighs the function's result with what arrives there, and nothing else: sum(result * dout)."""
    root = sweep.root
    is_last = edge.step is root or (root.op == "sum" and root.operands[0] is edge.step)
    return is_last and edge.step.op == "multiply" and len(edge.step.edges) == 1


def through(edge: Edge) -> ArrayStep:
    """Return what a path is said to go through: its operand, or on the way to an argument its step."""
    return edge.parent if edge.parent.op or not edge.step.operands else edge.step


def _taken_from(edge: Edge) -> Iterator[tuple[Hashable, ...]]:
    """Yield what an edge leads into, and what its other operand is of, where these are parts of one array."""
    for word, parts in (("into", [edge.parent]), ("of", [x for x in edge.step.operands if x is not edge.parent])):
        for part in parts:
            if isinstance(part, ArrayStep) and part.op in ("[]", "split", "array_split"):
                base = part.operands[0]
                yield word, base.site or base.name


def _is_carried(edge: Edge, sweep: Sweep, steps: list[ArrayStep]) -> bool:
    """Whether it leads from a later run of its operand's line to an earlier one."""
    if not 1 < len(steps) <= LONGEST_LOOP or not edge.parent.site:
        return False
    bit = 1 << sweep.place[edge.step]
    return any(later is not edge.parent and later.op == edge.parent.op and sweep.below[later] & bit for later in steps)


def is_twin(edge: Edge) -> bool:
    """Whether its step has the same operand twice, as x * x has: to alter one of the two is less simple than both."""
    return len({other.parent for other in edge.step.edges}) < len(edge.step.edges)
