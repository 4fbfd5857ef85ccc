"""Arrays of Values, arrays of undecided comparisons, and what NumPy makes of both."""

from __future__ import annotations

import copy
import math
import operator
import pickle

import numpy as np
import pytest
from array_truth import same_lifted
from hypothesis import given
from hypothesis import strategies as st

import engine
import nn
from engine import Value
from engine.arrays.array import Conditions, ValueArray, as_array, wrapped
from engine.arrays.plain import Undecided
from engine.errors import GuardError, TraceError

V = np.array([0.7, -1.3, 2.1, 0.4])
A = np.arange(6.0).reshape(2, 3) - 2.5


def test_engine_array_takes_numbers_nested_as_they_like():
    v = Value(1.0)
    x = engine.array([[v, 2], (np.float32(0.5), True)])
    assert isinstance(x, np.ndarray)
    assert x.shape == (2, 2)
    assert x[0, 0] is v
    assert [type(e) for e in x.ravel()[1:]] == [float, float, float]
    assert engine.array(v).shape == ()
    assert (engine.array(v) * 2.0).data == 2.0
    assert engine.array(np.arange(3)).tolist() == [0.0, 1.0, 2.0]
    copied = engine.array(x)
    copied[0, 0] = 5.0
    assert x[0, 0] is v


@pytest.mark.parametrize("x", ["1", [None], [1j], [[1.0], [1.0, 2.0]], {"a": 1.0}, [np.ones(2), 1.0]])
def test_what_holds_no_numbers_is_refused(x):
    with pytest.raises((TypeError, ValueError), match="needs one real number; got|are ragged|no array of numbers"):
        engine.array(x)


# --- what is handed to functions -----------------------------------------------------------------------------


def kinds(*xs):
    return [type(x) for x in xs]


def test_transforms_lift_and_diagnosis_hand_arrays_of_values_to_functions():
    seen = []

    def f(x):
        seen.extend(kinds(x, x[0], x * 2.0, x[0] * np.ones(3), np.ones((3, 3)) @ x))
        return np.sum(x * x)

    for run in (
        engine.grad,
        engine.hessian,
        lambda f: lambda x: engine.vjp(f, x),
        lambda f: lambda x: engine.jvp(f, (x,), (x,)),
    ):
        run(f)(np.ones(3))
        engine.grad(lambda x: f(x["a"]))({"a": np.ones(3)})
    nn.diagnose_function(f, np.ones(3), 2.0 * np.ones(3))
    assert set(seen) == {ValueArray, Value}


def test_an_array_without_axes_is_a_number():
    assert engine.grad(lambda x: x * x)(np.array(3.0)) == 6.0
    _, pullback = engine.vjp(lambda x: x * x, np.array(3.0))
    assert pullback(np.array(1.0))[0] == 6.0
    assert isinstance(np.sum(engine.array([Value(1.0)])), Value)
    assert isinstance(engine.array([Value(1.0)])[0, ...] * 1.0, Value)


def test_a_captured_table_and_a_program_inside_another_compute_with_arrays_of_values():
    table = np.arange(20000.0)
    program = engine.lift(lambda i: np.sum(table[:3] * table[:3]) * i)
    assert program(2.0) == 10.0
    table[0] = 1.0
    assert program(2.0) == 12.0
    inner = engine.lift(lambda x: np.sum(np.maximum(x, 0.0)), batch=True, reduction="none")
    assert engine.grad(lambda X: np.sum(inner(X) ** 2))(np.array([[1.0, -1.0], [2.0, 3.0]])).tolist() == [
        [2, 0],
        [10, 10],
    ]
    rows = engine.lift(lambda i, T: np.sum(engine.select(T, i) ** 2))
    assert rows(1, A) == np.sum(A[1] ** 2)


def test_copies_inside_a_transform_are_the_values_themselves():
    for duplicate in (copy.copy, copy.deepcopy, lambda x: x.copy(), np.copy, lambda x: x.astype(float), lambda x: x[:]):
        assert engine.grad(lambda x, duplicate=duplicate: np.sum(duplicate(x) * x))(V).tolist() == (2.0 * V).tolist()
    x = engine.array([Value(1.0, "x"), 2.0])
    again = pickle.loads(pickle.dumps(x))
    assert (type(again), again.shape, again[0].label) == (ValueArray, (2,), "x")
    assert type(copy.deepcopy(x)) is ValueArray


# --- operators ------------------------------------------------------------------------------------------------


def test_floats_and_values_mix_on_either_side_of_every_operator():
    x = engine.array([Value(2.0), 3.0])
    for y in (2.0, 2, np.float64(2.0), np.int64(2), np.array([2.0, 2.0]), np.array([2, 2]), [2.0, 2.0], Value(2.0)):
        for f in (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / b, lambda a, b: a**b):
            for z, want in (
                (f(x, y), f(np.array([2.0, 3.0]), 2.0)),
                (f(np.asarray(y) if isinstance(y, list) else y, x), f(2.0, np.array([2.0, 3.0]))),
            ):
                assert type(z) is ValueArray
                assert [float(getattr(e, "_data", e)) for e in z] == want.tolist()


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4), st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_comparisons_are_numpys_and_eagerly_bools(xs, ys):
    x, y = np.array(xs), np.array(ys[: len(xs)])
    ours = engine.array([Value(v) for v in xs])
    for f in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal):
        got = f(ours, y)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, f(x, y))
        np.testing.assert_array_equal(f(ours, 1.0), f(x, 1.0))
    assert (ours[0] in ours) is (x[0] in x)
    assert operator.eq(ours, None).tolist() == [False] * len(xs)


