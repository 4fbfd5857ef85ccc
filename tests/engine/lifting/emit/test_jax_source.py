"""The module for JAX: a pure function of named arrays, inputs and the seeds of the samples."""

from __future__ import annotations

import ast

import numpy as np
import pytest

import engine
from engine import Value


def network():
    W = [[Value(0.1 * (i + 2 * j), f"W[{i}, {j}]") for i in range(3)] for j in range(2)]
    b = [Value(0.5, f"b[{j}]") for j in range(2)]
    return lambda x: engine.total([engine.tanh(engine.dot(w, x, c)) for w, c in zip(W, b)])


def text(**options):
    program = engine.lift(network(), batch=True)
    program.value_and_grad(np.ones((4, 3)))
    pytest.importorskip("jax")
    return program.to_jax(**options).source()


def function(source):
    (f,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return f


def test_arguments_are_named_arrays_inputs_and_the_seed():
    assert [a.arg for a in function(text()).args.args] == ["W", "b", "x", "seed", "dtype", "constants"]


def test_gradients_are_returned_beside_the_value_or_left_to_jax():
    lifted, by_jax = (function(text(gradients=how)).body[-1].value for how in ("lifted", "jax"))
    assert isinstance(lifted, ast.Tuple) and isinstance(by_jax, ast.Name)
    assert len(function(text(wrt="all")).body[-1].value.elts[1].elts) == 3


def test_what_nothing_reaches_has_zeros():
    w = Value(2.0, "w")
    program = engine.lift(lambda x, unused: x * w, batch=True)
    program(np.ones(3), np.ones((3, 2)))
    pytest.importorskip("jax")
    f = program.to_jax(wrt="inputs")
    assert "zeros_like(unused" in f.source()
    assert np.asarray(f(program.pull(), np.ones(3), np.ones((3, 2)))[1][1]).tolist() == [[0.0, 0.0]] * 3


def test_a_title_is_whatever_a_docstring_can_hold():
    program = engine.lift(engine.tanh(Value(0.5, 'a "quoted" label\\')) * 1.0)
    program()
    pytest.importorskip("jax")
    ast.parse(program.to_jax().source())
