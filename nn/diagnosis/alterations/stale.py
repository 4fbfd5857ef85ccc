"""What a backward pass reads of another run: of the call before, or of another time of a loop.

>>> from nn.diagnosis.alterations.recorded import record
>>> squares = lambda *x: Sweep(*record(lambda x: (x**2).sum(), [("x", x)]))
>>> sweep, sweep.before = squares(1.0), squares(3.0)
>>> {a.what: sweep.altered(a.pulls)[0].tolist() for a in of_other_runs(sweep)}["`x` of the call before"]
[6.0]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.rules import RULES
from nn.diagnosis.alterations.alteration import BackwardAlteration, saving
from nn.diagnosis.alterations.exchanged import derivative
from nn.diagnosis.alterations.formulas import label
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.diagnosis.alterations.sweep import Sweep


def of_other_runs(sweep: Sweep) -> Iterator[BackwardAlteration]:
    """Yield what is saved of the call before, all or a part of it; and all that is saved of another time."""
    if sweep.before is not None:
        before = dict(zip(sweep.edges, sweep.before.edges))
        values = {step: other.value for step, other in zip(sweep.steps, sweep.before.steps)}
        for what, rank, steps in _parts(sweep):
            saved = {edge: _saved(edge, before[edge], {x: values[x] for x in steps}) for edge in sweep.edges}
            yield from _reading(f"{what} the call before", rank, saved)


def _reading(what: str, rank: int, saved: Mapping[Edge, Any]) -> Iterator[BackwardAlteration]:
    edges = tuple(edge for edge, x in saved.items() if x is not edge.saved and edge.kind != "move")
    if edges:
        yield replace(saving("stale", edges, saved.__getitem__, what, rank), edges=edges[:1])


def _parts(sweep: Sweep) -> Iterator[tuple[str, int, Collection[ArrayStep]]]:
    """Yield what may be of the call before: everything, all that is computed, one variable, or all but an argument."""
    variables: dict[str, list[ArrayStep]] = {}
    for step in sweep.steps:
        variables.setdefault(label(step), []).append(step)
    yield from ((f"`{name}` of", 1, steps) for name, steps in variables.items())
    yield "what was computed at", 2, [step for step in sweep.steps if step.op]
    yield "all of", 2, sweep.steps
    for leaf in sweep.leaves if len(sweep.leaves) > 1 else ():
        yield f"all but `{leaf.name}` of", 2, [step for step in sweep.steps if step is not leaf]


def _saved(edge: Edge, before: Edge, values: Mapping[ArrayStep, Any]) -> Any:
    """Return what an edge has saved where some steps have other values; before is the same edge where all have."""
    used = [x for x in (*edge.step.operands, edge.step) if isinstance(x, ArrayStep)]
    if all(x in values for x in used):
        return before.saved
    if edge.kind == "local" and edge.step.op in RULES and any(x in values for x in used):
        everything = (*edge.step.operands, edge.step)
        known = [values[x] if isinstance(x, ArrayStep) and x in values else value_of(x) for x in everything]
        return derivative(edge, known)
    others = [x for x in used if x is not edge.parent and x is not edge.step]
    return before.saved if edge.kind == "product" and any(x in values for x in others) else edge.saved
