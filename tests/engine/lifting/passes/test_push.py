"""Forward mode on a trace: tangents are those of the eager engine, and each of the variables that it depends on."""

from __future__ import annotations

import numpy as np
import pytest
from derivative_cases import NUMBERS, POINT, SEVERAL, alike, leaves

import engine
from engine.lifting.passes.push import push
from engine.lifting.passes.scalar_graph import ScalarGraph


@pytest.mark.parametrize("f", [*NUMBERS, *SEVERAL], ids=lambda f: f.__name__)
def test_the_tangents_of_one_direction(f):
    program = engine.lift(f)
    direction = np.array([0.3, -1.1, 0.4])
    value, tangent = program.jvp(POINT, direction)
    wanted = engine.jvp(f, (POINT,), (direction,))
    alike(value, wanted[0])
    alike(tangent, wanted[1])


def test_only_the_variables_that_something_depends_on_have_tangents():
    program = engine.lift(lambda x: [x[0] * x[1], x[2] + 1.0, 3.0])
    program(POINT)
    trace = program.latest.trace
    columns = {i: leaf.position for i, leaf in trace.leaves.items() if leaf.role == "input"}
    moved = push(ScalarGraph(trace), {i: {k: 1.0} for i, k in columns.items()})
    assert [sorted(moved.get(root, {})) for root in trace.roots] == [[0, 1], [2], []]


def test_a_choice_moves_with_what_is_chosen():
    program = engine.lift(lambda i, x: engine.select([x[0], x[1] * x[1], x[2]], i))
    assert leaves(program.jacobian(1, POINT, argnums=1)) == [0.0, 2 * POINT[1], 0.0]
    assert leaves(program.jacobian(2, POINT, argnums=1)) == [0.0, 0.0, 1.0]
    assert program.jvp(1, POINT, [1.0, 10.0, 100.0], argnums=1)[1] == pytest.approx(20 * POINT[1])
