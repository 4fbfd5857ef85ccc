"""A square hands back twice the cotangent of one factor, in one product; products of other numbers do not."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine.lifting.ops import Step
from engine.lifting.passes.squares import is_dot, is_square
from engine.lifting.views import Source

X, Z = Source("x", (2, 2), "input"), Source("z", (2, 2), "value")
ROW = Source("row", (1, 3), "input")


def test_squares_are_of_one_view_and_products_of_rows_are_dots():
    x = X.view
    assert is_square(Step("multiply", Z.view, (x, x)))
    assert not is_square(Step("multiply", Z.view, (x, x.T)))
    assert not is_square(Step("add", Z.view, (x, x)))
    assert not is_square(Step("matmul", Z.view, (x, x)))  # X @ X.T: each factor has a slope of its own
    assert is_square(Step("matmul", Source("s", (1, 1), "value").view, (ROW.view, ROW.view)))
    assert not is_dot(Step("matmul", Z.view, (x, x)))


SQUARES = {
    "element by element": lambda x: engine.total([engine.exp(v * v) for v in x]),
    "a dot with itself": lambda x: engine.dot(x, x) * 0.25,
    "a dot's exponential": lambda x: engine.exp(0.1 * engine.dot(x, x)),
    "a dot alone": lambda x: engine.dot(x, x),
    "a dot of halves": lambda x: engine.dot(x[:3], x[3:]),
    "squares that are read elsewhere too": lambda x: engine.total([v * v for v in x]) + engine.dot(x, x) * x[0],
}


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("which", SQUARES)
def test_gradients_are_those_of_the_scalar_engine(which, batch):
    f, X = SQUARES[which], np.random.default_rng(1).normal(size=(4, 6))
    program = engine.lift(f, batch=batch, verify="exact", strict=True)
    value, gradient = program.value_and_grad(X if batch else X[0], wrt="inputs")
    rows = [engine.value_and_grad(f)(x.tolist()) for x in (X if batch else X[:1])]
    assert value == pytest.approx(np.mean([float(v) for v, _ in rows]), rel=1e-13)
    slopes = np.array([g for _, g in rows]) / len(rows)
    np.testing.assert_allclose(np.reshape(gradient.inputs[0], slopes.shape), slopes, rtol=1e-13)


def test_a_square_is_multiplied_once():
    program = engine.lift(lambda x: engine.dot(x, x) * 0.25)
    program.value_and_grad(np.ones(20), wrt="inputs")
    backward = program.source().split("def backward")[1]
    assert backward.count("np.multiply") == 1 and "add" not in backward
