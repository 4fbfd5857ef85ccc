"""Which leaves of a trace are variables, and of what a derivative's trace is one to compile."""

from __future__ import annotations

import numpy as np

import engine
from engine import Value
from engine.lifting.passes.jacobians import tangents_of
from engine.lifting.run.derived import derivative_of, variables_of


def test_variables_of_an_argument_are_counted_through_its_arrays():
    program = engine.lift(lambda a, p: a * p["u"][1] + p["v"] * p["w"][0])
    program(2.0, {"u": np.array([3.0, 4.0]), "kind": "x", "v": 5.0, "w": [6.0]})
    known = program.latest
    variables = variables_of(known, 1)
    assert variables.count == 4
    assert sorted(variables.columns.values()) == [1, 2, 3]  # u[0] is read by nothing
    assert variables_of(known, 0).count == 1


def test_variables_of_parameters_are_their_cells():
    w = [Value(1.0, "w[0]"), Value(2.0, "w[1]"), Value(3.0, "b")]
    program = engine.lift(lambda x: w[2] + w[1] * x, parameters=[w[1], w[2]])
    program(2.0)
    variables = variables_of(program.latest, None)
    assert (variables.count, sorted(variables.columns.values())) == (2, [0, 1])


def test_a_derivative_has_the_branches_of_its_function():
    program = engine.lift(lambda x: x * x if x > 0 else -x)
    program(2.0)
    known = program.latest
    derived = derivative_of(known, tangents_of(known.trace, variables_of(known, 0), 1, primals=True), 1)
    assert derived.guards is known.guards
    assert derived.trace.results == 2
    assert len(derived.specs) == 2
    assert len(derived.trace.roots) == 3
