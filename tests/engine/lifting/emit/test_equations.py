"""Equations: what is read once is written where it is read, what is added up is one sum, nothing is read too late."""

from __future__ import annotations

import numpy as np
from reading_formulas import read

from engine.lifting.emit.equations import equations
from engine.lifting.interpret import interpret
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source

X = Source("x", (4,), "input")
GIVEN = np.array([0.5, -1.0, 2.0, 0.25])


def value(name):
    return Source(name, (4,), "value")


def lines(steps):
    """Return the lines, having compared every name in them with what the steps compute."""
    whole = Steps(steps, [steps[-1].target])
    written = [str(line) for line in equations(whole)[0]]
    got, want = read("\n".join(written), {"x": GIVEN}), interpret(whole, {X: GIVEN})
    for source, array in want.items():
        if source.name in got:
            np.testing.assert_allclose(got[source.name], array, err_msg=source.name)
    return written


def test_what_is_read_once_is_written_where_it_is_read():
    y, z = value("y"), value("z")
    steps = [Step("exp", y.view, (X.view,)), Step("tanh", z.view, (y.view,))]
    assert lines(steps) == ["z = tanh(exp(x))"]


def test_what_is_added_up_is_one_sum():
    g, y = value("g"), value("y")
    steps = [
        Step("fill", g.view, (Literal(0.0),)),
        Step("exp", g.view, (X.view,), accumulate=True),
        Step("negative", g.view, (X.view,), accumulate=True),
        Step("tanh", y.view, (g.view,)),
        Step("add", value("z").view, (g.view, y.view)),
    ]
    assert lines(steps)[0] == "g = exp(x) - x"


def test_an_array_that_changes_is_read_before():
    g, y = value("g"), value("y")
    steps = [
        Step("exp", g.view, (X.view,)),
        Step("tanh", y.view, (g.view,)),
        Step("copy", g.view, (X.view,), accumulate=True),
        Step("add", value("z").view, (g.view, y.view)),
    ]
    assert lines(steps) == ["g = exp(x)", "y = tanh(g)", "g += x", "z = g + y"]


def test_parts_are_parts_of_zeros():
    g = value("g")
    steps = [
        Step("fill", g.view, (Literal(0.0),)),
        Step("copy", g.view[1:3], (X.view[:2],), accumulate=True),
        Step("exp", value("z").view, (g.view,)),
    ]
    assert lines(steps) == ["g = zeros((4,))", "g[1:3] += x[:2]", "z = exp(g)"]
