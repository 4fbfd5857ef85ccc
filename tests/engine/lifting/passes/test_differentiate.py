"""What no sample changes counts once a sample, on every way by which a cotangent comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value

X = np.array([1.0, 2.0, 5.0])
START = (3.0, 0.25)


def three(f):
    return lambda x, s, b: engine.total([f(x, s, b) for _ in range(3)])


SHARED = {
    "a sum times a parameter": lambda x, s, b: (x + s) * s,
    "a sum times another": lambda x, s, b: (x + s) * b,
    "a choice by a parameter": lambda x, s, b: engine.where(s > 0, b, x),
    "a choice of a constant": lambda x, s, b: engine.where(s * 0.5, 0.25, x),
    "a choice by a number": lambda x, s, b: engine.where(s, x, 0.0),
    "a power that is constant": lambda x, s, b: (x * s) ** 0,
    "a quotient": lambda x, s, b: (x - s) / b,
    "runs of several lengths": lambda x, s, b: engine.total(
        [engine.total([x * b, s, s][:k]) * b for k in (1, 2, 3)] + [engine.total([x, b][:k]) for k in (1, 2)]
    ),
    "a matrix": lambda x, s, b: engine.total([engine.dot([x, 1.0], [s, b]) * s, engine.dot([x, 2.0], [b, s]) * b]),
    "a table": lambda x, s, b: engine.total([s, b, x]) * b + engine.logsumexp([s, b]) * s,
    "the largest of parameters": lambda x, s, b: engine.largest([s, b, s]) * x,
    "the largest of both": lambda x, s, b: engine.largest([x * s, s, x * s, b]) * x,
    "the largest of runs": lambda x, s, b: engine.total([engine.largest([x, b, s, x][:k]) * s for k in (1, 2, 4)]),
    "the largest of runs of parameters": lambda x, s, b: engine.total(
        [engine.largest([s, b, s, s][:k]) * b for k in (1, 2, 4)] + [x]
    ),
    "the largest of constants": lambda x, s, b: (
        engine.largest([Value(1.0), Value(2.0)]) * x * engine.largest([3.0, s, x])
    ),
    "nothing of the samples": lambda x, s, b: s * b * b,
    "an element twice": lambda x, s, b: engine.total([x, s, x]) * s,
    "constants alone": lambda x, s, b: engine.total([Value(1.0), Value(2.0)]) * b + x,
}


def eager(f, reduction):
    s, b = [Value(v) for v in START]
    x = [Value(v) for v in X]
    total = engine.total([f(v, s, b) for v in x]) * (1 / len(X) if reduction == "mean" else 1.0)
    total.backward()
    return total.data, [s.grad, b.grad], [v.grad for v in x]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("times", [lambda f: f, three], ids=["once", "three times"])
@pytest.mark.parametrize("case", SHARED)
def test_gradients_of_a_batch(case, times, reduction):
    f = times(SHARED[case])
    s, b = [Value(v) for v in START]
    program = engine.lift(lambda x: f(x, s, b), batch=True, reduction=reduction, parameters=[s, b])
    value, g = program.value_and_grad(X, wrt="all")
    for got, want in zip((value, g.parameters, g.inputs[0]), eager(f, reduction)):
        np.testing.assert_allclose(got, want, rtol=1e-13)


OPERATIONS = (
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: engine.tanh(a) * b,
    lambda a, b: engine.where(a < b, a, b * 2.0), lambda a, b: engine.total([a, b, a]),
    lambda a, b: engine.logsumexp([a, b]), lambda a, b: engine.dot([a, b], [b, a], 0.5), lambda a, b: (a + b) ** 2,
    lambda a, b: a + 0.1 + 0.2, lambda a, b: 0.1 * (0.7 * a) + b, lambda a, b: engine.maximum(a, b),
)  # fmt: skip
STEPS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=7)


@given(STEPS, st.integers(1, 3))
def test_gradients_of_random_batches(steps, times):
    def f(x, s, b):
        known = [x, s, b, x * x, s * b]
        for operation, i, j in steps:
            known.append(OPERATIONS[operation](known[i % len(known)], known[j % len(known)]))
        return engine.total([engine.tanh(0.1 * known[-1])] * times + [known[-2] * 0.01])

    s, b = [Value(v) for v in START]
    program = engine.lift(lambda x: f(x, s, b), batch=True, parameters=[s, b])
    value, g = program.value_and_grad(X, wrt="all")
    for got, want in zip((value, g.parameters, g.inputs[0]), eager(f, "mean")):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("order", [[0, 1], [1, 0], [2, 0, 1], [2, 1, 0]])
def test_gradients_into_parameters_that_are_read_in_any_order(order):
    values = [Value(0.25 * (k + 1), f"p[{k}]") for k in range(len(order))]

    def f(x):
        return engine.tanh(engine.total([values[k] * x[j] for j, k in enumerate(order)])) + values[order[0]] * x[0]

    inputs = np.random.default_rng(0).normal(size=(5, len(order)))
    got = engine.lift(f, batch=True, parameters=values).value_and_grad(inputs)[1].parameters
    (engine.total([f(row) for row in inputs.tolist()]) * 0.2).backward()
    np.testing.assert_allclose(got, [v.grad for v in values], rtol=1e-13)
