"""Calls that no trace serves: the scalar engine's answers, the same as those of a program without branches."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import engine
from engine import LiftError, Value

W = [Value(x, f"w[{k}]") for k, x in enumerate((0.5, -1.0, 2.0))]
INSIDE, DIRECTION = np.array([1.0, -2.0, 3.0]), np.array([0.5, 1.0, -2.0])


def branching(x, scale=1.0):
    return engine.total([scale * z**3 if z > 0 else engine.exp(z) * z for z in [w * v for w, v in zip(W, x)]])


def choosing(x, scale=1.0):
    z = [w * v for w, v in zip(W, x)]
    return engine.total([engine.where(v > 0, scale * v**3, engine.exp(v) * v) for v in z])


@pytest.fixture
def programs():
    """The two, the first of which has as many ways as it may."""
    program = engine.lift(branching)
    program.traces.most = 1
    program(-INSIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program(INSIDE)
    return program, engine.lift(choosing)


KEYWORDS = [{}, {"argnums": 0}, {"parameters": np.array([1.0, 2.0, -3.0])}]


@pytest.mark.parametrize("wrt", ["parameters", "inputs", "all"])
@pytest.mark.parametrize("theta", [None, np.array([1.0, 2.0, -3.0])])
def test_values_and_gradients_are_those_of_where(programs, wrt, theta):
    out = np.empty(3) if wrt != "inputs" else None
    got, want = [p.value_and_grad(INSIDE, 2.0, parameters=theta, wrt=wrt) for p in programs]
    into = programs[0].value_and_grad(INSIDE, 2.0, parameters=theta, wrt=wrt, out=out)
    assert got[0] == pytest.approx(want[0], rel=1e-14) and programs[0](INSIDE, 2.0, parameters=theta) == got[0]
    for gradient in (got[1], into[1]):
        for x, y in zip((gradient.parameters, *(gradient.inputs or ())), (want[1].parameters, *(want[1].inputs or ()))):
            assert (x is None) == (y is None) and (x is None or np.allclose(x, y, rtol=1e-14))
    assert out is None or into[1].parameters is out
    assert [w.data for w in W] == [0.5, -1.0, 2.0]


@pytest.mark.parametrize("keywords", KEYWORDS)
@pytest.mark.parametrize("what", ["jacobian", "hessian", "jvp", "vjp", "hvp"])
def test_derivatives_are_those_of_where(programs, what, keywords):
    direction = {"jvp": (DIRECTION,), "hvp": (DIRECTION,), "vjp": (0.7,)}.get(what, ())
    got, want = [getattr(p, what)(INSIDE, *direction, **keywords) for p in programs]
    for x, y in zip(got, want) if isinstance(got, tuple) else [(got, want)]:
        assert np.allclose(x, y, rtol=1e-13)


def test_several_results_are_nested_as_the_function_nests_them():
    program = engine.lift(lambda x: {"a": [x * 2.0, x], "b": x**2} if x > 1 else {"b": x, "a": [x, x, x]})
    program.traces.most = 1
    assert program(0.5) == {"b": 0.5, "a": [0.5, 0.5, 0.5]}
    with pytest.warns(RuntimeWarning, match="1 different ways"):
        assert program(2.0) == {"a": [4.0, 2.0], "b": 4.0}
    assert program.jacobian(2.0) == {"a": [2.0, 1.0], "b": 4.0}


def test_integers_choose_and_compute_and_are_refused_outside():
    table = [Value(10.0), Value(20.0)]
    program = engine.lift(lambda n, x: engine.select(table, n) * x * n if x > 0 else x)
    program.traces.most = 1
    program(0, -1.0)
    with pytest.warns(RuntimeWarning, match="answered by the scalar engine"):
        value, gradient = program.value_and_grad(1, 3.0, wrt="all")
    assert (value, gradient.inputs, gradient.parameters.tolist()) == (60.0, (60.0, 20.0), [0.0, 3.0])
    with pytest.raises(IndexError, match="outside a table of 2 entries"):
        program(2, 3.0)


def test_it_is_said_once_what_was_exceeded_where_and_what_to_do():
    program = engine.lift(branching)
    program.traces.most = 1
    program(-INSIDE)
    with pytest.warns(RuntimeWarning) as said:
        program(INSIDE), program(INSIDE), program.hessian(INSIDE)
    (warning,) = said
    assert warning.filename == __file__
    text = str(warning.message)
    assert text.startswith("branching took 1 different ways through its branches, which is as many as are compiled: ")
    assert "any other is answered by the scalar engine" in text and "test_unlifted.py:" in text
    assert text.endswith("with engine.where(condition, a, b).")
    assert program.stats.unlifted_calls == 3 and "3 calls answered by the scalar engine" in str(program.stats)
    assert program.source().startswith("# The scalar engine answered 3 calls")
    with pytest.raises(LiftError, match="branches on a value"):
        program.to_jax()


def test_a_branch_at_its_edge_goes_as_the_function_itself_goes():
    """In the program's single precision a number is the bound, in the function's own it is above."""

    def f(x):
        return engine.total([v * 2.0 if v + 1e-9 > 1.0 else v * 3.0 for v in x])

    program = engine.lift(f, dtype=np.float32, verify=False)
    with pytest.warns(RuntimeWarning, match="so near its edge that it goes one way as compiled"):
        assert program(np.ones(20)) == 40.0
    assert program(np.zeros(20)) == 0.0 and program(np.full(20, 2.0)) == 80.0
    assert [len(known) for known in program.specialisations.values()] == [2]


def test_a_captured_value_that_only_another_way_reads_joins_the_vector():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    program = engine.lift(lambda x: x * a if x < 0 else x * b)
    program.traces.most = 1
    program(-1.0)
    with pytest.warns(RuntimeWarning):
        assert program.value_and_grad(4.0)[1].parameters.tolist() == [0.0, 4.0]
    assert program.value_and_grad(4.0, parameters=np.array([5.0, 6.0]))[0] == 24.0
    assert program.value_and_grad(-1.0)[1].parameters.tolist() == [-1.0, 0.0]


def test_it_is_minimised_all_the_same():
    optimize = pytest.importorskip("scipy.optimize")
    program = engine.lift(lambda x: engine.total([(v - 1.0) ** 2 if v > 1 else 2.0 * (v - 1.0) ** 2 for v in x]))
    program.traces.most = 1
    with pytest.warns(RuntimeWarning, match="answered by the scalar engine"):
        least = optimize.minimize(**program.scipy(np.array([3.0, -2.0, 0.5])), method="trust-krylov")
    assert np.allclose(least.x, 1.0)
