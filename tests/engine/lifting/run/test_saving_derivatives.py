"""Derivatives as files of their own: where the engine cannot be imported, they give the same numbers, nested alike."""

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
for path, what, inputs in pickle.load(sys.stdin.buffer):
    answers.append(runpy.run_path(path)[what](*inputs))
sys.stdout.buffer.write(pickle.dumps(answers))
"""
LAYERS = Layers()
X, T = LAYERS.X, LAYERS.T
WEIGHTS = [Value(0.5, "b"), Value(-1.5, "a[1]"), Value(2.0, "a[0]")]
BIG = np.random.default_rng(5).normal(size=(100, 100))


def of_one(x):
    return x[0] ** 2 * x[1] + engine.sin(x[1] * x[2])


def of_several(x, y):
    return {"a": [x["u"][0] * y, x["v"] ** 2], "b": np.array(x["u"]) * x["v"]}


def of_weights(x):
    return engine.tanh(WEIGHTS[0] * x) * WEIGHTS[1] + WEIGHTS[2] ** 2 * x


def one_by_two(x):
    return [engine.exp(engine.total(x)), engine.dot(x, x)]


def rosenbrock(x):
    return engine.total([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])])


U, POINT = {"u": [2.0, 3.0], "v": 4.0}, np.array([1.5, -0.5, 2.0])
CASES = [  # a function, how it is lifted, its inputs, arrays of these, derivatives and what these are multiplied by
    (of_one, {}, (POINT,), (POINT,), {"jacobian": (), "hessian": (), "jvp": (POINT,), "vjp": (0.5,), "hvp": (POINT,)}),
    (one_by_two, {}, ([1.0, 2.0, 3.0],), ([1.0, 2.0, 3.0],),
     {"jacobian": (), "jvp": ([1.0, 0.5, 0.0],), "vjp": ([1.0, 2.0],)}),
    (of_several, {}, (U, 0.5), ([2.0, 3.0], 4.0, 0.5),
     {"jacobian": (), "jvp": ({"v": 1.0, "u": [0.5, 2.0]},), "vjp": ({"b": np.ones(2), "a": [1.0, 2.0]},)}),
    (of_weights, {"parameters": WEIGHTS}, (0.7,), (0.7,),
     {"jacobian": (), "hessian": (), "jvp": (POINT,), "vjp": (2.0,), "hvp": (POINT,)}),
    (LAYERS.loss, {"batch": True}, (X, T), (X, T),
     {"hessian": (), "hvp": (np.arange(1.0, 25.0),), "vjp": (1.0,), "sample_gradients": ()}),
    (of_weights, {"batch": True, "reduction": "none"}, (POINT,), (POINT,),
     {"jacobian": (), "jvp": (POINT,), "vjp": (POINT,), "sample_gradients": ()}),
    (lambda x, y: {"a": x[0] * y, "b": x}, {"batch": True, "reduction": "none"}, (np.ones((4, 2)), POINT.repeat(2)[:4]),
     (np.ones((4, 2)), POINT.repeat(2)[:4]),
     {"jacobian": (), "vjp": ({"a": np.ones(4), "b": np.ones((4, 2))},), "jvp": (np.ones((4, 2)),)}),
    (lambda x: (x[0] * x[1]) ** 2, {"batch": True}, (np.arange(6.0).reshape(3, 2),), (np.arange(6.0).reshape(3, 2),),
     {"vjp": (2.0,), "hvp": (np.ones((3, 2)),), "sample_gradients": ()}),
    (rosenbrock, {}, (np.linspace(0.0, 1.0, 9),), (np.linspace(0.0, 1.0, 9),), {"hessian": (), "hvp": (np.ones(9),)}),
    (lambda x: engine.total([engine.tanh(engine.dot(WEIGHTS, a[:3])) * a[5] * x for a in BIG[:8]]), {}, (0.3,), (0.3,),
     {"hessian": (), "hvp": (POINT,), "jvp": (POINT,)}),
    (lambda x: x[0] * x[1] ** 2 if x[0] > 0 and x[1] > x[0] else x[1], {}, (POINT[::2],), (POINT[::2],),
     {"hessian": (), "jvp": (np.ones(2),)}),
]  # fmt: skip


def test_they_run_without_the_engine(tmp_path):
    files, wanted = [], []
    for k, (fn, how, inputs, arrays, derivatives) in enumerate(CASES):
        program = engine.lift(fn, **how)
        for what, direction in derivatives.items():
            derivative = getattr(program, what)
            wanted.append(derivative(*inputs, *direction))
            files.append((str(tmp_path / f"{what}{k}.py"), what, (*arrays, *direction)))
            derivative.save(files[-1][0])
    run = subprocess.run([sys.executable, "-c", ALONE], input=pickle.dumps(files), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    for (path, *_), got, want in zip(files, pickle.loads(run.stdout), wanted):
        assert kinds(got) == kinds(want), path
        np.testing.assert_array_equal(leaves(got), leaves(want), err_msg=path)


def kinds(x):
    """How something is nested, and of which kinds."""
    if isinstance(x, dict):
        return {key: kinds(each) for key, each in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(map(kinds, x))
    return (x.shape, x.dtype == object) if isinstance(x, np.ndarray) else type(x)


def loaded(derivative, path):
    derivative.save(path)
    return runpy.run_path(str(path))


def test_a_sparse_matrix_is_scipys_in_the_file_too(tmp_path):
    pytest.importorskip("scipy")
    program, x = engine.lift(rosenbrock), np.linspace(0.0, 1.0, 40)
    want = program.hessian(x)
    names = loaded(program.hessian, tmp_path / "hessian.py")
    assert "SciPy" in names["__doc__"]
    assert (names["hessian"](x) != want).nnz == 0 and names["hessian"](x).nnz == want.nnz
    by_weights = engine.lift(of_weights, parameters=WEIGHTS)
    want = by_weights.hessian(0.7, sparse=True)
    got = loaded(by_weights.hessian, tmp_path / "weights.py")["hessian"](0.7)
    assert got.toarray().tolist() == want.toarray().tolist()


def test_parameters_and_points_may_be_others(tmp_path):
    program = engine.lift(of_weights, parameters=WEIGHTS)
    program.hvp(0.7, POINT)
    hvp = loaded(program.hvp, tmp_path / "hvp.py")["hvp"]
    theta = np.array([0.1, 0.2, 0.3])
    assert hvp(0.2, POINT, parameters=theta).tolist() == program.hvp(0.2, POINT, parameters=theta).tolist()


def test_the_first_lines_say_how_it_is_called(tmp_path):
    program = engine.lift(of_weights, parameters=WEIGHTS)
    program.hvp(0.7, POINT)
    text = loaded(program.hvp, tmp_path / "hvp.py")["__doc__"]
    assert text.startswith("the Hessian times a vector of of_weights, as a program of NumPy alone")
    assert "    hvp(x, direction, parameters=None)  # the Hessian times a vector\n" in text
    assert "    x: one of numbers\n    direction: a number for each variable, nested as these are\n" in text
    assert "a flat vector of 3 numbers" in text


def test_what_does_not_fit_is_refused_in_the_file(tmp_path):
    program = engine.lift(of_one)
    program.hvp(POINT, POINT)
    hvp = loaded(program.hvp, tmp_path / "hvp.py")["hvp"]
    with pytest.raises(ValueError, match=r"the direction has an array of shape \(2,\) where \(3,\) is needed"):
        hvp(POINT, POINT[:2])
    with pytest.raises(ValueError, match=r"x must have shape \(3,\); got \(2,\)"):
        hvp(POINT[:2], POINT)


def test_another_way_through_the_branches_is_refused_in_the_file(tmp_path):
    program = engine.lift(lambda x: engine.total([v**2 if v > 0 else -v for v in x]))
    x = np.array([1.0, -2.0, 3.0, -4.0])
    want = program.hessian(x)
    hessian = loaded(program.hessian, tmp_path / "hessian.py")["hessian"]
    assert hessian(x).tolist() == want.tolist()
    with pytest.raises(ValueError, match="was True when this was saved"):
        hessian(-x)


def test_what_was_not_called_cannot_be_saved(tmp_path):
    with pytest.raises(LiftError, match="the Hessian of of_one was not called yet; call it once before save"):
        engine.lift(of_one).hessian.save(tmp_path / "hessian.py")
    assert not list(tmp_path.iterdir())
