"""Programs as pickles: in a fresh process they answer as they did, with their parameters as they were."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from derivative_cases import Layers, alike, rosenbrock

import engine
from engine import LiftError, Value

ELSEWHERE = """
import pickle, sys
import numpy as np
programs, inputs = pickle.load(sys.stdin.buffer)
answers = [(p(*x), p.jacobian(*x), p.source()) for p, x in zip(programs, inputs)]
sys.stdout.buffer.write(pickle.dumps(answers))
"""


def test_in_a_fresh_process():
    layers, w = Layers(), [Value(2.0, "w[0]"), Value(3.0, "w[1]")]
    table = np.arange(9000.0)
    programs = [
        engine.lift(layers.outputs),
        engine.lift(lambda x: {"a": w[0] * x[0] if x[0] > 0 else x[1], "b": [w[1]]}),
        engine.lift(lambda x: w[0] * x[0], batch=True),
        engine.lift(w[0] * w[1]),
        engine.lift(lambda x: x[0] * table[5] + table[7]),
    ]
    inputs = [(layers.X[0],), ([1.0, 2.0],), (np.ones((3, 2)),), (), (np.ones(2),)]
    wanted = [(p(*x), p.jacobian(*x)) for p, x in zip(programs, inputs)]
    run = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input=pickle.dumps((programs, inputs)), capture_output=True, check=True
    )
    for (value, jacobian, _), (value_here, jacobian_here) in zip(pickle.loads(run.stdout), wanted):
        alike(value, value_here, rtol=0.0)
        alike(jacobian, jacobian_here, rtol=0.0)


def test_parameters_go_along_as_they_are():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: w * x)
    program(1.0)
    w.data = 7.0
    other = pickle.loads(pickle.dumps(program))
    assert (other(2.0), other.pull().tolist(), other.parameters) == (14.0, [7.0], {"w": ()})
    other.push(np.array([1.0]))
    assert (other(2.0), program(2.0)) == (2.0, 14.0)
    assert pickle.loads(pickle.dumps(other))(3.0) == 3.0


def test_all_branches_that_were_taken_go_along():
    program = engine.lift(lambda x: x * x if x > 0 else -x)
    program(2.0), program(-2.0)
    other = pickle.loads(pickle.dumps(program))
    assert (other(3.0), other(-3.0)) == (9.0, 3.0)
    with pytest.raises(LiftError, match="<lambda> was unpickled without its function, and knows inputs of") as raised:
        other([1.0])
    assert "\n" not in str(raised.value)


def test_a_function_of_a_module_goes_along_by_name():
    program = engine.lift(rosenbrock)
    for called in (False, True):
        other = pickle.loads(pickle.dumps(program))
        assert other.fn is rosenbrock
        assert other(np.ones(4)) == 0.0
        assert called or program(np.ones(3)) == 0.0


def test_a_function_whose_name_is_gone_answers_by_its_traces(monkeypatch):
    program = engine.lift(rosenbrock)
    program(np.ones(3))
    stored = pickle.dumps(program)
    monkeypatch.delattr("derivative_cases.rosenbrock")
    assert pickle.loads(stored)(np.array([1.0, 1.0, 2.0])) == 100.0


def test_what_has_neither_trace_nor_name_is_refused():
    with pytest.raises(pickle.PicklingError, match="<lambda> was not called yet, .* call it once") as raised:
        pickle.dumps(engine.lift(lambda x: x))
    assert "\n" not in str(raised.value)
