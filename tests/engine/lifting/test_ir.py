"""What passes between the stages: each type prints itself, checks itself, and takes other sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.ir import Steps, with_source
from engine.lifting.ops import Step
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.trace.record import record
from engine.lifting.views import Gather, Literal, Source


def values():
    return [Value(0.5 + i, f"x[{i}]") for i in range(4)]


def test_each_stage_checks_itself():
    x = values()
    trace = record([engine.tanh(x[0] + x[1] * x[2]) + x[3]], {})
    normal, groups = normalise(trace), group(normalise(trace))
    for stage in (trace, normal, groups):
        stage.check()
    with pytest.raises(AssertionError, match=r"Trace: node 0 \(\) reads \(5,\)"):
        replace(trace, operands=[(5,), *trace.operands[1:]]).check()
    with pytest.raises(AssertionError, match=r"Normal: \d+ reads \d+, which a sum absorbed"):
        replace(normal, items=[None, *normal.items[1:]]).check()
    with pytest.raises(AssertionError, match=r"Groups: group \d+ \(\w+\) reads a later group"):
        replace(groups, of=[9] * len(groups.of)).check()


X, Y, Z, N = (
    Source(name, (3,), kind) for name, kind in (("x", "input"), ("y", "value"), ("z", "value"), ("i", "index"))
)


def test_other_sources_take_the_places_of_some_in_steps_gathers_and_roots():
    gather = Gather(X, (3,), np.arange(3), N.view, 0)
    steps = Steps([Step("gather", Y.view, (gather,)), Step("exp", Z.view, (Literal(1.0),))], [Y.view])
    other = Source("other", (3,), "input")
    changed = steps.with_sources({X: other, N: X, Y: Z})
    assert [s.name for s in changed.forward[0].gather().sources] == ["other", "x"]
    assert (changed.forward[0].target.source, changed.roots[0].source) == (Z, Z)
    assert changed.forward[1] is steps.forward[1]  # what reads none of them is itself
    assert steps.forward[0].gather().source is X  # and nothing is changed in place
    assert with_source(Literal(2.0), {X: Y}) == Literal(2.0)


def test_steps_list_their_sources_once_and_check_what_they_read():
    steps = Steps([Step("exp", Y.view, (X.view,)), Step("multiply", Z.view, (X.view, Y.view))], [Z.view])
    assert steps.sources == [X, Y, Z]
    steps.check()
    with pytest.raises(AssertionError, match="y"):
        replace(steps, forward=steps.forward[1:]).check()
    assert str(steps) == "y (3,) = exp(x)\nz (3,) = multiply(x, y)"
