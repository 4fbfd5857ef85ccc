"""What a program must give is what the scalar engine gives."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.verify.reference import outcome, plan


def everything(x, n):
    w, table = [Value(0.3 + 0.2 * k, f"w[{k}]") for k in range(3)], [x[0], x[1] * 2.0, engine.exp(x[2])]
    a = engine.dot(w, x) + engine.dot(w, x, 0.5) + engine.logsumexp(x) + engine.total([x[0], x[0], w[1]])
    b = engine.where(x[0] > x[1], x[0] * a, engine.tanh(x[1])) + engine.select(table, n) * n
    return a * b / (1.0 + x[2] ** 2) + engine.maximum(x[0], x[0]) + engine.softmax(x)[1]


def test_a_trace_walked_in_floats_is_the_scalar_engine():
    program = engine.lift(everything)
    x, n = np.array([0.5, -1.5, 0.25]), 2
    program(x, n)
    trace = program.latest.trace
    cells = program.traces.parameters.read_cells()
    found = outcome(program, trace, plan(trace), np, cells, [x, np.array(float(n))], 1)
    leaves = [Value(v) for v in x]
    root = everything(leaves, n)
    root.backward()
    assert found.value == pytest.approx(root.data, rel=1e-14)
    np.testing.assert_allclose(found.inputs[0], [v.grad for v in leaves], rtol=1e-13)
