"""A rule's pullback written down once is the rule: run on a graph, it gives the rule's own cotangents."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import LiftError
from engine.lifting.ir import Leaf, Trace
from engine.lifting.passes.handed_back import handed_back
from engine.lifting.passes.scalar_graph import ScalarGraph
from engine.lifting.verify.walk import forward, plan
from engine.rules import RULES, rule

BY_THE_RULE = [r for r in RULES.values() if r.differentiable and r.name not in ("select", "shift")]


@pytest.mark.parametrize("entry", BY_THE_RULE, ids=lambda r: r.name)
def test_it_is_the_rule(entry):
    for at in (*entry.at, *[kink[0] for kink in entry.kinks]):
        n = len(at) - len(entry.fixed)
        xs, fixed = list(at[:n]), tuple(at[n:])
        inputs = {k: Leaf("constant", value=x) for k, x in enumerate(xs)} | {n: Leaf("constant", value=0.7)}
        graph = ScalarGraph(Trace([""] * (n + 1), [()] * (n + 1), {}, inputs, (), [0], {}))
        z = graph.apply(entry.name, *range(n), fixed=fixed)
        back = handed_back(entry, fixed, n).on(graph, graph.node(z), range(n), n)
        wanted = entry.bind(entry.scalar(xs) if entry.variadic else entry.scalar(*at), xs, fixed)(0.7)
        for got, want in zip(back, wanted):
            number = values(graph, got)
            assert number == pytest.approx(want, rel=1e-13, abs=1e-15) or (math.isnan(number) and math.isnan(want))


def values(graph: ScalarGraph, x: int | float) -> float:
    trace = graph.finished([x])
    order = plan(trace)
    V = np.zeros((len(trace.ops), 1))
    V[order.constants[0]] = order.constants[1][:, None]
    with np.errstate(all="ignore"):
        forward(order, V)
    return float(V[order.number[trace.roots[0]], 0])


def test_a_pullback_of_what_is_no_rule_is_refused():
    @rule(math.gamma, lambda x: np.exp(x), at=[(1.5,)])
    def gamma_of(x, g):
        """Not differentiable twice."""
        return (g * np.fmod(x, 2.0),)

    try:
        with pytest.raises(LiftError, match="The derivative of 'gamma_of' uses fmod, which is no rule"):
            handed_back(RULES["gamma_of"], (), 1)
    finally:
        import engine

        del RULES["gamma_of"], engine.Value.gamma_of
