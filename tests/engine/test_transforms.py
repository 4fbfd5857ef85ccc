"""Transforms: structure in, structure out; composed to any order; note 002's identities; laws."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import programs

import engine
from engine import Value, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from engine.errors import NotScalarError, ShapeError


def test_gradients_come_back_in_the_arguments_structure():
    class Point(NamedTuple):
        x: float
        y: float

    def f(p):
        return p["W"][0, 1] * p["b"][0] + p["q"].x * p["t"][1] + p["n"]

    p = {"W": np.arange(4.0).reshape(2, 2), "b": [3.0], "q": Point(1.0, 2.0), "t": (4.0, 5.0), "n": 1}
    g = grad(f)(p)
    np.testing.assert_array_equal(g["W"], [[0.0, 3.0], [0.0, 0.0]])
    assert (g["b"], g["q"], g["t"], g["n"]) == ([1.0], Point(5.0, 0.0), (0.0, 1.0), 1.0)
    assert isinstance(g["q"], Point)
    assert g["W"].dtype == float


def test_argnums():
    f = lambda x, y, z=1.0: x * y * z  # noqa: E731
    assert grad(f, 1)(2.0, 3.0) == 2.0
    assert grad(f, -1)(2.0, 3.0) == 2.0
    assert grad(f, (0, 1))(2.0, 3.0, z=10.0) == (30.0, 20.0)
    with pytest.raises(IndexError, match="grad: argnums is 2, but the function was called with 2 arguments"):
        grad(f, 2)(2.0, 3.0)


def test_a_function_of_several_results_has_no_gradient():
    with pytest.raises(NotScalarError, match="grad needs a function that returns one number; this one returned a list"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(NotScalarError, match=r"returned an array of shape \(2,\). Use jacobian"):
        value_and_grad(lambda x: np.array([x, x]))(1.0)


def test_arguments_that_are_no_numbers_are_refused_with_their_place():
    with pytest.raises(TypeError, match=r"argument 0\['name'\] is 'x', not a number"):
        grad(lambda p: p["w"])({"w": 1.0, "name": "x"})
    with pytest.raises(TypeError, match="the function's result is None, not a number"):
        grad(lambda x: None)(1.0)


def test_a_constant_function_has_zero_gradient():
    assert grad(lambda x: 3.0)(1.0) == 0.0
    assert grad(lambda x: x * 0.0 + 1)(1.0) == 0.0
    assert grad(lambda x: x)(1.0) == 1.0
    np.testing.assert_array_equal(jacobian(lambda x: [1.0, 2.0])(np.ones(2)), [[0.0, 0.0], [0.0, 0.0]])


def test_nobodys_grad_is_touched():
    w = Value(2.0)
    assert grad(lambda x: x * w)(3.0) == 2.0
    assert w.grad == 0.0
    v = Value(3.0)
    g = grad(lambda x: x * x)(v)
    assert isinstance(g, Value)
    assert v.grad == 0.0
    g.backward()
    assert v.grad == 2.0


@pytest.mark.parametrize("order", range(6))
def test_grad_composes_to_any_order(order):
    f = lambda x: engine.sin(2.0 * x)  # noqa: E731
    for _ in range(order):
        f = grad(f)
    want = 2.0**order * [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)][order % 4](2 * 0.3)
    assert float(f(Value(0.3)) if order == 0 else f(0.3)) == pytest.approx(want, rel=1e-13)


def test_an_inner_derivative_does_not_see_the_outer_variable():
    """Perturbation confusion: d/dx [ x * d/dy (x + y) ] at 1 is 1, not 2  (Siskind and Pearlmutter 2005)."""
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y * y)(2.0))(3.0) == 24.0
    assert grad(lambda x: grad(lambda y: y * y * x)(x))(3.0) == 12.0
    y = []

    def f(x):
        y.append(x * 2.0)
        return grad(lambda v: v * y[-1])(x)

    assert grad(f)(3.0) == 2.0


def test_value_and_grad_nested():
    def f(x):
        value, slope = value_and_grad(lambda v: v**3)(x)
        return value * slope  # 3 x**5

    assert grad(f)(2.0) == pytest.approx(15 * 16.0)


def test_jacobian_structures():
    np.testing.assert_array_equal(jacobian(lambda x: x * 2.0)(np.ones(2)), 2 * np.eye(2))
    assert jacobian(lambda x: [x[0] * x[1], x[0]])([2.0, 3.0]) == [[3.0, 2.0], [1.0, 0.0]]
    assert jacobian(lambda x: {"a": x * x, "b": (x,)})(3.0) == {"a": 6.0, "b": (1.0,)}
    assert jacobian(lambda x: x[0] * x[1])([2.0, 3.0]) == [3.0, 2.0]
    rows = jacobian(lambda x: np.array([x["a"], x["b"]]))({"a": 1.0, "b": 2.0})
    assert rows.tolist() == [{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}]
    np.testing.assert_array_equal(jacobian(lambda x: x[0] * x[1])(np.array([2.0, 3.0])), [3.0, 2.0])

    class Pair(NamedTuple):
        a: float
        b: float

    assert jacobian(lambda x: Pair(x, x * x))(3.0) == Pair(1.0, 6.0)


def test_vjp_and_jvp_are_transposes():
    f = lambda x: np.array([x[0] * x[1], engine.sin(x[0]), x[1] ** 3])  # noqa: E731
    x, v, u = np.array([0.5, 2.0]), np.array([1.0, -2.0]), np.array([0.3, 1.0, -1.0])
    _, pullback = vjp(f, x)
    _, pushed = jvp(f, (x,), (v,))
    assert float(np.dot(pullback(u)[0], v)) == pytest.approx(float(np.dot(u, pushed)), rel=1e-14)
    np.testing.assert_allclose(pushed, jacobian(f)(x) @ v, rtol=1e-14)


def test_tangents_and_cotangents_must_match():
    with pytest.raises(ShapeError, match=r"jvp's tangents must have .* primals, a number at \[0\]; got a list of 2"):
        jvp(lambda x: x * 2.0, (1.0,), ([1.0, 2.0],))
    with pytest.raises(ShapeError, match="hvp's direction must have the structure of the point, a list of 2; got a li"):
        engine.hvp(lambda x: x[0] * x[1], [1.0, 2.0], [1.0])
    _, pullback = vjp(lambda x: [x, x], 1.0)
    with pytest.raises(ShapeError, match="vjp's cotangent must have the structure of the function's result"):
        pullback(1.0)
    assert pullback((1.0, 2.0)) == (3.0,)


def test_jvp_of_a_constant_is_zero():
    assert jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)


def test_hessians_are_symmetric_and_hvp_is_their_product():
    def f(x):
        return engine.tanh(x[0] * x[1]) + engine.exp(x[2] * x[0]) * x[1] ** 2

    x, v = np.array([0.3, -0.7, 0.5]), np.array([1.0, 2.0, -1.0])
    H = hessian(f)(x)
    np.testing.assert_allclose(H, H.T, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(hvp(f, x, v), H @ v, rtol=1e-13)


def test_hessian_of_a_neuron_network_against_differences():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(3, 2))

    def f(w):
        hidden = [engine.tanh(engine.dot(list(row), [0.3, -0.8])) for row in w.reshape(3, 2)]
        return engine.logsumexp(hidden)

    w = W.reshape(-1)
    H = hessian(f)(w)
    h = 1e-6
    g = grad(f)
    for j in range(6):
        step = np.eye(6)[j] * h
        np.testing.assert_allclose(H[:, j], (g(w + step) - g(w - step)) / (2 * h), atol=1e-9)


# --- note 002: six Jacobian identities, in both conventions

N, M = 3, 4
RNG = np.random.default_rng(2)
W = RNG.normal(size=(N, M))
X = RNG.normal(size=M)
DELTA = RNG.normal(size=N)


def column_product(w, x):
    """z = W x, for column vectors."""
    return np.array([engine.dot(list(row), list(x)) for row in w])


def row_product(x, w):
    """z = x W, for row vectors."""
    return column_product(w.T, x)


def test_identity_1_matrix_times_column_by_the_column():
    J = jacobian(column_product, 1)(W, X)
    assert J.shape == (N, M)
    np.testing.assert_array_equal(J, W)


def test_identity_2_row_times_matrix_by_the_row():
    V = W.T  # m x n, as the note has it
    J = jacobian(row_product, 0)(X, V)
    assert J.shape == (N, M)
    np.testing.assert_array_equal(J, V.T)


def test_identity_3_a_vector_by_itself():
    J = jacobian(lambda x: x)(X)
    assert J.shape == (M, M)
    np.testing.assert_array_equal(J, np.eye(M))


def test_identity_4_an_elementwise_function():
    J = jacobian(lambda x: engine.tanh(x))(X)
    assert J.shape == (M, M)
    np.testing.assert_allclose(J, np.diag(1 - np.tanh(X) ** 2), rtol=1e-14)
    upstream = RNG.normal(size=(N, M))
    np.testing.assert_allclose(upstream @ J, upstream * (1 - np.tanh(X) ** 2), rtol=1e-14)


def test_identity_5_matrix_times_column_by_the_matrix():
    """dJ/dW = delta.T x, the outer product, with delta a row and x taken as a row (W is n x m)."""
    got = grad(lambda w: engine.dot(list(DELTA), list(column_product(w, X))))(W)
    assert got.shape == (N, M)
    np.testing.assert_allclose(got, DELTA[None, :].T @ X[None, :], rtol=1e-14)


def test_identity_6_row_times_matrix_by_the_matrix():
    """dJ/dW = x.T delta, with x and delta rows (W is m x n)."""
    got = grad(lambda w: engine.dot(list(DELTA), list(row_product(X, w))))(W.T)
    assert got.shape == (M, N)
    np.testing.assert_allclose(got, X[None, :].T @ DELTA[None, :], rtol=1e-14)


def test_the_jacobian_of_a_product_by_its_matrix_has_three_axes():
    J = jacobian(column_product, 0)(W, X)
    assert J.shape == (N, N, M)
    np.testing.assert_allclose(np.einsum("k,kij->ij", DELTA, J), np.outer(DELTA, X), rtol=1e-14)


# --- random programs against complex steps


@given(programs())
def test_gradients_of_random_programs_agree_with_complex_steps(program):
    got = grad(lambda xs: program.on_values(xs))(list(program.inputs))
    h = 1e-40
    for i in range(3):
        xs = [complex(x, h if k == i else 0.0) for k, x in enumerate(program.inputs)]
        z = program.on_complex(xs)
        scale = max(1.0, abs(z))
        assert got[i] == pytest.approx(z.imag / h, rel=1e-9, abs=1e-10 * scale)


@given(programs())
def test_backward_agrees_with_grad_on_random_programs(program):
    xs = [Value(x) for x in program.inputs]
    z = program.on_values(xs)
    if isinstance(z, Value):
        z.backward()
        assert [x.grad for x in xs] == pytest.approx(
            grad(program.on_values)(list(program.inputs)), rel=1e-12, abs=1e-12
        )


@given(programs(8), st.integers(0, 2), st.integers(0, 2))
def test_mixed_second_derivatives_commute(program, i, j):
    H = hessian(program.on_values)(np.array(program.inputs))
    assert H[i, j] == pytest.approx(H[j, i], rel=1e-9, abs=1e-9)


@given(programs(6))
def test_the_chain_rule_holds(program):
    outer = grad(lambda z: engine.sin(z))
    z, g = value_and_grad(program.on_values)(list(program.inputs))
    composed = grad(lambda xs: engine.sin(program.on_values(xs)))(list(program.inputs))
    assert composed == pytest.approx([outer(z) * gi for gi in g], rel=1e-10, abs=1e-12)


@given(programs(8))
def test_forward_mode_agrees_with_reverse_mode(program):
    xs = list(program.inputs)
    g = grad(program.on_values)(xs)
    for i in range(3):
        direction = [float(k == i) for k in range(3)]
        assert jvp(program.on_values, (xs,), (direction,))[1] == pytest.approx(g[i], rel=1e-9, abs=1e-10)


# --- one result that is singular does not spoil the others


def test_rows_and_columns_that_are_finite_stay_finite():
    inf = float("inf")
    assert engine.jacobian(lambda x: [x[0], engine.sqrt(x[0])])([0.0]) == [[1.0], [inf]]
    assert engine.hessian(lambda x: x[0] ** 2 + x[1] ** 1.5)([1.0, 0.0]) == [[2.0, 0.0], [0.0, inf]]
    assert engine.hessian(lambda v: v[0] ** v[1])([-2.0, 2.0])[0][0] == 2.0
    value, pullback = engine.vjp(lambda x: [x, engine.sqrt(x)], 0.0)
    assert (value, pullback([3.0, 0.0])) == ([0.0, 0.0], (3.0,))
    assert engine.jvp(lambda x, y: x * 2.0 + engine.sqrt(y), (1.0, 0.0), (1.0, 0.0)) == (2.0, 2.0)


def test_an_array_of_no_axes_is_one_number():
    assert engine.grad(lambda x: np.where(x > 0, x * x, 0.0))(2.0) == 4.0
    assert engine.grad(lambda x: np.tensordot(x, x, 1))(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]


def test_dictionaries_are_matched_by_their_keys():
    f = lambda p: p["w"] * p["b"][0] ** 2  # noqa: E731
    p = {"w": 2.0, "b": [3.0]}
    assert engine.jvp(f, (p,), ({"b": [1.0], "w": 0.0},)) == (18.0, 12.0)
    assert engine.hvp(f, p, {"b": [0.0], "w": 1.0}) == {"w": 0.0, "b": [6.0]}
    with pytest.raises(engine.ShapeError, match="must have the structure"):
        engine.jvp(f, (p,), ({"b": [1.0], "v": 0.0},))
