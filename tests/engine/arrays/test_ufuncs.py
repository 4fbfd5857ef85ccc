"""A ufunc's call and methods on arrays of Values: reduce, accumulate, reduceat, outer, at, and their options."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_gradient, same_value

import engine
from engine import Value
from engine.arrays.array import ValueArray
from engine.errors import TraceError

RNG = np.random.default_rng(3)
A, B, V = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=4)
METHODS = {
    "reduce": [(np.add.reduce, A), (lambda a: np.multiply.reduce(a, axis=1, keepdims=True), A),
               (lambda a: np.maximum.reduce(a, axis=None), A), (lambda a: np.hypot.reduce(a, axis=(1,)), A),
               (lambda a: np.add.reduce(a, 0, where=[True, False, True, True], initial=1.0), A),
               (lambda a: np.logaddexp.reduce(a), V), (lambda a: np.subtract.reduce(a), V)],
    "accumulate": [(np.add.accumulate, A), (lambda a: np.maximum.accumulate(a, axis=1), A)],
    "reduceat": [(lambda a: np.add.reduceat(a, [0, 2, 3]), V), (lambda a: np.multiply.reduceat(a, [0, 2], axis=1), A)],
    "outer": [(np.multiply.outer, V, V), (np.maximum.outer, V, A)],
    "call": [(lambda a: np.add(a, 1, dtype=float), V), (lambda a: np.divmod(a, 0.7)[1], V),
             (lambda a: np.modf(a * 3.0)[0], V), (lambda a: np.divide(1.0, a), V), (lambda a, b: a**b, np.abs(V), V),
             (lambda a: 2**a, V), (lambda a: a % 0.3, V), (lambda a: (a // 0.3) + a, V), (np.matmul, A, B),
             (lambda a, b: a @ b, np.stack([A, A]), B), (lambda a, b: a @ b, V, np.stack([B, B]))],
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.filterwarnings("ignore")
def test_values_and_gradients_are_right(name):
    for f, *args in METHODS[name]:
        same_value(f, *args)
        same_gradient(f, *args)


def test_at_adds_where_an_index_comes_twice():
    def f(x):
        sums = engine.array(np.zeros(2))
        np.add.at(sums, [0, 1, 0], x)
        return sums[0] * sums[1]

    assert engine.grad(f)(np.array([1.0, 2.0, 3.0])).tolist() == [2.0, 4.0, 2.0]


def test_out_and_where_write_into_objects_alone():
    x = engine.array([Value(1.0), Value(2.0)])
    out = np.zeros(2, dtype=object)
    assert np.add(x, 1.0, out=out) is out
    assert [v.data for v in out] == [2.0, 3.0]
    np.multiply(x, 10.0, out=out, where=[False, True])
    assert [v.data for v in out] == [2.0, 20.0]
    x += 1.0
    assert type(x) is ValueArray
    assert [v.op for v in x] == ["add", "add"]
    for wrong in (
        lambda: np.add(x, 1.0, out=np.zeros(2)),
        lambda: np.zeros(2).__iadd__(x),
        lambda: np.sum(x, out=np.zeros(())),
    ):
        with pytest.raises(TraceError, match="Values would be turned into floats"):
            wrong()


@pytest.mark.parametrize("dtype", [bool, int, float, object])
def test_what_is_true_or_not_may_be_written_into_any_array(dtype):
    x = engine.array([Value(-1.0), 2.0, Value(np.inf)])
    for test in (np.isfinite, np.isposinf, np.isnan, np.signbit):
        out = np.full(3, 7, dtype=dtype)
        test(x, out)
        assert out.tolist() == test(np.array([-1.0, 2.0, np.inf])).tolist()
    np.less(x, 0.0, out=out, where=[True, False, True])
    assert out.tolist() == [True, False, False]
    whole = np.zeros((), dtype=dtype)
    assert np.any(x, out=whole)
    assert np.logical_and.reduce(x, out=whole) is whole
    assert whole


def test_a_mask_that_is_written_is_decided_and_guarded():
    def f(x):
        above = np.zeros(3, dtype=bool)
        np.greater(x, 0.0, out=above)
        return np.sum(x[above])

    program = engine.lift(f)
    assert [program(np.array(x)) for x in ([1.0, -2.0, 3.0], [-1.0, 2.0, 3.0])] == [4.0, 5.0]


def test_types_other_than_float_are_refused():
    x = engine.array([Value(1.0)])
    for wrong in (
        lambda: np.add(x, 1, dtype=np.float32),
        lambda: np.add.reduce(x, dtype=int),
        lambda: np.sum(x, dtype=int),
    ):
        with pytest.raises(TypeError, match="Values are float64; leave dtype out"):
            wrong()


def test_a_ufunc_without_a_rule_is_refused_and_a_users_function_of_numbers_is_applied():
    special = pytest.importorskip("scipy.special")
    x = engine.array([Value(0.5), 2.0])
    with pytest.raises(
        TypeError, match=r"np\.gamma has no derivative rule. Rules are in engine/rules.py; add one with @rule"
    ):
        special.gamma(x)
    assert special.erf(x)[0].op == "erf"
    assert [v.data for v in np.frompyfunc(lambda a: a * Value(3.0), 1, 1)(x)] == [1.5, 6.0]
    assert np.vectorize(lambda a: a * 2.0)(x)[0].data == 1.0


def test_shapes_that_do_not_fit_are_refused():
    x = engine.array(A)
    with pytest.raises(
        ValueError, match=r"matmul \(@\) of shapes \(3, 4\) and \(3, 4\) is not defined: 4 columns meet 3 rows"
    ):
        x @ x
    with pytest.raises(ValueError, match="matmul .@. of a number is not defined"):
        np.matmul(x, 2.0)
    with pytest.raises(ValueError, match="broadcast"):
        x + engine.array([1.0, 2.0, 3.0])


@pytest.mark.skipif(not hasattr(np, "vecdot"), reason="NumPy 2 has it")
def test_products_of_vectors_along_axes():
    same_value(np.vecdot, A, A)
    if hasattr(np, "matvec"):
        same_value(np.matvec, A, V)
        same_value(np.vecmat, V, B)
