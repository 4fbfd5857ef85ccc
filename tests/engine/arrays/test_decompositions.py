"""Elimination, triangles and orthonormal columns against NumPy's, mpmath's and closed forms."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.arrays.decompositions import (
    determinant,
    eliminated,
    inverse_of_upper,
    matrix_product,
    orthonormal,
    solved,
    transposed,
    triangle,
)

EPS = np.finfo(float).eps
small_integers = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(st.integers(-3, 3).map(float), min_size=n, max_size=n), min_size=n, max_size=n)
)


def conditioned(n, condition, seed=0):
    """A matrix of a condition number."""
    rng = np.random.default_rng(seed)
    u, v = [np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2)]
    return (u * np.geomspace(1.0, 1.0 / condition, n)) @ v


def exactly(function, a, *others):
    """What mpmath says, in fifty digits."""
    with mpmath.workdps(50):
        return np.array(function(mpmath.matrix(a.tolist()), *others).tolist(), dtype=float)


def test_rows_are_eliminated_by_the_largest_pivot():
    left = eliminated([[1.0, 2.0], [4.0, 2.0]], [[5.0], [6.0]])
    assert left.upper == [[4.0, 2.0, 6.0], [-0.25, 1.5, 3.5]]
    assert left.sign == -1.0


@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10])
def test_solutions_are_as_exact_as_the_condition_allows(condition):
    a, b = conditioned(6, condition), np.arange(1.0, 7.0)
    want = exactly(mpmath.lu_solve, a, mpmath.matrix(b.tolist()))
    error = np.abs(np.array(solved(a.tolist(), b[:, None].tolist())) - want).max() / np.abs(want).max()
    assert error < EPS * condition


@pytest.mark.parametrize("condition", [1e2, 1e6])
def test_gradients_of_solutions_are_as_exact_as_the_condition_allows(condition):
    a, b = conditioned(5, condition), np.arange(1.0, 6.0)
    inverse = exactly(lambda m: m**-1, a)
    want = -np.outer(inverse.sum(axis=0), inverse @ b)  # of sum(A^-1 b)
    got = engine.grad(lambda m: engine.total([x for (x,) in solved(m, b[:, None].tolist())]))(a.tolist())
    assert np.abs(np.array(got) - want).max() < EPS * condition * np.abs(want).max()


@given(small_integers)
def test_determinants_and_their_gradients_are_right_where_they_are_zero_too(a):
    n = len(a)
    assert determinant(a) == pytest.approx(np.linalg.det(np.array(a)), abs=1e-12)
    minors = [[np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    cofactors = [[(-1) ** (i + j) * m for j, m in enumerate(row)] for i, row in enumerate(minors)]
    np.testing.assert_allclose(engine.grad(determinant)(a), cofactors, atol=1e-10)


@pytest.mark.parametrize("a", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 0.0, 0.0]), np.eye(3)])
def test_second_derivatives_of_determinants_are_minors_of_two(a):
    h = engine.hessian(lambda m: determinant(m.tolist()))(a)
    for i, j, k, m in np.ndindex(3, 3, 3, 3):
        rest = ({0, 1, 2} - {i, k}, {0, 1, 2} - {j, m})
        want = 0.0
        if i != k and j != m:
            sign = (-1) ** (i + j + k + m) * (1 if (k > i) == (m > j) else -1)
            want = sign * a[rest[0].pop(), rest[1].pop()]
        assert h[i, j, k, m] == pytest.approx(want, abs=1e-12)


def test_a_singular_system_says_so():
    with pytest.raises(np.linalg.LinAlgError, match=r"Singular matrix.*pinv"):
        solved([[1.0, 2.0], [2.0, 4.0]], [[1.0], [1.0]])
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        solved([[0.0]], [[1.0]])


def test_the_lower_triangle_alone_is_read():
    a = np.array([[4.0, 99.0], [2.0, 5.0]])
    np.testing.assert_allclose(triangle(a.tolist()), np.linalg.cholesky(a))
    gradient = engine.grad(lambda m: engine.total([x for row in triangle(m) for x in row]))(a.tolist())
    assert gradient[0][1] == 0.0


@pytest.mark.parametrize("a", [[[0.0]], [[1.0, 0.0], [2.0, 1.0]], [[float("nan")]]])
def test_a_matrix_that_is_not_positive_definite_says_so(a):
    with pytest.raises(np.linalg.LinAlgError, match=f"not positive definite: pivot {len(a) - 1}"):
        triangle(a)


@given(st.integers(1, 4), st.integers(0, 3), st.integers(0, 1000))
def test_columns_are_made_orthonormal(n, more, seed):
    a = np.random.default_rng(seed).normal(size=(n + more, n))
    q, upper = orthonormal(a.T.tolist())
    np.testing.assert_allclose(np.array(q) @ np.array(q).T, np.eye(n), atol=1e-9)
    np.testing.assert_allclose(np.array(q).T @ np.array(upper), a, atol=1e-12)
    np.testing.assert_allclose(np.array(upper) @ np.array(inverse_of_upper(upper)), np.eye(n), atol=1e-9)


def test_products_and_transposes_of_nothing_keep_their_width():
    assert transposed([], 2) == [[], []]
    assert matrix_product([[], []], [], 3) == [[0.0] * 3] * 2


def test_a_pivot_is_guarded_and_in_a_batch_chosen():
    def first(a):
        return solved(a.tolist(), [[1.0], [2.0], [3.0]])[0][0]

    rng = np.random.default_rng(0)
    program, several = engine.lift(first), engine.lift(first, batch=True)
    samples = rng.normal(size=(20, 3, 3))
    want = [np.linalg.solve(a, [1.0, 2.0, 3.0])[0] for a in samples]
    np.testing.assert_allclose([program(a) for a in samples], want, rtol=1e-9)
    assert several(samples) == pytest.approx(np.mean(want), rel=1e-9)
    known = [len(v) for v in program.traces.specialisations.values()]
    assert max(known) <= 9  # the ninth chooses its pivots, and serves all others


def test_one_value_in_every_entry():
    x = Value(2.0)
    z = determinant([[x, 1.0, x], [x, x, 3.0], [0.0, x, x]])  # x (x x - 3 x) - (x x - 0) + x x x
    z.backward()
    assert z.data == pytest.approx(x.data**3 * 2 - 4 * x.data**2)
    assert x.grad == pytest.approx(6 * x.data**2 - 8 * x.data)
