"""Norms of every order along every axis: NumPy's values, gradients by differences, lifted, and lifted for a batch."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import holds, numbers, same, same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

RNG = np.random.default_rng(12)
X = RNG.normal(size=(2, 3, 2))
norm = np.linalg.norm
OF_VECTORS = [None, 0, 1, 2, 2.0, 3, 2.5, 0.5, -1, -2.5, np.inf, -np.inf]
OF_MATRICES = [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]


@pytest.mark.parametrize("order", OF_VECTORS)
def test_norms_of_vectors(order):
    holds(lambda x: norm(x, order), X[0, :, 0])
    holds(lambda x: norm(x, order, axis=1), X)
    same_value(lambda x: norm(x, order, axis=(-1,), keepdims=True), X)


@pytest.mark.parametrize("order", OF_MATRICES)
def test_norms_of_matrices(order):
    holds(lambda x: norm(x, order), X[0])
    same_value(lambda x: norm(x, order, axis=(2, 0)), X)
    same_value(lambda x: norm(x, order, axis=(0, -1), keepdims=True), X)


@pytest.mark.skipif(not hasattr(np.linalg, "vector_norm"), reason="NumPy 2 has them")
@given(st.sampled_from(OF_VECTORS[1:]), st.sampled_from([None, 0, -1, (0, 2), (2, 1)]), st.booleans())
def test_the_norms_of_numpy_2(order, axis, keepdims):
    same_value(lambda x: np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=order), X)
    if order in OF_MATRICES:
        same_value(lambda x: np.linalg.matrix_norm(x, keepdims=keepdims, ord=order), X)


def test_of_all_axes_it_is_the_length_of_all_numbers():
    holds(norm, X)
    same_value(lambda x: norm(x, keepdims=True), X)
    assert float(norm(Value(-3.0))) == 3.0
    assert norm(engine.array([])) == 0.0


@pytest.mark.parametrize("order", [None, 1, 3, 0.5, "fro"])
def test_at_zero_the_slope_is_zero(order):
    np.testing.assert_array_equal(engine.grad(lambda x: norm(x, order))(np.zeros((2, 2) if order == "fro" else 3)), 0.0)
    h = engine.hessian(norm)(np.zeros(2))
    np.testing.assert_array_equal(h, np.zeros((2, 2)))


@pytest.mark.parametrize("order", [np.inf, -np.inf])
def test_ties_share(order):
    gradient = engine.grad(lambda x: norm(x, order))(np.array([2.0, -2.0, 2.0]))
    np.testing.assert_allclose(gradient, [1 / 3, -1 / 3, 1 / 3])


def test_nan_is_kept():
    for order in (None, 1, 3, np.inf, -np.inf):
        assert np.isnan(numbers(norm(engine.array([Value(np.nan), 1.0]), order)))


@pytest.mark.parametrize("p", [None, 2, -2, 1, -1, np.inf, "fro"])
def test_condition_numbers(p):
    holds(lambda a: np.linalg.cond(a, p), X[0, :2])
    same_value(lambda a: np.linalg.cond(a, p), X[:, :2])


def test_the_condition_of_a_singular_matrix_is_infinite():
    assert numbers(np.linalg.cond(engine.array([[1.0, 0.0], [0.0, 0.0]]))) == np.inf


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: norm(x, 3), "ord=3 needs one axis or two; got 3"),
        (lambda x: norm(x, 3, axis=(0, 1)), "ord of a matrix must be 'fro'.*got 3"),
        (lambda x: norm(x, "fro", axis=0), "ord of a vector must be a number.*'fro'"),
        (lambda x: norm(x, axis=5), "axis 5"),
        (lambda x: norm(x[:0], 2, axis=(0, 1)), "An empty matrix"),
        (lambda x: np.linalg.cond(x[:, :0]), r"An empty matrix.*\(2, 0, 2\)"),
        (lambda x: norm(x, axis=(1, 1)), "names an axis twice"),
    ],
)
def test_wrong_arguments_say_so(f, message):
    with pytest.raises(ValueError, match=message):
        f(engine.array(X))


def test_norms_are_one_step_of_the_whole_where_they_are_lifted():
    program = engine.lift(lambda x: norm(x, axis=1).sum())
    same(program(X[0]), norm(X[0], axis=1).sum())
    assert len(program.steps) < 14
