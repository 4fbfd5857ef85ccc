"""Orders against NumPy's: ties, NaN, nothing; certified where they are lifted, and choices in a batch."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import holds, numbers, same, same_value
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine import Value

RNG = np.random.default_rng(22)
X, ROW = RNG.normal(size=(3, 4)), RNG.normal(size=5)
several = st.lists(st.sampled_from([1.0, 2.0, 2.0, -3.0, np.nan, np.inf, -np.inf]), min_size=1, max_size=6)


@given(several)
def test_orders_are_numpys(items):
    a = np.array(items)
    for f in (np.sort, lambda a: np.argsort(a, kind="stable"), np.argmax, np.argmin):
        same_value(f, a)
    if np.isfinite(a).any():  # beside NaN and infinities alone NumPy does not know its own answer
        same_value(np.nanargmax, np.where(np.isinf(a), 0.0, a))
        same_value(np.nanargmin, np.where(np.isinf(a), 0.0, a))
    k = len(items) // 2
    same_value(lambda a: np.partition(a, k), a)
    same_value(lambda a: np.sort(np.argpartition(a, k)), a)
    knots = np.sort(a[~np.isnan(a)])
    for side in ("left", "right"):
        same_value(lambda v, side=side: np.searchsorted(knots, v, side), a)
        same_value(lambda k, side=side: np.searchsorted(k, items, side), knots)


@settings(max_examples=15)
@given(several)
def test_programs_keep_ties_and_nan_as_the_function_does(items):
    a = np.array(items)

    def weighted(x):
        return engine.total([w * y for w, y in zip((1.0, -2.0, 3.0, 0.5, 7.0, -4.0), np.sort(x))])

    value, gradient = engine.value_and_grad(weighted)(a)
    for batch in (False, True):
        program = engine.lift(weighted, batch=batch)
        got = program.value_and_grad(a[None] if batch else a, wrt="inputs")
        np.testing.assert_array_equal(got[0], value)
        np.testing.assert_array_equal(np.ravel(got[1].inputs[0]), gradient)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_axes(axis):
    holds(lambda a: np.sort(a, axis=axis), X)
    for f in (np.argsort, np.argmax, np.argmin, lambda a, axis: np.partition(a, 1, axis)):
        same_value(lambda a, f=f: f(a, axis=axis), X)


def test_kept_axes_and_places_to_write_to():
    same_value(lambda a: np.argmax(a, axis=1, keepdims=True), X)
    out = np.zeros(3, dtype=np.intp)
    assert np.argmin(engine.array(X), axis=1, out=out) is out
    np.testing.assert_array_equal(out, X.argmin(axis=1))
    assert engine.array(X).argmax() == X.argmax()


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.partition(a, 2),
        lambda a: np.partition(a, [1, -1]),
        lambda a: a[np.argsort(a)],
        lambda a: a[np.argmax(a)] - a[np.argmin(a)],
        lambda a: a[np.argpartition(a, 2)],
        lambda a: a[np.nanargmax(a)],
        lambda a: a * np.searchsorted(np.array([-1.0, 0.0, 1.0]), a),
        lambda a: a * np.digitize(a, [-1.0, 0.0, 1.0]),
    ],
)
def test_what_asks_for_places_is_certified(f):
    program = holds(f, ROW, batch=False)
    for a in RNG.permuted([ROW] * 6, axis=1):
        assert program(a) == pytest.approx(engine.value_and_grad(lambda x: _weighted(f(x)))(a)[0])


def _weighted(parts):
    return engine.total([np.cos(1.0 + i) * x for i, x in enumerate(np.ravel(parts))])


def test_one_guard_certifies_a_row():
    program = engine.lift(lambda a: np.sort(a)[2])
    assert program(ROW) == np.sort(ROW)[2]
    assert len(program.traces.latest.guards) == 1
    program(ROW + 1.0)
    assert sum(map(len, program.traces.specialisations.values())) == 1


def test_in_a_batch_a_row_is_sorted_by_choices():
    samples = RNG.normal(size=(20, 5))
    program = engine.lift(lambda a: np.sort(a)[1] * 3.0 + np.sort(a)[4], batch=True, strict=True)
    value, gradient = program.value_and_grad(samples, wrt="inputs")
    ordered = np.sort(samples, axis=1)
    assert value == pytest.approx((ordered[:, 1] * 3.0 + ordered[:, 4]).mean())
    assert (np.sort(gradient.inputs[0] * 20, axis=1)[:, -2:] == [1.0, 3.0]).all()
    assert not program.traces.latest.guards


def test_numpys_own_methods_sort_in_place():
    a = engine.array([Value(3.0), 1.0, Value(2.0)])
    a.sort()
    same(numbers(a), [1.0, 2.0, 3.0])


def test_descending_bins_and_a_sorter():
    same_value(lambda v: np.digitize(v, [1.0, 0.0, -1.0]), ROW)
    same_value(lambda v: np.digitize(v, [1.0, 0.0, -1.0], right=True), ROW)
    same_value(lambda v: np.searchsorted([1.0, -1.0, 0.0], v, sorter=[1, 2, 0]), X)
    assert np.searchsorted(engine.array([1.0, 2.0]), Value(1.5)) == 1


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: np.sort(a, order="x"), TypeError, "no fields; leave order out"),
        (lambda a: np.digitize(a, [1.0, 0.0, 2.0]), ValueError, "bins in order"),
        (lambda a: np.nanargmax(a * np.nan), ValueError, "All numbers are NaN"),
        (lambda a: np.sort(a, axis=3), ValueError, "axis 3"),
        (lambda a: np.unique(a), TypeError, "np.unique is not defined"),
        (lambda a: np.lexsort(a), TypeError, "np.lexsort is not defined"),
    ],
)
def test_what_is_not_defined_says_why(f, error, message):
    with pytest.raises(error, match=message):
        f(engine.array(X))
