"""Differences whose step is too long are said to be that, whichever they are, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.explain import Point
from nn.diagnosis.differenced import differenced
from nn.diagnosis.equations import Problem

RNG = np.random.default_rng(5)
X, W, G = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(4, 2))
FORWARDS = {
    "smooth": lambda x, w: np.tanh(x @ w) * np.exp(0.3 * x[:, :2]),
    "quadratic": lambda x, w: (x @ w - G) ** 2,
    "kinks": lambda x, w: np.maximum(x @ w, 0.0) ** 3 + np.abs(x[:, 1:]),
}
STEPS = [(1e-2, 0), (2e-3, 1), (1e-3, -1), (0.0371, 1), (1e-5, 1), (0.1, 0)]


def by_steps(f, h, side):
    """A backward pass by differences: to both sides, or to the one above or below."""
    high, low = (h if side >= 0 else 0.0), (h if side <= 0 else 0.0)

    def value(dout, inputs):
        return np.sum(dout * f(*inputs))

    def backward(dout, *inputs):
        gradients = [np.zeros_like(x) for x in inputs]
        for gradient, x in zip(gradients, inputs):
            for place in np.ndindex(x.shape):
                middle, ends = x[place], []
                for moved in (middle + high, middle - low):
                    x[place] = moved
                    ends.append(value(dout, inputs))
                x[place] = middle
                gradient[place] = (ends[0] - ends[1]) / (high + low)
        return tuple(gradients)

    return backward


@pytest.mark.parametrize("name", FORWARDS)
@pytest.mark.parametrize(("h", "side"), STEPS)
def test_their_step_and_their_side_are_said(name, h, side):
    diagnosis = nn.check_backward(FORWARDS[name], by_steps(FORWARDS[name], h, side), X.copy(), W.copy())
    if not diagnosis.ok:  # to both sides they are exact of a quadratic
        (finding,) = diagnosis.findings
        assert finding.name == "long-step" and finding.found == f"h = {-h if side < 0 else h:.3g}"
        assert ("2h" in finding.yours) == (side == 0)
    assert not diagnosis.ok or (name == "quadratic" and side == 0)


@pytest.mark.parametrize(("h", "side"), STEPS[:4])
def test_of_numbers_and_of_a_function_of_x(h, side):
    def f(x):
        return np.sum(np.tanh(x) * x) + 0.5 * np.sum(x**2)

    backward = by_steps(f, h, side)
    for candidate in (backward(1.0, X.copy())[0], lambda x: backward(1.0, x.copy())[0]):
        assert nn.diagnose_function(f, X, candidate).names == ["long-step"]


@pytest.mark.parametrize(("h", "side"), [(1e-5, 0), (1e-6, 0), (1e-7, 1), (1e-8, -1)])
def test_fine_ones_are_right(h, side):
    for forward in FORWARDS.values():
        assert nn.check_backward(forward, by_steps(forward, h, side), X.copy(), W.copy()).ok


def test_what_is_off_by_little_or_like_differences_at_one_place_is_none():
    right = [np.exp(X)]

    def exponential(theirs):
        return differenced([Point(lambda x: np.sum(np.exp(x)), [("x", X)], [theirs], right)])

    h = 1e-3
    made = np.exp(X) * np.expm1(h) / h
    assert exponential(made)[0].name == "long-step"
    assert exponential(right[0] * (1.0 + 1e-4 * np.sign(X))) == () == exponential(right[0])
    assert exponential(np.where(X.max() == X, made, right[0])) == () == exponential(made * (1.0 + 1e-7 * X))


def test_a_function_that_takes_nothing_beside_the_point_is_left():
    def f(x):
        if not np.array_equal(x, X):
            raise ValueError("another point")
        return np.sum(x)

    assert differenced([Point(f, [("x", X)], [1.001 * np.ones_like(X)], [np.ones_like(X)])]) == ()


def of_network(problem, h, side):
    """A network's gradients by differences, as a function of its parameters and data."""

    def gradients(params, X, T):
        one_hot = np.eye(2)[T] if T.ndim == 1 else T
        seen = replace(problem, X=X, t=one_hot, scale=1.0 / len(X))

        def value(**params):
            return replace(seen, params=params).value

        return {
            name: by_steps(lambda x, name=name: value(**{**params, name: x}), h, side)(1.0, x.copy())[0]
            for name, x in params.items()
        }

    return gradients


@pytest.mark.parametrize(("loss", "activation"), [("cross_entropy", "tanh"), ("mse", "identity"), ("mse", "relu")])
def test_of_a_network_they_are_said_too(loss, activation):
    problem = Problem.random((3, 4, 2), samples=6, loss=loss, activation=activation)
    T = problem.t.argmax(axis=1) if loss == "cross_entropy" else problem.t
    function = of_network(problem, 1e-3, 1)
    for candidate in (function, function(problem.params, problem.X, T)):
        diagnosis = nn.diagnose(
            dict(problem.params), problem.X, T, candidate, loss, activation=activation, output="identity"
        )
        assert diagnosis.names == ["long-step"] and diagnosis.findings[0].found == "h = 0.001"
