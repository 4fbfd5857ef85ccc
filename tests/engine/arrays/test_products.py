"""Products: each result one node; shapes are NumPy's, and what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import same_value
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import Value
from engine.arrays.products import correlate, matmul, tensordot

RNG = np.random.default_rng(5)
SIZES = st.integers(1, 3)


@given(st.lists(SIZES, max_size=2), SIZES, SIZES, SIZES, st.booleans(), st.booleans())
def test_products_of_stacks_are_numpys(stack, n, m, k, left_is_vector, right_is_vector):
    a = RNG.normal(size=(m,) if left_is_vector else (*stack, n, m))
    b = RNG.normal(size=(m,) if right_is_vector else (m, k))
    same_value(np.matmul, a, b)


def test_each_result_is_one_dot_of_what_stands_in_rows_and_columns():
    x = engine.array([Value(1.0), Value(2.0)])
    A = engine.array([[Value(3.0), 4.0], [5.0, 6.0]])
    for y in (A @ x, np.dot(A, x), np.tensordot(A, x, 1), np.einsum("ij,j->i", A, x), np.inner(A, x)):
        assert [v.op for v in y] == ["dot", "dot"]
        assert [v.data for v in y] == [11.0, 17.0]
    assert (x @ x).op == "dot"


@given(st.integers(0, 2))
def test_of_no_numbers_a_product_is_zero(n):
    assert matmul(np.ones((2, 0)), np.ones((0, n))).shape == (2, n)
    assert [float(v) for v in matmul(np.ones((2, 0)), np.ones(0))] == [0.0, 0.0]


def test_what_does_not_fit_is_refused():
    a, b = np.ones((2, 3)), np.ones((2, 3))
    with pytest.raises(ValueError, match=r"3 columns meet 2 rows. Transpose one"):
        matmul(a, b)
    with pytest.raises(ValueError, match="Sum over axes of one length"):
        tensordot(a, b, 1)
    with pytest.raises(ValueError, match=r"axis 5 is none"):
        tensordot(a, b, (5, 0))
    with pytest.raises(ValueError, match="needs? two sequences|need two sequences"):
        correlate(a, [1.0])
    with pytest.raises(ValueError, match="mode='best' is not known; use 'valid', 'same' or 'full'"):
        correlate([1.0], [1.0], "best")
    with pytest.raises(ValueError, match=r"np.cross of vectors of 4 and 3 is not defined"):
        np.cross(engine.array(np.ones(4)), engine.array(np.ones(3)))


@pytest.mark.parametrize("at", [(0, 0), (1, 2), (2, 1)])
def test_a_float_anywhere_in_a_matrix_is_a_constant(at):
    numbers = np.arange(1.0, 10.0).reshape(3, 3)
    A, B = (engine.array([[Value(x) for x in row] for row in numbers]) for _ in range(2))
    A[at], B[at[::-1]] = 0.5, 0.25
    want_A, want_B = numbers.copy(), numbers.copy()
    want_A[at], want_B[at[::-1]] = 0.5, 0.25
    product = A @ B
    assert [[z.data for z in row] for row in product] == (want_A @ want_B).tolist()
    np.sum(product).backward()
    slopes = [[getattr(x, "grad", 0.0) for x in row] for row in A]
    assert slopes == np.where(want_A == 0.5, 0.0, np.broadcast_to(want_B.sum(axis=1), (3, 3))).tolist()
