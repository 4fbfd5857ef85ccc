"""Integers are numbers, as they are to the scalar engine, and integers only where they choose; arrays of no axes."""

from __future__ import annotations

import numpy as np
import pytest
from long_run import shortened

import engine
from engine import Value

w = Value(0.5, "w")
COMPUTED = {
    "a negative power": (lambda n: n[0] ** -1, [4]),
    "a reciprocal": (lambda n: engine.reciprocal(n[0]), [4]),
    "a product that wraps": (lambda n: n[0] * n[0], [4_000_000_000]),
    "a square that wraps": (lambda n: n[0] ** 2, [4_000_000_000]),
    "a power of itself": (lambda n: n[0] ** n[0], [20]),
    "a dot that wraps": (lambda n: engine.dot(list(n), list(n)), [4_000_000_000, 1]),
    "a quotient": (lambda n: n[0] / n[1], [7, 2]),
    "a difference": (lambda n: n[0] - n[1] * w, [-(2**62), 2**62]),
    "a sum that wraps": (lambda n: engine.total(list(n)), [2**62] * 4),
    "functions": (lambda n: engine.exp(n[0]) + engine.sigmoid(n[1]) + abs(n[1]) + engine.sign(n[1]), [2, -3]),
    "gathered": (lambda n: engine.total([n[0] * n[3], n[2] * n[1], n[1] * n[0], n[0] * w]), [1, 2, 3, 4]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", COMPUTED)
def test_integers_compute_as_the_scalar_engine_computes(case, dtype):
    f, n = COMPUTED[case]
    leaves = [Value(k) for k in n]
    want = f(leaves)
    want.backward()
    for options, given in (({}, n), ({}, np.array(n)), ({"batch": True}, np.array([n, n]))):
        value, g = engine.lift(f, dtype=dtype, **options).value_and_grad(given, wrt="all")
        assert value == pytest.approx(want.data, rel=1e-12 if dtype == np.float64 else 1e-5)
        got = np.asarray(g.inputs[0])
        got = got.sum(axis=0) if options else got
        assert got == pytest.approx([v.grad for v in leaves], rel=1e-12 if dtype == np.float64 else 1e-5)


LARGE = [2**63 - 1, 2**63, -(2**63), 2**63 + 1, 2**64, 2**70, -(2**70), 10**400]


@pytest.mark.parametrize("n", LARGE)
def test_integers_of_any_size(n):
    want = Value(n).data * 0.25
    assert engine.lift(lambda x: x * 0.25)(n) == want
    assert engine.lift(lambda x: x[0] * 0.25 + x[1])([n, 0]) == want
    if 0 <= n < 2**64:
        assert engine.lift(lambda x: x[0] * 0.25)(np.array([n], dtype=np.uint64)) == want
        assert engine.lift(lambda x: x * 0.25)(np.uint64(n)) == want


@pytest.mark.parametrize("gradients", shortened(["lifted", "jax"], 1))
def test_an_integer_that_chooses_and_computes(gradients):
    def f(x, n):
        return engine.select([x[0], x[1] * 2.0, x[0] * 3.0], n) * n**2 + engine.tanh(n * x[1])

    X, n = np.array([[0.3, 0.4], [0.5, -0.2], [1.0, 2.0]]), np.array([0, 2, 1])
    program = engine.lift(f, batch=True, reduction="sum")
    value, g = program.value_and_grad(X, n, wrt="all")
    total, of_x, of_n = 0.0, [], []
    for row, k in zip(X.tolist(), n.tolist()):
        x, m = [Value(v) for v in row], Value(k)
        z = [x[0], x[1] * 2.0, x[0] * 3.0][k] * m**2 + engine.tanh(m * x[1])
        z.backward()
        total += z.data
        of_x.append([v.grad for v in x])
        of_n.append(m.grad)
    assert value == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(g.inputs[0], of_x, rtol=1e-13)
    np.testing.assert_allclose(g.inputs[1], of_n, rtol=1e-13)
    theta = program.pull()
    for _ in range(2):  # the second call goes without asking
        np.testing.assert_array_equal(program.value_and_grad(X, n, parameters=theta)[0], value)
    with pytest.raises(IndexError, match="'n' holds 3, which is outside a table of 3 entries"):
        program.value_and_grad(X, np.array([0, 3, 1]), parameters=theta)
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        got, (_, inputs) = program.to_jax(wrt="all", gradients=gradients)(theta, X, n)
    assert float(got) == pytest.approx(total, rel=1e-14)
    np.testing.assert_allclose(inputs[0], of_x, rtol=1e-13)
    np.testing.assert_allclose(inputs[1], of_n, rtol=1e-13)


def test_integers_that_only_choose_have_no_gradient():
    program = engine.lift(lambda x, n: engine.select([x, x * 2.0], n), batch=True)
    assert program.value_and_grad(np.ones(3), np.array([0, 1, 1]), wrt="all")[1].inputs[1] == [0.0, 0.0, 0.0]


def test_tables_of_several_lengths_in_several_branches():
    long, short = [Value(float(k)) for k in range(4)], [Value(10.0), Value(20.0)]
    program = engine.lift(lambda x, i: engine.select(short, i) * x if x > 0 else engine.select(long, i) * x)
    assert [program(1.0, 1), program(-1.0, 3), program(1.0, 0), program(-1.0, 3)] == [20.0, -3.0, 10.0, -3.0]
    with pytest.raises(IndexError, match="outside a table of 2 entries"):
        program(1.0, 3)
    assert program(-1.0, 3) == -3.0


@pytest.mark.parametrize(
    ("f", "x", "want"),
    [
        (lambda x: engine.total([x, w]), np.array(1.5), 2.0),
        (lambda x: engine.where(w > 0, w, x) * w, np.array(1.5), 0.25),
        (lambda x: engine.maximum(x, w), np.array(1.5), 1.5),
        (lambda x: engine.minimum(x["k"], w), {"k": np.array(1.5)}, 0.5),
        (lambda x: engine.select([w, w * 2], x), np.array(1), 1.0),
    ],
)
def test_an_array_of_no_axes_is_a_number(f, x, want):
    value, g = engine.lift(f).value_and_grad(x, wrt="all")
    assert value == want
    assert np.shape(g.inputs[0]["k"] if isinstance(x, dict) else g.inputs[0]) == ()
