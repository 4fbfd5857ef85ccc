"""Programs as files of their own: where the engine cannot be imported, they give the same numbers."""

from __future__ import annotations

import pickle
import runpy
import subprocess
import sys

import numpy as np
import pytest
from derivative_cases import Layers, leaves

import engine
from engine import LiftError, Value

ALONE = """
import pickle, runpy, sys
sys.modules["engine"] = None  # which an import then refuses
answers = []
for path, inputs in pickle.load(sys.stdin.buffer):
    names = runpy.run_path(path)
    both = names.get("value_and_grad")
    answers.append((names["value"](*inputs), both(*inputs) if both else None))
sys.stdout.buffer.write(pickle.dumps(answers))
"""
LAYERS = Layers()
TABLE = [Value(0.5 * k, f"table[{k}]") for k in range(5)]
BIG = np.random.default_rng(5).normal(size=(30, 20))


def everything(x):
    first = engine.softplus(engine.sigmoid(x)) + engine.cbrt(x) + engine.logaddexp(x, 1.0) + engine.exp2(x)
    return first + engine.floor(x) + engine.maximum(x, 2.0) + engine.remainder(x, 1.3) + engine.log(x) + engine.erf(x)


def in_turns(x):
    """Branches on two arrays of conditions, in turns."""
    return engine.total([u * v if u > 1 and v * v < 6.0 else u for u, v in zip(x, x[1:])])


CASES = [
    (engine.lift(LAYERS.loss, batch=True), (LAYERS.X, LAYERS.T)),
    (engine.lift(LAYERS.loss, batch=True, reduction="none"), (LAYERS.X, LAYERS.T)),
    (engine.lift(LAYERS.loss, batch=True, reduction="sum", dtype=np.float32), (LAYERS.X, LAYERS.T)),
    (engine.lift(LAYERS.loss, parameters=[LAYERS.b[3], LAYERS.b[0]]), (LAYERS.X[0], LAYERS.T[0])),
    (engine.lift(lambda x: engine.erf(np.array(x)) * 2.0), (np.linspace(-1.0, 1.0, 50),)),
    (engine.lift(lambda x: {"a": [x[0] * 2.0, x[1]], "b": (np.array(x) * 3.0,)}), ([1.5, 2.0],)),
    (engine.lift(lambda x: [x[0] * 2.0]), ([1.5, 2.0],)),
    (engine.lift(lambda x: {"a": x[0], "b": x * 3.0}, batch=True, reduction="none"), (np.ones((4, 2)),)),
    (engine.lift(lambda i, x: engine.select(TABLE, i) * x), (2, 3.0)),
    (engine.lift(lambda x: BIG @ x), (np.linspace(0.0, 1.0, 20),)),
    (engine.lift(lambda x: x[0] * x[1] if x[0] > 0 else x[1]), ([1.5, 2.0],)),
    (engine.lift(lambda x: engine.total([v * v if v > 0 else -v for v in x])), (np.array([1.0, -2.0, 3.0, -4.0]),)),
    (engine.lift(in_turns), (np.array([1.0, -2.0, 3.0, -4.0, 5.0, 0.5]),)),
    (engine.lift(everything), (4.5,)),
    (engine.lift(lambda x: engine.log(x) + 1.0 / x), (0.0,)),
    (engine.lift(lambda n, parameters: n * parameters * TABLE[1]), (2.0, 3.0)),
    (engine.lift(TABLE[1] * TABLE[2]), ()),
]


def test_they_run_without_the_engine(tmp_path):
    files = []
    for k, (program, inputs) in enumerate(CASES):
        program(*inputs)
        files.append((str(tmp_path / f"program{k}.py"), inputs))
        program.save(files[-1][0])
    run = subprocess.run([sys.executable, "-c", ALONE], input=pickle.dumps(files), capture_output=True, check=True)
    for (program, inputs), (value, both) in zip(CASES, pickle.loads(run.stdout)):
        np.testing.assert_array_equal(leaves(value), leaves(program(*inputs)))
        if both is not None:
            by = "parameters" if program.traces.parameters.size else "inputs"
            wanted, gradient = program.value_and_grad(*inputs, wrt=by)
            np.testing.assert_array_equal(leaves(both[0]), leaves(wanted))
            np.testing.assert_array_equal(leaves(both[1]), leaves(getattr(gradient, by)))


def saved(program, path, *inputs):
    program(*inputs)
    program.save(path)
    return runpy.run_path(str(path))


def test_the_first_lines_say_how_it_is_called(tmp_path):
    names = saved(engine.lift(LAYERS.loss, batch=True), tmp_path / "loss.py", LAYERS.X, LAYERS.T)
    text = names["__doc__"]
    for line in (
        "value(x, t, parameters=None)", "value_and_grad(x, t, parameters=None)", "x: array of numbers, shape (N, 3)",
        "t: array of numbers, shape (N, 2)", "W: shape (4, 3)", "b: shape (4,)", "a flat vector of 24 numbers",
    ):  # fmt: skip
        assert line in text, line


def test_parameters_may_be_others(tmp_path):
    program = engine.lift(LAYERS.loss, batch=True)
    names = saved(program, tmp_path / "loss.py", LAYERS.X, LAYERS.T)
    theta = names["PARAMETERS"] * 2.0
    wanted, gradient = program.value_and_grad(LAYERS.X, LAYERS.T, parameters=theta)
    got = names["value_and_grad"](LAYERS.X, LAYERS.T, parameters=theta)
    assert got[0] == wanted
    np.testing.assert_array_equal(got[1], gradient.parameters)


def test_what_a_file_refuses(tmp_path):
    names = saved(engine.lift(lambda x: x[0] * x[1] if x[0] > 0 else x[1]), tmp_path / "a.py", [1.5, 2.0])
    with pytest.raises(ValueError, match=r"x must have shape \(2,\); got \(3,\)"):
        names["value"]([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="was True when this was saved; save the other way too"):
        names["value"]([-1.0, 2.0])
    names = saved(engine.lift(lambda i: engine.select(TABLE, i)), tmp_path / "b.py", 2)
    with pytest.raises(IndexError, match="i must hold integers from 0 to 4"):
        names["value"](5)


def test_what_is_refused(tmp_path):
    program = engine.lift(lambda x: x * x)
    with pytest.raises(LiftError, match="is traced at its first call; call it once before save"):
        program.save(tmp_path / "a.py")
    program(2.0)
    with pytest.raises(TypeError, match="save's path must be the path of a file"):
        program.save(3)
    with pytest.raises(FileNotFoundError):
        program.save(tmp_path / "nowhere" / "a.py")


def test_a_file_is_replaced_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_text("before")
    program = engine.lift(lambda x: x * x)
    program(2.0)
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match="no room"):
        program.save(path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]
