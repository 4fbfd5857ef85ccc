"""Numbers and functions, with a cost and as updates, judged by what was declared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from long_run import shortened

import nn
from nn import matrix
from nn.diagnosis.declared import judged
from nn.diagnosis.equations import Problem
from nn.diagnosis.own import Own

PROBLEM = Problem.random((4, 5, 2), samples=7, loss="half_mse")
OWN = Own.by_default(PROBLEM.params, "cs231n")


def named(problem, right):
    return {OWN.names[name]: x for name, x in matrix.from_rows(right, "rows").items()}


def test_the_loss_that_comes_with_gradients_decides():
    summed = replace(PROBLEM, scale=1.0)
    said = judged(PROBLEM, (summed.value, named(PROBLEM, summed.right)), OWN)
    assert said.ok
    assert said.remarks == (
        "judged as the gradient of the loss that comes with it: the loss is the sum over the samples, not their mean "
        '(reduction="sum")',
    )
    assert judged(PROBLEM, (PROBLEM.value, named(PROBLEM, summed.right)), OWN).names == ["no-mean"]
    assert judged(PROBLEM, (123.0, named(PROBLEM, PROBLEM.right)), OWN).ok  # nobody's loss: what was declared


@pytest.mark.parametrize("lr", [1e-6, 0.1, 3.0])
def test_the_digits_that_differencing_costs_are_allowed_for(lr):
    problem = replace(PROBLEM, rate=lr)
    after = {name: problem.params[name] - lr * x for name, x in problem.right.items()}
    assert judged(problem, named(problem, after), OWN).ok
    wrong = after | {"layers.0.b": problem.params["layers.0.b"] + lr * problem.right["layers.0.b"]}
    assert judged(problem, named(problem, wrong), OWN).names == ["sign-of-bias"]
    off = judged(problem, named(problem, after | {"layers.0.b": after["layers.0.b"] * (1.0 + 1e-9)}), OWN)
    assert off.ok is (lr > 1e-6)
    assert not off.ok or "single precision only" in off.remarks[0]


def sgd(params, X, y, lr, wrong=False):
    """One sample at a time; `wrong` updates the upper weights before they are used."""
    for x, t in zip(X, y):
        h = np.tanh(x @ params["W1"] + params["b1"])
        delta = h @ params["W2"] + params["b2"] - t
        if wrong:
            params["W2"] -= lr * np.outer(h, delta)
        below = params["W2"] @ delta * (1 - h * h)
        if not wrong:
            params["W2"] -= lr * np.outer(h, delta)
        params["b2"] -= lr * delta
        params["W1"] -= lr * np.outer(x, below)
        params["b1"] -= lr * below


@pytest.mark.parametrize("wrong", shortened([False, True], 1))
def test_updates_one_sample_at_a_time(wrong):
    rng = np.random.default_rng(0)
    model = {name: rng.normal(size=shape) for name, shape in (("W1", (4, 5)), ("b1", 5), ("W2", (5, 2)), ("b2", 2))}
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    how = {"loss": "half_mse", "activation": "tanh", "convention": "cs231n", "lr": 0.05, "output": "identity"}
    said = nn.diagnose(model, X, T, lambda params, X, y, lr: sgd(params, X, y, lr, wrong), **how)
    assert (said.ok, said.names) == (not wrong, ["updated-weights"] if wrong else [])
    assert wrong or said.remarks[-1].split(":")[0] == "the parameters are updated after every sample"


@pytest.mark.parametrize("convention", ["rows", "torch", "columns", "coursera"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_sigmoid_and_its_cross_entropy_are_one_sigmoid(convention, times):
    """Everywhere; where it was applied twice indeed, a remark says so."""
    rng = np.random.default_rng(0)
    params = {"layers.0.W": rng.normal(size=(3, 1)), "layers.0.b": rng.normal(size=1)}
    X, T = rng.normal(size=(5, 3)), np.array([[0.0], [1.0], [1.0], [0.0], [1.0]])
    output = "identity" if times == 1 else "sigmoid"
    right = nn.matrix.value_and_gradients(params, X, T, output=output, loss="binary_cross_entropy")[1]
    own = Own.by_default(params, convention)
    by_hand, laid = ({own.names[n]: x for n, x in nn.matrix.from_rows(g, own.layout).items()} for g in (right, params))
    X, T = (X.T, T.T) if convention == "coursera" else (X, T)
    settings = {"convention": convention, "output": "sigmoid"}
    diagnosis = nn.diagnose(laid, X, T, by_hand, "binary_cross_entropy", **settings)
    assert diagnosis.ok
    assert any("applied twice" in remark for remark in diagnosis.remarks) == (times == 2)
