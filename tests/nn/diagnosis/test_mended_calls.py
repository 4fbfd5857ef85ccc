"""A network's gradient function that no known mistake explains is mended: the line, and what belongs there."""

import numpy as np
import pytest

import nn

RNG = np.random.default_rng(11)
X, Y = RNG.normal(size=(6, 3)), RNG.uniform(0.2, 0.8, size=(6, 2))
PARAMS = {
    "W1": RNG.normal(size=(3, 4)),
    "b1": RNG.normal(size=4),
    "W2": RNG.normal(size=(4, 2)),
    "b2": RNG.normal(size=2),
}
SETTINGS = {"loss": "mse", "activation": "sigmoid", "output": "sigmoid"}


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def prime(a):
    return a * (1.0 - a)


def slope_of_sum(params, X, T):
    W1, b1, W2, b2 = params.values()
    a = sigmoid(X @ W1 + b1)
    y = sigmoid(a @ W2 + b2)
    error = 2.0 * (y - T) / T.size
    delta = error * prime(y)
    below = delta @ W2.T * prime(a + X[:, :1])
    return {"W1": X.T @ below, "b1": below.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}


def test_what_has_no_name_is_said_by_its_line():
    said = nn.diagnose(PARAMS, X, Y, slope_of_sum, convention="rows", **SETTINGS)
    (finding,) = said.findings
    assert said.verdict == "named" and finding.where == "W1, b1"
    assert finding.sentence.endswith("`a + X[:, :1]` should be `a`")


class Net:
    """Parameters are attributes, and a step changes them in place."""

    def __init__(self):
        vars(self).update({name: x.copy() for name, x in PARAMS.items()})

    def step(self, X, y, lr):
        a = sigmoid(X @ self.W1 + self.b1)
        out = sigmoid(a @ self.W2 + self.b2)
        delta = 2.0 * (out - y) / y.size * prime(out)
        below = delta @ self.W2.T * prime(a + delta @ self.W2.T)
        self.W1 -= lr * X.T @ below
        self.b1 -= lr * below.sum(axis=0)
        self.W2 -= lr * a.T @ delta
        self.b2 -= lr * delta.sum(axis=0)


@pytest.mark.slow
def test_the_method_of_an_object_is_mended_where_it_updates():
    net = Net()
    said = nn.diagnose(net, X, Y, net.step, convention="rows", lr=0.1, **SETTINGS)
    (finding,) = said.findings
    assert finding.where == "W1, b1" and "`a + delta @ self.W2.T` should be `a`" in finding.sentence
    assert all(np.array_equal(getattr(net, name), x) for name, x in PARAMS.items())


@pytest.mark.slow
def test_what_is_right_in_another_convention_is_not_mended():
    def summed(params, X, T):
        W1, b1, W2, b2 = params.values()
        a = sigmoid(X @ W1 + b1)
        delta = sigmoid(a @ W2 + b2) - T
        below = delta @ W2.T * prime(a)
        return {"W1": X.T @ below, "b1": below.sum(axis=0), "W2": a.T @ delta, "b2": delta.sum(axis=0)}

    declared = {"loss": "binary_cross_entropy", "activation": "tanh", "output": "sigmoid"}
    said = nn.diagnose(PARAMS, X, np.round(Y), summed, convention="rows", **declared)
    assert not any("should be `" in finding.sentence for finding in said.findings)


def test_numbers_that_are_not_finite_are_not_mended():
    said = nn.diagnose(
        PARAMS, X, Y, lambda params, X, T: slope_of_sum(params, X, T) | {"b2": np.full(2, np.inf)}, **SETTINGS
    )
    assert said.verdict == "unnamed" and not any("should be `" in finding.sentence for finding in said.findings)


@pytest.mark.slow
def test_a_function_of_one_sample_is_mended_as_one_in_both_layers():
    def backprop(weights, biases, x, y):
        a1 = sigmoid(weights[0] @ x + biases[0])
        a2 = sigmoid(weights[1] @ a1 + biases[1])
        d2 = (a2 - y) * (a2 - (1 - a2))
        d1 = weights[1].T @ d2 * (a1 - (1 - a1))
        return [d1, d2], [d1 @ x.T, d2 @ a1.T]

    rng = np.random.default_rng(3)
    params = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))], [rng.normal(size=(4, 1)), rng.normal(size=(2, 1))]
    said = nn.diagnose(params, rng.normal(size=(3, 1)), np.array([[0.0], [1.0]]), backprop, convention="nielsen")
    assert [finding.name for finding in said.findings] == ["wrong-operation"] * 2
    ends = ["should be `a2 * (1 - a2)`", "should be `a1 * (1 - a1)`"]
    assert all(finding.sentence.endswith(end) for finding, end in zip(said.findings, ends))
