"""How groups are laid out: a function, its steps as they print, and the value that they have."""

from __future__ import annotations

import numpy as np
import pytest
from lowering import lines, lowering

import engine
from engine import Value

W = [[Value(0.5 * i - j, f"W[{i}, {j}]") for j in range(3)] for i in range(2)]
X3, X23 = np.array([1.0, -2.0, 0.5]), np.arange(6.0).reshape(2, 3)

CASES = {
    "a layer": (
        lambda x: engine.total([engine.tanh(engine.dot(w, x)) for w in W]), [X3],
        ["v1 (2,) = matmul(x[0; (0, 1)], theta[0; (3, 1)])", "v2 (2,) = tanh(v1)", "v3 () = sum(v2)"],
    ),
    "samples outside or neurons outside are one program": (
        lambda x: engine.total([engine.dot(w, r) ** 2 for w in W for r in x]), [X23],
        [
            "v1 (2, 2) = matmul(x, theta[0; (3, 1)])", "v2 (2, 2) = power_constant(v1)",
            "v3 () = sum(v2[0; (1,)])",
        ],
    ),
    "a transposed operand is a view": (
        lambda x: engine.total([engine.exp(engine.sin(x[i][j]) * W[j][i]) for j in range(2) for i in range(3)]),
        [X23.T],
        [
            "v1 (3, 2) = sin(x)", "v2 (3, 2) = multiply(v1, theta[0; (1, 3)])", "v3 (3, 2) = exp(v2)",
            "v4 () = sum(v3[0; (1,)])",
        ],
    ),
    "what has no pattern is gathered": (
        lambda x: engine.total([engine.exp(x[i] * x[j]) for i, j in ((0, 1), (0, 2), (2, 0), (1, 1), (2, 1))]), [X3],
        [
            "v1 (5,) = gather(x[gather])", "v2 (5,) = gather(x[gather])", "v3 (5,) = multiply(v1, v2)",
            "v4 (5,) = exp(v3)", "v5 () = sum(v4)",
        ],
    ),
    "several groups are copied into one array": (
        lambda x: engine.logsumexp([x[0], engine.exp(x[1]), 0.25]), [X3], None,
    ),
    "runs of several lengths": (
        lambda x: engine.total([engine.total(list(x)[:k]) ** 2 for k in (1, 2, 3)]), [X3],
        ["v1 (6,) = gather(x[gather])", "v2 (3,) = segment_sum(v1)", "v3 (3,) = power_constant(v2)", "v4 () = sum(v3)"],
    ),
    "the largest of runs of several lengths": (
        lambda x: engine.total([engine.logsumexp(list(x)[:k]) for k in (1, 2, 3)]), [X3], None,
    ),
    "constants are numbers, or an array without what repeats": (
        lambda x: engine.total([x[i, j] * (0.5 + i) for i in range(2) for j in range(3)]), [X23], None,
    ),
    "a product with ones is its other factor": (lambda x: engine.exp(x[0]) * 1.0, [X3], ["v1 () = exp(x[0; ()])"]),
    "tables of several lengths": (
        lambda x, k: engine.select([x[0], x[1]], k) * engine.select([x[0], x[1], x[2]], k), [X3, 1], None,
    ),
    "a table of constants": (lambda x, k: x[0] * engine.select([1.0, 4.0, 9.0], k), [X3, 2], None),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_how_a_function_is_laid_out(case):
    f, inputs, printed = CASES[case]
    low = lowering(f, *inputs)
    steps = low.steps()
    steps.check()
    if printed is not None:
        assert lines(steps) == printed
    want = f(*[x if isinstance(x, int) else np.vectorize(Value)(x) for x in inputs])
    np.testing.assert_allclose(low.run(steps)[0], want.data, rtol=1e-13)


def test_parts_of_several_groups_lie_one_after_the_other():
    steps = lowering(CASES["several groups are copied into one array"][0], X3).steps()
    assert lines(steps)[1:4] == [
        "v2[0; (1,)] (3,) = copy(x)", "v2[3; (1,)] (1,) = copy(0.25)", "v2[4; (1,)] (1,) = copy(v1[0; (0,)])",
    ]  # fmt: skip


def test_what_is_no_product_is_said():
    steps = lowering(lambda x: engine.total([engine.tanh(engine.dot(r, w)) for r, w in zip(x, W)]), X23).steps()
    assert list(steps.declined) == ["every dot has rows of its own"]


def test_a_log_sum_exp_is_shifted_by_its_largest_which_passes_no_derivative():
    low = lowering(lambda x: engine.logsumexp(x), np.array([800.0, 801.0, -5.0]))
    steps = low.steps()
    assert [(s.op, s.constant) for s in steps.forward] == [
        ("max", True), ("subtract", False), ("exp", False), ("sum", False), ("log", False), ("add", False),
    ]  # fmt: skip
    np.testing.assert_allclose(low.run(steps)[0], 801 + np.log1p(np.exp(-1.0)), rtol=1e-15)


def test_terms_are_reduced_in_the_order_of_their_places():
    def f(x):
        shuffled = [engine.exp(v) for v in x]
        return engine.total([shuffled[i] for i in (3, 0, 2, 1)]) + engine.logsumexp([shuffled[i] for i in (2, 3, 1, 0)])

    steps = lowering(f, np.arange(4.0)).steps()
    assert not any(step.op == "gather" for step in steps.forward)


def test_what_is_a_view_of_more_axes_is_copied():
    W = [Value(0.1 * k, f"W[{k}]") for k in range(48)]

    def f(x):  # columns before rows, as a network's layers are flattened in another order
        seen = [engine.tanh(row[j]) for j in range(4) for row in x]
        return engine.total([engine.dot(W[24 * k : 24 * k + 24], seen) ** 2 for k in range(2)])

    low = lowering(f, np.linspace(0.1, 0.9, 24).reshape(6, 4))
    steps = low.steps()
    assert [step.op for step in steps.forward if step.op in ("gather", "copy")] == ["copy"]
    low = lowering(lambda x: engine.total([engine.dot(W[:6], x[i : i + 6]) ** 2 for i in range(4)]), np.arange(9.0))
    assert not any(step.op in ("gather", "copy") for step in low.steps().forward)
