"""A choice hands nothing to the side that it leaves out: gradients are the scalar engine's, at infinities too."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

import engine
from engine import Value
from engine.lifting.passes.unchosen import without_unchosen
from engine.lifting.trace.record import record

where, log, exp, sqrt = engine.where, engine.log, engine.exp, engine.sqrt


def read_by_its_condition(x):
    h = log(x[0])
    return where(h > 0, h, x[1])


def shared_by_both_sides(x):
    h = x[0] * x[1]
    return where(x[0] > 0, h, 2.0 * h)


def shared_by_two_choices(x):
    h = 1.0 / x[0]
    return where(x[0] > 0, h, 0.0) + where(x[1] > 0, h * h, 1.0)


def one_after_another(x):
    a = where(x[0] > 0, sqrt(x[0]), x[1] * x[0])
    return where(a > 1, log(a - 1.0), a)


def decided_later(x):
    h = log(x[0]) + 1.0
    return where(x[1] * x[1] > 1, h, x[1])


def shared_with_what_decides(x):
    h = 1.0 / x[0]
    first = where(x[1] > 0, h, x[1])
    return where(first * first > 1.0, h * h, x[1]) + first


CHOICES = {
    "shared with what decides": shared_with_what_decides,
    "a logarithm": lambda x: where(x[0] > 0, log(x[0]), 0.0),
    "one inside another": lambda x: where(x[0] > 0, where(x[1] > 0, sqrt(x[1] * x[0]), x[0]), x[1] * 2.0),
    "an overflow": lambda x: where(x[0] < 1, exp(x[0] * 1000.0), x[0]),
    "a dot": lambda x: where(x[0] > 0, engine.dot([log(x[0]), x[1]], [x[1], x[0]]), x[1]),
    "each of several": lambda x: engine.total([where(v > 0, log(v), v) for v in x]) ** 2,
    "what is finite": lambda x: where(x[0] > 0, engine.relu(x[0]) + x[1], 0.01 * x[0] - x[1]),
    "read by its condition": read_by_its_condition,
    "shared by both sides": shared_by_both_sides,
    "shared by two choices": shared_by_two_choices,
    "one after another": one_after_another,
    "decided later": decided_later,
}
X = np.array([[0, 1], [1, 0], [-1, 2], [2, -1], [2, 3], [0, 0], [-2, -2], [0.5, 0.2], [np.inf, 1], [np.nan, 2.0]])


def eager(f, row):
    x = [Value(v) for v in row]
    result = f(x)
    result.backward()
    return [v.grad for v in x]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", CHOICES)
def test_gradients_are_the_scalar_engines(case):
    f = CHOICES[case]
    want = np.array([eager(f, row) for row in X.tolist()])
    batch = engine.lift(f, batch=True, reduction="sum")
    np.testing.assert_allclose(batch.value_and_grad(X, wrt="inputs")[1].inputs[0], want, rtol=1e-12)
    single = engine.lift(f)
    for row, wanted in zip(X, want):
        np.testing.assert_allclose(single.value_and_grad(row, wrt="inputs")[1].inputs[0], wanted, rtol=1e-12)


@pytest.mark.parametrize("gradients", shortened(["lifted", "jax"], 1))
def test_gradients_on_jax_either_way(gradients):
    jax = pytest.importorskip("jax")
    f = CHOICES["one inside another"]
    program = engine.lift(f, batch=True, reduction="sum")
    program(X[:8])
    want = np.array([eager(f, row) for row in X[:8].tolist()])
    with jax.enable_x64(True):
        got = program.to_jax(wrt="inputs", gradients=gradients)(program.pull(), X[:8])[1][0]
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_an_entry_that_is_not_selected():
    def f(x, i):
        return engine.select([log(x[0]), x[0] * x[1], 1.0 / x[1]], i)

    x, i = np.array([[2.0, 3.0], [0.0, 1.0], [-1.0, 3.0], [4.0, 0.0]]), np.array([0, 1, 2, 1])
    got = engine.lift(f, batch=True, reduction="sum").value_and_grad(x, i, wrt="inputs")[1].inputs[0]
    np.testing.assert_allclose(got, [eager(lambda v, k=k: f(v, k), row) for row, k in zip(x.tolist(), i.tolist())])


def test_what_needs_no_guard_stays_as_it_is():
    x = [Value(0.5, "x[0]"), Value(1.0, "x[1]")]
    for f in (lambda x: log(x[0]) * x[1], lambda x: engine.maximum(x[0], x[1])):
        trace = record([f(x)], {})
        assert without_unchosen(trace) is trace
    program = engine.lift(lambda x: where(x[0] < x[1], 0.1 * x[0], x[1]))
    program([0.5, 1.0])
    assert without_unchosen(program.latest.trace) is program.latest.trace


def test_comparisons_that_are_computed_with_are_numbers():
    def f(x):
        a, b = [Value.less(v, 1.0) for v in x]
        return a + b + exp(a) * 2.0 - (-b) + engine.total([a, b, b])

    for x in ([0.0, 0.0], [2.0, 0.0], [2.0, 2.0]):
        assert engine.lift(f)(x) == pytest.approx(f([Value(v) for v in x]).data, rel=1e-15)
        assert engine.lift(f, batch=True)([x, x]) == pytest.approx(f([Value(v) for v in x]).data, rel=1e-15)
