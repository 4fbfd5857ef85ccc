"""Sums: products as matrix products, plain terms over an axis or over runs, constants added up exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from lowering import lines, lowering

import engine
from engine import Value

X = np.array([1.0, -2.0, 0.5, 3.0])
W = [[Value(0.5 * i - j, f"W[{i}, {j}]") for j in range(4)] for i in range(3)]
B = [Value(0.25 * i, f"b[{i}]") for i in range(3)]


def value(low):
    return low.run(low.steps())[0]


def eager(f, *inputs):
    return f(*[np.vectorize(Value)(x) for x in inputs]).data


CASES = {
    "dots with a bias": (lambda x: engine.total([engine.dot(w, x, b) ** 2 for w, b in zip(W, B)]), ["matmul", "add"]),
    "products of elements": (
        lambda x: engine.total([engine.exp(w[k] * x[k] + w[1]) for k, w in enumerate(W)]),
        ["multiply", "gather", "add", "exp"],
    ),
    "runs of several lengths": (
        lambda x: engine.total([engine.exp(engine.total(list(x)[:k])) for k in (1, 2, 4)]),
        ["gather", "segment_sum", "exp"],
    ),
    "a skip connection": (
        lambda x: engine.total([(engine.dot(w, x) + x[k]) ** 2 for k, w in enumerate(W)]), ["matmul", "add"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_sum_by_its_parts(case):
    f, ops = CASES[case]
    low = lowering(f, X)
    steps = low.steps()
    assert [step.op for step in steps.forward][: len(ops)] == ops, lines(steps)
    np.testing.assert_allclose(value(low), eager(f, X), rtol=1e-14)


def test_constants_are_added_up_before_they_are_rounded():
    low = lowering(lambda x: engine.total([engine.exp(v + 0.1 + 0.2 + 0.3) for v in x]), X)
    (added,) = {x for step in low.steps().forward if step.op == "add" for x in step.operands if not x.sources}
    assert added.value.fraction == Fraction(0.1) + Fraction(0.2) + Fraction(0.3)


def test_every_scalar_is_counted():
    f = CASES["dots with a bias"][0]
    low = lowering(f, X)
    scalars = sum(1 for op in low.trace.ops if op)
    assert scalars <= sum(step.nodes for step in low.steps().forward) <= 8 * scalars


def test_blocks_of_a_product_are_an_axis():
    heads = [Value(0.1 * k, f"q[{k}]") for k in range(12)]

    def f(x):
        blocks = [(heads[6 * h + 3 * i : 6 * h + 3 * i + 3], x[3 * h : 3 * h + 3]) for h in range(2) for i in range(2)]
        return engine.total([engine.dot(q, part) ** 2 for q, part in blocks])

    low = lowering(f, np.arange(6.0))
    (step,) = [step for step in low.steps().forward if step.op == "matmul"]
    assert [x.shape for x in step.operands] == [(2, 1, 3), (2, 2, 3)]
    np.testing.assert_allclose(value(low), eager(f, np.arange(6.0)), rtol=1e-14)
