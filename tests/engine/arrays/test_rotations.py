"""Singular values and what is made of them, against NumPy's, JAX's and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.arrays.rotations import nuclear_norm, pseudoinverse_of_rank, singular_values

shapes = st.tuples(st.integers(1, 4), st.integers(1, 4))
RNG = np.random.default_rng(3)


def of_rank(shape, rank, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))


def value(k):
    return lambda a: singular_values(a.tolist())[k]


def weighted(rows, seed=5):
    w = np.random.default_rng(seed).normal(size=(len(rows), len(rows[0])))
    return engine.total([x * y for row, ws in zip(rows, w) for x, y in zip(row, ws)])


@given(shapes, st.integers(0, 1000))
def test_singular_values_are_lapacks(shape, seed):
    a = np.random.default_rng(seed).normal(size=shape)
    np.testing.assert_allclose(singular_values(a.tolist()), np.linalg.svd(a, compute_uv=False), rtol=1e-12, atol=1e-14)


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, -1.0]), min_size=3, max_size=3), min_size=2, max_size=4))
def test_matrices_of_few_numbers_are_no_trouble(a):
    want = np.linalg.svd(np.array(a), compute_uv=False)
    np.testing.assert_allclose(singular_values(a), want, atol=1e-14)
    assert nuclear_norm(a) == pytest.approx(want.sum(), abs=1e-13)
    np.testing.assert_allclose(pseudoinverse_of_rank(a, 1e-15), np.linalg.pinv(np.array(a)), atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (1, 4), (4, 1)])
def test_gradients_of_singular_values_are_outer_products_of_vectors(shape):
    a = RNG.normal(size=shape)
    u, _, v = np.linalg.svd(a, full_matrices=False)
    for k in range(min(shape)):
        np.testing.assert_allclose(engine.grad(value(k))(a), np.outer(u[:, k], v[k]), atol=1e-12)
    nuclear = engine.grad(lambda a: nuclear_norm(a.tolist()))(a)
    np.testing.assert_allclose(nuclear, u @ v, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_higher_derivatives_are_those_of_differences(shape):
    a = RNG.normal(size=shape)
    direction = RNG.normal(size=shape)
    for f in (value(0), value(1), lambda a: nuclear_norm(a.tolist())):
        along = lambda t, f=f: f(a + t * direction)  # noqa: E731
        d2 = engine.grad(engine.grad(along))
        assert engine.check_gradients(engine.grad(along), 0.0).ok
        assert engine.check_gradients(d2, 0.0).ok
        assert engine.check_gradients(engine.grad(d2), 0.0).ok


def test_the_nuclear_norm_is_smooth_where_singular_values_coincide():
    e = RNG.normal(size=(3, 3))
    skew = (e - e.T) / 2.0
    second = engine.grad(engine.grad(lambda t: nuclear_norm((np.eye(3) + t * e).tolist())))(0.0)
    assert second == pytest.approx((skew * skew).sum(), rel=1e-12)  # of the trace of sqrt((I + tE)' (I + tE))


@pytest.mark.parametrize("f", [lambda a: nuclear_norm(a.tolist()), value(0)])
def test_a_matrix_of_deficient_rank_has_finite_slopes(f):
    for a in (np.zeros((2, 2)), of_rank((3, 3), 1), of_rank((4, 3), 2)):
        u, s, v = np.linalg.svd(a, full_matrices=False)
        kept = s > 1e-12
        want = u[:, kept] @ v[kept] if f(a) == pytest.approx(s.sum()) and kept.sum() > 1 else u[:, :1] @ v[:1]
        np.testing.assert_allclose(engine.grad(f)(a), want * kept.any(), atol=1e-12)


def test_a_singular_value_of_zero_has_the_slope_zero():
    a = of_rank((3, 3), 2)
    np.testing.assert_array_equal(engine.grad(value(2))(a), np.zeros((3, 3)))


@pytest.mark.parametrize("a", [np.eye(3), 2.0 * np.eye(3)[[1, 2, 0]], RNG.normal(size=(4, 2)), RNG.normal(size=(2, 4))])
def test_gradients_of_pseudoinverses_are_golubs_and_pereyras(a):
    check_pseudoinverse(a, 1e-15)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4)])
def test_so_they_are_where_the_rank_is_deficient(shape):
    check_pseudoinverse(of_rank(shape, 2), 1e-12)
    check_pseudoinverse(of_rank(shape, 1), 1e-12)


def check_pseudoinverse(a, cutoff):
    p, f = np.linalg.pinv(a, rcond=cutoff), lambda a: weighted(pseudoinverse_of_rank(a.tolist(), cutoff))
    d = RNG.normal(size=a.shape)
    left, right = np.eye(len(a)) - a @ p, np.eye(len(p)) - p @ a
    want = -p @ d @ p + p @ p.T @ d.T @ left + right @ d.T @ p.T @ p
    _, tangent = engine.jvp(f, (a,), (d,))
    assert tangent == pytest.approx(weighted(want.tolist()), rel=1e-9)


def test_a_pseudoinverse_leaves_out_what_is_small_but_not_zero():
    a = RNG.normal(size=(4, 3))
    np.testing.assert_allclose(pseudoinverse_of_rank(a.tolist(), 0.6), np.linalg.pinv(a, rcond=0.6), atol=1e-13)
    assert engine.check_gradients(lambda a: weighted(pseudoinverse_of_rank(a.tolist(), 0.6)), a).ok
    assert pseudoinverse_of_rank([[0.0, 0.0]], 1e-15) == [[0.0], [0.0]]


def test_numbers_that_are_none_say_so():
    with pytest.raises(np.linalg.LinAlgError, match="did not converge"):
        singular_values([[float("nan"), 1.0], [1.0, 1.0]])


@pytest.mark.parametrize("f", [value(0), value(1), lambda a: nuclear_norm(a.tolist())])
def test_one_program_serves_a_batch(f):
    samples = RNG.normal(size=(5, 3, 2))
    program = engine.lift(f, batch=True, strict=True)
    value, gradient = program.value_and_grad(samples, wrt="inputs")
    assert value == pytest.approx(np.mean([f(a) for a in samples]), rel=1e-12)
    want = np.stack([engine.grad(f)(a) for a in samples]) / 5
    np.testing.assert_allclose(gradient.inputs[0], want, atol=1e-12)


def test_a_sample_that_needs_more_sweeps_is_not_computed_with_fewer():
    f = engine.lift(value(0), batch=True)
    f(np.stack([np.diag([3.0, 2.0, 1.0])] * 2))  # no sweep but those beyond
    hard = RNG.normal(size=(1, 3, 3))
    with pytest.raises(engine.GuardError):
        f(hard)
    assert engine.lift(value(0))(hard[0]) == pytest.approx(np.linalg.svd(hard[0], compute_uv=False)[0])
