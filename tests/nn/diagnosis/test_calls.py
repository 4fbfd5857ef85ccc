"""Functions called as their authors call them: by the names of their arguments, on copies, as updates."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import nn
from nn import matrix
from nn.diagnosis.calls import Calls, own_as_taken, taken_apart
from nn.diagnosis.own import Own
from nn.diagnosis.trials import CandidateError

W, B = np.array([[1.0, -2.0, 0.5]]), np.array([[0.5]])
X, T = np.random.default_rng(0).normal(size=(3, 6)), np.ones((1, 6))
OWN = Own.of({"W1": W, "b1": B}, "coursera", 3)
PARAMS = matrix.from_rows(OWN.rows(), "coursera")


def right(W1, b1, X, Y):
    e = W1 @ X + b1 - Y
    return {"dW1": e @ X.T, "db1": e.sum(axis=1, keepdims=True)}


@pytest.mark.parametrize(
    "function",
    [
        right,
        lambda Y, X, b1, W1: right(W1, b1, X, Y),
        lambda W, b, X, y: (right(W, b, X, y)["dW1"], right(W, b, X, y)["db1"]),
        lambda parameters, X, Y: (right(*parameters.values(), X, Y), 3.5),
        lambda p, inputs_, labels_: right(p["W1"], p["b1"], inputs_, labels_),
        lambda params, x, t, lambd=0.0, verbose=False: (0.5, right(*params.values(), x, t)),
        lambda X, Y, W1, b1, num_iterations, learning_rate: right(W1, b1, X, Y),
    ],
)
def test_arguments_are_told_by_their_names(function):
    given = Calls(function, OWN)(PARAMS, X, T)
    np.testing.assert_array_equal(given["layers.0.W"], right(W, B, X, T)["dW1"])
    np.testing.assert_array_equal(given["layers.0.b"], right(W, B, X, T)["db1"])


def test_what_nothing_is_known_of_is_said():
    with pytest.raises(CandidateError, match=r"f\(\) takes 'cache', and nothing says what that is"):

        def f(X, Y, cache, lambd):
            return None

        Calls(f, OWN)(PARAMS, X, T)


def test_updates_are_differenced_and_leave_the_parameters_alone():
    def in_place(parameters, X, Y, lr):
        for name, g in right(*parameters.values(), X, Y).items():
            parameters[name[1:]] -= lr * g

    def returned(W1, b1, X, Y, lr):
        g = right(W1, b1, X, Y)
        return W1 - lr * g["dW1"], b1 - lr * g["db1"]

    before = {name: x.copy() for name, x in PARAMS.items()}
    for function in (in_place, returned):
        given = Calls(function, OWN, rate=0.25)(PARAMS, X, T)
        np.testing.assert_allclose(given["layers.0.W"], right(W, B, X, T)["dW1"], rtol=1e-13)
    assert all(np.array_equal(PARAMS[name], x) for name, x in before.items())


def test_lists_may_be_given_other_arrays():
    own = Own.of(([W], [B]), "nielsen", 3)

    def step(weights, biases, X, y, eta):
        g = right(weights[0], biases[0], X, y)
        weights[0], biases[0] = weights[0] - eta * g["dW1"], biases[0] - eta * g["db1"]

    given = Calls(step, own, rate=0.25)(PARAMS, X, T)
    np.testing.assert_allclose(given["layers.0.W"], right(W, B, X, T)["dW1"], rtol=1e-13)


def test_one_sample_at_a_time_is_added_up():
    shapes = []

    def f(W1, b1, X, Y):
        shapes.append(X.shape)
        return right(W1, b1, X, Y)

    given = Calls(f, OWN, alone=True)(PARAMS, X, T)
    assert shapes == [(3, 1)] * 6
    np.testing.assert_allclose(given["layers.0.W"], right(W, B, X, T)["dW1"])


def test_the_cost_beside_gradients():
    grads = right(W, B, X, T)
    assert taken_apart((grads, 0.5), OWN)[1] == 0.5
    assert taken_apart((0.5, grads["dW1"], grads["db1"]), OWN)[1] == 0.5
    assert taken_apart((grads["dW1"], grads["db1"], np.float64(0.5)), OWN)[1] == 0.5
    assert taken_apart(grads, OWN)[1] is None
    assert taken_apart(({"W1": W}, grads, [1.0, 2.0]), OWN) == (grads, None)


def test_how_a_function_takes_parameters_says_how_they_are_held():
    rows = {"layers.0.W": W.T, "layers.0.b": np.ones(1)}
    assert own_as_taken(rows, "coursera", lambda w, b, X, Y: 0).layout == "columns"
    assert own_as_taken(rows, "coursera", lambda W, b, X, Y: 0).layout == "coursera"
    assert own_as_taken(rows, "cs231n", lambda W, X, y, reg: 0).absent == {"layers.0.b"}
    assert own_as_taken(rows, "cs231n", lambda parameters, X, y: 0).absent == frozenset()


LINEAR = {"w": np.array([[0.5], [-1.0], [2.0]])}
NUMBERS = np.random.default_rng(0).normal(size=(6, 3))


@pytest.mark.parametrize("convention", ["rows", "torch", "cs231n"])
@pytest.mark.parametrize(
    "function",
    [
        lambda w, X, y: X.T @ (X @ w - y) / 6,
        lambda y, x, w: x.T @ (x @ w - y) / 6,
        lambda params, X, y: X.T @ (X @ params["w"] - y) / 6,
        lambda whatever, X, y: X.T @ (X @ whatever["w"] - y) / 6,
        lambda weights, X, y: X.T @ (X @ weights[0] - y) / 6,
    ],
)
def test_three_arguments_are_told_by_their_names(convention, function):
    own = Own.of(LINEAR, convention, 3)
    rows, T = nn.matrix.from_rows(own.rows(), own.layout), np.ones((6, 1))
    expected = NUMBERS.T @ (NUMBERS @ LINEAR["w"] - T) / 6

    def by_name(*args, **kwargs):
        return {"w": function(*args, **kwargs)}

    by_name.__signature__ = inspect.signature(function)
    given = Calls(by_name, own)({"layers.0.W": rows["layers.0.W"]}, NUMBERS, T)
    assert np.allclose(given["layers.0.W"], expected)


@pytest.mark.parametrize("held", [[np.ones((3, 4)), np.ones((3, 1))], {"W1": np.ones((3, 4)), "b1": np.ones((3, 1))}])
def test_lists_of_weights_and_biases_whatever_holds_them(held):
    shapes = []

    def backprop(weights, biases, x, y):
        shapes.append([[w.shape for w in weights], [b.shape for b in biases]])
        a = weights[0] @ x + biases[0]
        return [(a - y)], [(a - y) @ x.T]

    diagnosis = nn.diagnose(held, np.ones((4, 1)), np.zeros((3, 1)), backprop, convention="nielsen", output="identity")
    assert shapes[0] == [[(3, 4)], [(3, 1)]]
    assert diagnosis.ok
