"""Which results are booleans and which are integers: by what reads them."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened
from lowering import lowering
from random_conditions import choices

import engine
from engine.lifting.passes.arrange import arrange
from engine.lifting.passes.group import group
from engine.lifting.passes.normalise import normalise
from engine.lifting.passes.settle import settle

X = np.array([1.0, -2.0, 0.5])


def types(f, *inputs):
    """(operation, type of its result) before settling and after it."""
    low = lowering(f, *inputs)
    groups = group(normalise(low.trace))
    external = low.task.external
    before = arrange(groups, low.task.leaves(groups), dict(zip(external.numbers, external.inputs)), low.task.cells)
    after = settle(before)
    assert {step.target.source.dtype for step in before.forward} == {"float"}  # what was given is as it was
    assert str(after) == str(before)
    return [(step.op, step.target.source.dtype) for step in after.forward]


CASES = {
    "a condition": (lambda x: engine.where(x[0] < x[1], x[0], x[2]), [("less", "bool"), ("where", "float")]),
    "conditions that are put together": (
        lambda x: engine.where((x[0] < x[1]) & (x[1] < x[2]), x[0], x[2]),
        [("less", "bool"), ("multiply", "float"), ("where", "float")],
    ),
    "a comparison that is multiplied": (
        lambda x: engine.exp(engine.where(x[0] < x[1], 1.0, 0.0) * x[2]),
        [("less", "bool"), ("where", "float"), ("multiply", "float"), ("exp", "float")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_by_what_reads_it(case):
    f, want = CASES[case]
    assert types(f, X) == want


def test_integers_choose():
    def f(x, k):
        return engine.total([engine.exp(engine.select(list(x), k[i])) for i in (0, 2, 3)])

    assert types(f, X, np.array([1, 2, 0, 1])) == [
        ("gather", "int"), ("gather", "float"), ("exp", "float"), ("sum", "float"),
    ]  # fmt: skip


def test_a_result_is_a_number():
    low = lowering(lambda x: engine.where(x[0] < 2.0, x[0], x[1]) if x[0] < x[1] + 9.0 else x[0], X)
    value, guard = low.run(low.steps())
    assert value.dtype == guard.dtype == float


# --- conditions that several entries of a sample share, gathered with others and with plain bools ---------------------

AT = [-1.0, -0.5, 0.0, 0.3, 1.0, 1.7, 2.0]  # where comparisons of random programs go either way, and tie


def agrees(f, rows):
    """Check value and gradient of a function, lifted for a batch and for one sample, against its scalars."""
    wanted = [engine.value_and_grad(f)(x) for x in rows]
    values, slopes = [v for v, _ in wanted], [g for _, g in wanted]
    np.testing.assert_allclose(engine.lift(f, batch=True, reduction="none")(rows), values, rtol=1e-12, atol=1e-12)
    gradient = engine.lift(f, batch=True, reduction="sum").value_and_grad(rows, wrt="inputs")[1].inputs[0]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-12, atol=1e-12)
    program = engine.lift(f)
    gradients = [program.value_and_grad(x, wrt="inputs")[1].inputs[0] for x in rows]
    np.testing.assert_allclose(gradients, slopes, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", shortened(range(40), 20))
def test_random_choices_agree_with_their_scalars(seed):
    f, text, size = choices(seed)
    try:
        agrees(f, np.random.default_rng(seed).choice(AT, size=(5, size)))
    except Exception as error:
        raise AssertionError(text) from error


def eliminated(a, n):
    """Return the sign and the pivots of an n x n matrix, whose rows are exchanged by choices."""
    rows, sign = [list(a[i * n : (i + 1) * n]) for i in range(n)], 1.0
    for k in range(n):
        for i in range(k + 1, n):
            c = abs(rows[i][k]) > abs(rows[k][k])
            larger = [engine.where(c, p, q) for p, q in zip(rows[i], rows[k])]
            rows[i] = [engine.where(c, q, p) for p, q in zip(rows[i], rows[k])]
            rows[k], sign = larger, engine.where(c, -sign, sign)
        for i in range(k + 1, n):
            m = rows[i][k] / rows[k][k]
            rows[i] = [p - m * q for p, q in zip(rows[i], rows[k])]
    return sign, [rows[k][k] for k in range(n)]


def signed_logarithm(a, n):
    """The sign of a determinant times the logarithm of its size."""
    sign, pivots = eliminated(a, n)
    odd = pivots[0] < 0
    for pivot in pivots[1:]:
        odd = odd ^ (pivot < 0)
    return engine.where(odd, -sign, sign) * engine.total([engine.log(abs(pivot)) for pivot in pivots])


@pytest.mark.parametrize("matrices", [1, 2])
def test_rows_that_are_exchanged_by_choices_share_a_condition(matrices):
    def f(a):
        return engine.total([(k + 1.0) * signed_logarithm(a[9 * k : 9 * k + 9], 3) for k in range(matrices)])

    rows = np.random.default_rng(0).normal(size=(4, 9 * matrices))
    agrees(f, rows)
    signs, logarithms = np.linalg.slogdet(rows.reshape(4, matrices, 3, 3))
    wanted = (signs * logarithms) @ np.arange(1.0, matrices + 1.0)
    np.testing.assert_allclose(engine.lift(f, batch=True, reduction="none")(rows), wanted, rtol=1e-12)
