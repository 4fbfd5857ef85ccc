"""`numpy.linalg` on arrays of Values: NumPy's values, the gradients of differences, lifted, and lifted for a batch."""

from __future__ import annotations

import numpy as np
import pytest
from array_truth import holds, numbers, same

import engine
from engine import Value

RNG = np.random.default_rng(11)
A, B, STACK = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3, 3))
POSITIVE = A @ A.T + np.eye(3)
linalg = np.linalg

FUNCTIONS = {
    "solve, one right side": (linalg.solve, A, B[:, 0]),
    "solve, several": (linalg.solve, A, B),
    "solve, a stack": (linalg.solve, STACK, B[None]),
    "solve, plain numbers on the right": (lambda a: linalg.solve(a, B), A),
    "solve, plain numbers on the left": (lambda b: linalg.solve(A, b), B),
    "inv": (linalg.inv, A),
    "inv, a stack": (linalg.inv, STACK),
    "det": (linalg.det, A),
    "det, a stack": (linalg.det, STACK),
    "det of one number": (linalg.det, A[:1, :1]),
    "slogdet": (linalg.slogdet, A),
    "slogdet, a stack": (linalg.slogdet, STACK),
    "cholesky": (linalg.cholesky, POSITIVE),
    "cholesky of a product": (lambda a: linalg.cholesky(a @ a.T + np.eye(3)), A),
    "matrix_power": (lambda a: linalg.matrix_power(a, 5), A),
    "matrix_power, inverted": (lambda a: linalg.matrix_power(a, -2), STACK),
    "matrix_power of none": (lambda a: linalg.matrix_power(a, 0) + a, A),
    "multi_dot": (lambda a, b, c: linalg.multi_dot([a, b, c]), A, B, B[:2, 0]),
    "multi_dot of vectors": (lambda a, b: linalg.multi_dot([b, a, b]), A, B[:, 0]),
    "tensorinv": (lambda a: linalg.tensorinv(a, ind=1), RNG.normal(size=(4, 2, 2))),
    "tensorsolve": (lambda a, b: linalg.tensorsolve(a, b), RNG.normal(size=(2, 2, 4)), RNG.normal(size=(2, 2))),
    "tensorsolve, axes": (
        lambda a, b: linalg.tensorsolve(a, b, axes=(0,)), RNG.normal(size=(4, 2, 2)), RNG.normal(size=(2, 2)),
    ),
    "singular values": (lambda a: linalg.svd(a, compute_uv=False), STACK[:, :2]),
    "pinv, tall": (linalg.pinv, B),
    "pinv, wide": (linalg.pinv, B.T),
    "pinv, a stack": (linalg.pinv, STACK),
    "pinv, cut off": (lambda a: linalg.pinv(a, 0.3), np.diag([3.0, 2.0, 0.1])),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_gradients_and_programs_are_right(name):
    f, *args = FUNCTIONS[name]
    holds(f, *args)


@pytest.mark.skipif(not hasattr(linalg, "svdvals"), reason="NumPy 2 has them")
def test_the_functions_that_numpy_2_has():
    holds(linalg.svdvals, B)
    holds(lambda a: linalg.cholesky(a, upper=True), POSITIVE)
    same(numbers(linalg.pinv(engine.array(B), rtol=0.3)), linalg.pinv(B, rtol=0.3))


def test_parts_have_the_names_that_numpy_gives_them():
    parts = linalg.slogdet(engine.array(A))
    assert type(parts) is type(linalg.slogdet(A))
    signs, logarithms = linalg.slogdet(engine.array(STACK))
    same(numbers(signs), linalg.slogdet(STACK)[0])
    same(numbers(logarithms), linalg.slogdet(STACK)[1])


@pytest.mark.parametrize("name", ["inv", "det", "solve", "svd"])
def test_empty_matrices_and_stacks(name):
    f = {"solve": lambda a: linalg.solve(a, a), "svd": lambda a: linalg.svd(a, compute_uv=False)}.get(
        name, getattr(linalg, name)
    )
    for shape in [(0, 0), (0, 2, 2), (2, 0, 0)]:
        same(numbers(f(np.zeros(shape).astype(object).view(type(engine.array([1.0]))))), f(np.zeros(shape)))


@pytest.mark.parametrize("f", [linalg.inv, linalg.det, linalg.slogdet, lambda a: linalg.solve(a, B[:2])])
def test_nan_is_kept(f):
    a = engine.array([[Value(float("nan")), 1.0], [2.0, 3.0]])
    parts = f(a)
    assert all(np.isnan(numbers(x)).any() for x in (parts if isinstance(parts, tuple) else [parts]))


def test_the_logarithm_of_a_determinant_of_zero_has_no_gradient_that_looks_like_one():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    sign, logarithm = linalg.slogdet(engine.array([[Value(x) for x in row] for row in a]))
    assert (float(sign), float(logarithm)) == (0.0, -np.inf)
    assert not np.isfinite(engine.grad(lambda a: linalg.slogdet(a)[1])(a)).any()


def test_second_derivatives_of_the_logarithm_of_a_determinant():
    d = RNG.normal(size=(3, 3))
    inverse = linalg.inv(A)
    want = -np.trace(inverse @ d @ inverse @ d)
    assert engine.grad(engine.grad(lambda t: linalg.slogdet(A + t * d)[1]))(0.0) == pytest.approx(want, rel=1e-12)


def test_products_take_the_order_of_the_fewest_multiplications():
    column, row = engine.array([[Value(1.0)]] * 5), engine.array([[Value(2.0)] * 5])
    z = linalg.multi_dot([column, row, column, row, column])
    assert z.shape == (5, 1)
    nodes = {n for x in z.flat for n in [x, *x.parents, *[q for p in x.parents for q in p.parents]]}
    assert sum(n.op == "dot" for n in nodes) <= 8  # the inner numbers first
    assert float(z[0, 0]) == 100.0


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda a: linalg.inv(a[:2]), np.linalg.LinAlgError, r"linalg.inv needs a square matrix.*\(2, 3\)"),
        (lambda a: linalg.det(a[0]), np.linalg.LinAlgError, r"linalg.det needs a square matrix.*\(3,\)"),
        (lambda a: linalg.solve(a, a[:2]), ValueError, r"shapes \(3, 3\) and \(2, 3\)"),
        (lambda a: linalg.inv(a * 0.0), np.linalg.LinAlgError, "Singular matrix"),
        (lambda a: linalg.cholesky(-a @ a.T), np.linalg.LinAlgError, "not positive definite"),
        (lambda a: linalg.matrix_power(a, 0.5), TypeError, "must be a whole number"),
        (lambda a: linalg.multi_dot([a]), ValueError, "two arrays or more; got 1"),
        (lambda a: linalg.multi_dot([a, a[0], a]), np.linalg.LinAlgError, r"a vector at an end; got shape \(3,\)"),
        (lambda a: linalg.tensorsolve(a[:2], a[0]), np.linalg.LinAlgError, "as many equations as unknowns"),
        (lambda a: linalg.tensorinv(a[:2], ind=1), np.linalg.LinAlgError, "two halves of one size"),
        (lambda a: linalg.svd(a), TypeError, "signs of singular vectors are arbitrary.*compute_uv=False"),
        (lambda a: linalg.pinv(a, hermitian=True), TypeError, "Leave hermitian out"),
        (lambda a: linalg.eigh(a), TypeError, "signs are arbitrary.*stop_gradient"),
        (lambda a: linalg.eigvals(a), TypeError, "np.linalg.eigvals is not defined"),
        (lambda a: linalg.qr(a), TypeError, "np.linalg.qr is not defined"),
        (lambda a: linalg.lstsq(a, a[0], rcond=None), TypeError, r"np.linalg.pinv\(a\) @ b"),
        (lambda a: linalg.matrix_rank(a), TypeError, "no derivative"),
        (lambda a: np.polyfit(a[0], a[1], 1), TypeError, "vander"),
    ],
)
def test_what_is_not_defined_says_why_and_what_to_do(f, error, message):
    with pytest.raises(error, match=message):
        f(engine.array(A))
    with pytest.raises(error, match=message):
        engine.grad(lambda a: engine.total([*np.ravel(f(a))]))(A)
