"""Gradients as a line of a test: of a layer, and of a network."""

import numpy as np
import pytest

import nn

X = np.random.default_rng(0).normal(size=(6, 3))
T = np.random.default_rng(1).normal(size=(6, 1))
W = np.array([[0.5], [-1.0], [2.0]])


def test_a_layer_fails_with_the_diagnosis():
    nn.assert_gradients(lambda x: x * x, lambda dout, x: 2.0 * x * dout, X)
    with pytest.raises(AssertionError, match="the sign"):
        nn.assert_gradients(lambda x: x * x, lambda dout, x: -2.0 * x * dout, X)


def test_a_network_fails_with_the_diagnosis():
    def gradient(w, X, y, sign=1.0):
        return {"w": sign * X.T @ (X @ w - y) / len(X)}

    nn.assert_gradients({"w": W}, X, T, gradient, loss="half_mse")
    nn.assert_gradients({"w": W}, X, T, gradient(W, X, T), "half_mse")
    with pytest.raises(AssertionError, match="the sign is turned"):
        nn.assert_gradients({"w": W}, X, T, lambda w, X, y: gradient(w, X, y, -1.0), loss="half_mse")


def test_a_network_of_an_object_of_its_own():
    model, y = nn.MLP(3, [4, 2]), np.arange(6) % 2
    right = nn.matrix.value_and_gradients(model.arrays(), X, y)[1]
    nn.assert_gradients(model, X, y, right)
    with pytest.raises(AssertionError, match="no-mean"):
        nn.assert_gradients(model, X, y, {name: 6.0 * x for name, x in right.items()})


def test_pytest_shows_the_line_of_the_test_and_no_code_of_ours():
    with pytest.raises(AssertionError) as error:
        nn.assert_gradients(lambda x: x * x, lambda dout, x: -2.0 * x * dout, X)
    assert [entry.path.name for entry in error.traceback.filter(error)] == ["test_asserted.py"]