def test_comparisons_with_nan_are_false_and_order_keeps_it():
    x = engine.array([Value(math.nan), Value(1.0)])
    assert (x < 2.0).tolist() == [False, True]
    assert (x == x).tolist() == [False, True]
    assert (x != x).tolist() == [True, False]
    assert all(math.isnan(f(x).data) for f in (np.max, np.min))
    assert math.isnan(np.sort(x)[-1].data)
    assert [math.isnan(v.data) for v in np.maximum(x, 0.0)] == [True, False]


def test_masks_pick_and_store():
    x = engine.array([Value(v) for v in V])
    assert [v.data for v in x[x > 0.5]] == [0.7, 2.1]
    x[x < 0.0] = 0.0
    assert x[1] == 0.0
    x[[0, 2]] = [5.0, Value(6.0)]
    x[3] = x[2, ...]  # an array of no axes is its number
    assert x[3] is x[2]
    assert x[2].data == 6.0
    B = np.zeros((3, 3))
    with pytest.raises(TraceError, match="turned into a float"):
        engine.grad(lambda x: (B.__setitem__((slice(2), slice(2)), x), B.sum())[1])(np.ones((2, 2)))


# --- lifted ---------------------------------------------------------------------------------------------------

CHOICES = {
    "maximum": lambda x: np.maximum(x, 0.3),
    "where": lambda x: np.where(x > 0.0, x * x, -x),
    "engine.where": lambda x: engine.where(x > 0.0, x * x, -x),
    "clip": lambda x: np.clip(x, -0.5, 0.5) * x,
    "max": lambda x: np.max(x) * x,
    "products of masks": lambda x: (x > 0.0) * x + (x < 1.0) * 2.0,
    "sums of masks": lambda x: (x > 0.0).sum() * x + np.count_nonzero(x > 1.0),
    "means of masks": lambda x: np.mean(np.where(x > 0.0, x, 0.0)) * x,
    "and, or, not": lambda x: np.where((x > 0.0) & (x < 1.0) | ~(x < 2.0) ^ (x == 0.5), x * x, x),
    "any and all": lambda x: engine.where((x > 2.0).any(), x, -x) + engine.where(np.all(x < 2.0), x * x, x),
    "masks stored": lambda x: stored(x, x < 0.0),
    "astype": lambda x: (x > 0.0).astype(float) * x,
    "masks moved": lambda x: np.where((x > 0.0)[::-1], x, 0.0) + np.where(np.roll(x > 0.0, 1), 1.0, 2.0) * x,
    "masks joined": lambda x: np.where(np.concatenate([x > 0.0, x < 1.0]).reshape(2, -1)[1], x, 1.0),
    "isfinite": lambda x: np.where(np.isfinite(x), x, 0.0) * np.isnan(x).sum() + x,
    "logical functions": lambda x: np.where(np.logical_and(x > 0.0, np.logical_not(x > 1.0)), x, x * x),
    "std": lambda x: x * np.std(x),
    "norm": lambda x: x / np.linalg.norm(x),
}


def stored(x, mask):
    y = x * 1.0
    y[mask] = 0.0
    return y


@pytest.mark.parametrize("name", CHOICES)
def test_choices_lift_without_a_guard_and_serve_a_batch(name):
    program = same_lifted(CHOICES[name], V)
    for x in (-V, V[::-1].copy(), V * 0.1, V + 3.0):
        value = sum(np.cos(1.0 + i) * y for i, y in enumerate(CHOICES[name](x)))
        assert program(x) == pytest.approx(value, rel=1e-12, abs=1e-14)


def test_what_indexes_by_a_mask_decides_it():
    program = engine.lift(lambda x: np.sum(x[x > 0.0] ** 2))
    for x in (V, -V, np.abs(V)):
        assert program(x) == pytest.approx(np.sum(x[x > 0.0] ** 2))
    with pytest.raises(GuardError, match="is False for row 1"):
        engine.lift(lambda x: np.sum(x[x > 0.0]), batch=True)(np.stack([V, -V]))


def test_conditions_are_no_ndarray_and_answer_as_bools_do():
    def f(x):
        mask = (x > 0.0).reshape(2, 2)
        answers = (mask.shape, mask.ndim, mask.size, mask.dtype, len(mask)) == ((2, 2), 2, 4, bool, 2)
        right = 1.0 if answers and isinstance(mask, (Conditions, np.ndarray)) else math.nan
        rows = [np.where(row, 1.0, 2.0).sum() for row in mask]
        other = mask.copy()
        other[0, 0] = True
        chosen = np.where(mask.T & (mask == mask[0]) & other.any(axis=0), x.reshape(2, 2), rows[0])
        return right * (chosen.sum() + mask.sum() + rows[1])

    program = engine.lift(f)
    for x in (V, -V, np.abs(V)):
        assert program(x) == pytest.approx(f(x))
    assert not issubclass(Conditions, np.ndarray)


def test_a_condition_that_python_branches_on_is_guarded():
    def f(x):
        if (x > 0.0).all():
            return np.sum(x)
        return np.sum(x * x) if np.array_equal(x[0], x[1]) else x[0]

    program = engine.lift(f)
    for x in (V, np.abs(V), np.array([-2.0, -2.0, 1.0, 1.0])):
        assert program(x) == f(x)


def test_wrapped_makes_arrays_of_what_was_computed_plainly():
    plain = np.array([Value(1.0), 2.0])
    assert type(wrapped(plain)) is ValueArray
    assert type(as_array(plain)) is ValueArray
    assert wrapped((plain, 3.0))[1] == 3.0
    assert isinstance(wrapped(Undecided(plain)), Conditions)
    assert wrapped(np.ones(2)).dtype == float
