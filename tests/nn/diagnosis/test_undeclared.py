"""A gradient that is right where the activation, the output or the loss is another than was declared."""

import numpy as np
import pytest
from long_run import shortened

import nn

RNG = np.random.default_rng(0)
PARAMS = {
    "W1": RNG.normal(size=(3, 4)),
    "b1": RNG.normal(size=4),
    "W2": RNG.normal(size=(4, 2)),
    "b2": RNG.normal(size=2),
}
X, T = RNG.normal(size=(6, 3)), np.eye(2)[RNG.integers(0, 2, 6)]


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def gradients(params, X, T, output=sigmoid, slope=1.0):
    W1, b1, W2, b2 = params.values()
    a1 = sigmoid(X @ W1 + b1)
    delta2 = (output(a1 @ W2 + b2) - T) / T.size
    delta1 = slope * delta2 @ W2.T * a1 * (1.0 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}


@pytest.mark.parametrize("candidate", shortened([gradients(PARAMS, X, T), gradients], 0))
def test_an_activation_that_was_not_declared_is_said(candidate):
    diagnosis = nn.diagnose(PARAMS, X, T, candidate, loss="binary_cross_entropy", output="sigmoid")
    assert diagnosis.verdict == "other convention"
    assert diagnosis.conventions == ('the hidden layers are activation="sigmoid", not "tanh"',)


def test_a_loss_that_was_not_declared_is_said():
    by_hand = gradients(PARAMS, X, T, output=lambda z: z)
    diagnosis = nn.diagnose(PARAMS, X, T, by_hand, loss="binary_cross_entropy")
    assert 'the loss is loss="half_mse"' in diagnosis.conventions[0]


def test_a_wrong_gradient_is_right_in_no_other_network():
    by_hand = gradients(PARAMS, X, T, slope=1.7)
    assert not nn.diagnose(PARAMS, X, T, by_hand, loss="binary_cross_entropy").conventions
