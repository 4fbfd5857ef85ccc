"""Sums: products as matrix products, plain terms over an axis or over runs, constants added up exactly."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from lowering import lines, lowering

import engine
from engine import Value
from engine.lifting.emit.numpy_text import OWN_FUNCTIONS

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


TWO, ZERO = Value.constant(2.0), Value.constant(0.0)
REPEATED = {
    "a number": lambda x: engine.total([x[0], 1.5, x[1], 1.5]),
    "zeros": lambda x: engine.total([0.0, *x, 0.0]),
    "one node": lambda x: x[0] + TWO + x[1] + TWO,
    "one node as a factor": lambda x: engine.total([x[0] * TWO, TWO * TWO, x[1], TWO]),
    "one node in a dot": lambda x: engine.dot([TWO, TWO, x[0]], [TWO, ZERO, x[1]], TWO),
    "padded convolution": lambda x: engine.total(
        [engine.dot([0.0, 0.0, *x, 0.0, 0.0][i : i + 3], x[:3]) ** 2 for i in range(6)]
    ),
    "padded products": lambda x: engine.total([a * b for a, b in zip([0.0, *x, 0.0], [0.0, 0.0, *x])]),
    "a triangle": lambda x: engine.total(
        [engine.total([x[j] * x[i] if j <= i else ZERO for j in range(4)]) ** 2 for i in range(4)]
    ),
    "runs": lambda x: engine.total([engine.exp(engine.total([x[i], *[TWO] * i, *[ZERO] * (2 * i)])) for i in range(4)]),
    "what a choice left out": lambda x: engine.total([*[engine.where(q > 0, q, 0.0) for q in x], 0.0, 0.0]),
    "nothing else": lambda x: (ZERO + ZERO) * x[0] + x[1],
}  # fmt: skip


@pytest.mark.parametrize("f", REPEATED.values(), ids=REPEATED)
def test_a_constant_that_is_in_a_sum_twice_counts_twice(f):
    program = engine.lift(lambda x: f(list(x)), batch=True, reduction="sum")
    rows = np.stack([X, -0.5 * X])
    value, gradient = program.value_and_grad(rows, wrt="inputs")
    wanted = [engine.value_and_grad(lambda x: f(list(x)))(x) for x in rows]
    assert value == pytest.approx(sum(v for v, _ in wanted), rel=1e-14)
    np.testing.assert_allclose(gradient.inputs[0], [g for _, g in wanted], rtol=1e-14)


def test_rows_and_a_norm_of_all_are_two_products():
    def factorised(x):  # entries of a product of two matrices, and the square of all that these hold
        rows, columns = [x[3 * i : 3 * i + 3] for i in range(5)], [x[15 + 3 * j : 18 + 3 * j] for j in range(4)]
        fit = sum((sum(a * b for a, b in zip(r, c)) - 0.5) ** 2 for r in rows for c in columns)
        return fit + 0.1 * sum(v * v for v in x)

    low = lowering(factorised, np.linspace(-1.0, 1.0, 27))
    steps = low.steps()
    steps.check()
    assert sum(step.op == "matmul" for step in steps.forward) == 2
    assert not any(step.op == "segment_sum" for step in steps.forward)
    want = factorised([float(v) for v in low.inputs[0]])
    np.testing.assert_allclose(low.run(steps)[0], want, rtol=1e-14)


# --- rows with gaps ------------------------------------------------------------------------------------------------

POSITIONS, HEADS, WIDTH = 9, 2, 4


def attention(q, k, v):
    """Every position attends to those before it and to itself."""
    outputs = []
    for h in range(HEADS):
        for i in range(POSITIONS):
            a = engine.softmax([engine.dot(q[i][h], k[j][h]) for j in range(i + 1)])
            outputs += [engine.dot(a, [v[j][h][c] for j in range(i + 1)]) for c in range(WIDTH)]
    return outputs


def attended(q, k, v):
    """The same as an author of plain Python writes it, the keys and values of the past in lists."""
    outputs = []
    for h in range(HEADS):
        keys, values = [], []
        for i in range(POSITIONS):
            keys.append(k[i][h])
            values.append(v[i][h])
            s = [sum(x * y for x, y in zip(q[i][h], key)) for key in keys]
            e = [engine.exp(x) for x in s]
            a = [x / sum(e) for x in e]
            outputs += [sum(a[t] * values[t][c] for t in range(len(values))) for c in range(WIDTH)]
    return outputs


def loss_of(outputs):
    return engine.total([engine.tanh(z) * (1.0 + k % 3) for k, z in enumerate(outputs)])


def after(a, v):
    """Every position sums over those that follow."""
    return [
        engine.dot([a[i][j] for j in range(i, 14)], [v[j][c] for j in range(i, 14)])
        for i in range(14)
        for c in range(5)
    ]


def filtered(w, x):
    """A causal filter of two dozen taps: rows share their elements."""
    return [
        engine.dot([w[i - j] for j in range(i + 1)], [x[j][c] for j in range(i + 1)])
        for i in range(14)
        for c in range(5)
    ]


def window(a, v):
    """A window that the ends cut."""
    near = [range(max(0, i - 5), min(14, i + 6)) for i in range(14)]
    return [engine.dot([a[i][j] for j in near[i]], [v[j][c] for j in near[i]]) for i in range(14) for c in range(5)]


def stacked(q, k, v):
    """Two layers: the second is laid out as the first was."""
    once = np.array(attention(q, k, v), dtype=object).reshape(HEADS, POSITIONS, WIDTH).swapaxes(0, 1)
    return attention(once, once, once)


POINT = np.random.default_rng(5)
ATTENTION = [POINT.normal(size=(POSITIONS, HEADS, WIDTH)) for _ in range(3)]
SQUARE, ROWS = POINT.normal(size=(14, 14)), POINT.normal(size=(14, 5))
WITH_GAPS = {
    "attention": (attention, ATTENTION),
    "attention as it is learnt": (attended, ATTENTION),
    "two layers": (stacked, ATTENTION),
    "positions that follow": (after, [SQUARE, ROWS]),
    "a causal filter": (filtered, [POINT.normal(size=14), ROWS]),
    "a window": (window, [SQUARE, ROWS]),
}


def with_gaps(case, **proof):
    f, inputs = WITH_GAPS[case]
    program = engine.lift(lambda *xs: loss_of(f(*xs)), batch=True, **proof)
    program.value_and_grad(*[np.stack([x, 0.5 * x + 0.1, -x]) for x in inputs], wrt="inputs")
    return program


@pytest.mark.parametrize("case", WITH_GAPS)
def test_dots_of_uneven_length_are_a_product_with_gaps(case):
    program = with_gaps(case, verify="exact", strict=True)
    assert program.stats.proof.kind == "exact"
    assert program.source().count("ragged_product(") >= 3, program.stats.declined


@pytest.mark.parametrize("case", WITH_GAPS)
def test_what_is_no_term_may_be_infinite(case):
    f, inputs = WITH_GAPS[case]
    program, rng = with_gaps(case, verify=False), np.random.default_rng(3)
    gradient_of = engine.grad(lambda *xs: loss_of(f(*xs)), argnums=tuple(range(len(inputs))))
    for infinite in (np.inf, -np.inf, np.nan, 1e308):
        at = [x.copy() for x in inputs]
        changed = at[rng.integers(len(at))]
        changed.reshape(-1)[rng.integers(changed.size // 2, changed.size)] = infinite
        _, gradient = program.value_and_grad(*[np.stack([x, y]) for x, y in zip(at, inputs)], wrt="inputs")
        for got, want in zip(gradient.inputs, gradient_of(*at)):
            np.testing.assert_allclose(2.0 * got[0], np.array(want, float), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("right", "wrong"), [("matmul(a, b,", "matmul(a, -b,"), ("own @ b", "own @ -b")])
def test_both_ways_of_a_product_with_gaps_are_proven(right, wrong, monkeypatch):
    text = OWN_FUNCTIONS["ragged_product"]
    assert right in text
    monkeypatch.setitem(OWN_FUNCTIONS, "ragged_product", text.replace(right, wrong))
    with pytest.raises(engine.LiftError, match="differs from its scalar operations"):
        with_gaps("a causal filter", verify="exact", strict=True)
