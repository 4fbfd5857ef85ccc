"""What rounding does to somebody's own code, told by running it with other roundings."""

import numpy as np
import pytest

from engine.agreement import EPS
from nn import check_backward
from nn.diagnosis.perturbed import Perturbed, spread_of

X = np.array([0.3, -1.7, 2.9, 0.3])


def spread(f, *arrays):
    return spread_of(lambda *arrays: [f(*arrays)], arrays, [f(*arrays)])[0]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: 1.0 - 1.0 / (1.0 + np.exp(-x)), np.array([30.0, 33.0])),
        (lambda x: np.sqrt(x * x + 1.0) - np.abs(x), np.array([1e4, -1e6])),
        (lambda x: (1.0 - np.cos(x)) / x**2, np.array([1e-4, 1e-6])),
        (lambda x: np.log(1.0 + x), np.array([1e-9, 1e-12])),
        (lambda x: (x**2).mean() - x.mean() ** 2, 1e5 + X),
        (lambda x: np.array([1.0 - 1.0 / (1.0 + np.exp(-entry)) for entry in x]), np.array([30.0, 33.0])),
        (lambda x: np.linalg.inv(np.array([[1.0, 1.0], [1.0, 1.0 + x[0]]]) * (x / x)), np.array([1e-9, 1e-9])),
    ],
)
def test_what_cancels_moves_as_far_as_rounding_moves_it(f, x):
    truth = np.asarray(f(x.astype(np.longdouble)) if f(x).ndim < 2 else f(x), float)
    error, moved = np.abs(f(x) - truth), spread(f, x)
    assert (error <= 4.0 * moved).all()
    assert (moved > 100.0 * EPS * np.abs(truth)).all()


def test_what_does_not_cancel_moves_by_some_units():
    for f in (np.exp, np.tanh, lambda x: x * x * 3.7, lambda x: np.cumsum(np.abs(x))):
        assert (spread(f, X) <= 20.0 * EPS * np.abs(f(X))).all()


def test_what_is_exact_does_not_move():
    for f in (np.negative, np.abs, lambda x: np.maximum(x, 0.0), lambda x: np.floor(x), lambda x: x[::-1], np.sort):
        assert not spread(f, X).any()
    whole = np.arange(6.0).reshape(2, 3)
    assert not spread(lambda x: x @ x.T + 3.0 * x.sum(), whole).any()


def test_equal_numbers_stay_equal_and_indices_stay_themselves():
    def ties(x):
        y = np.exp(x / 3.0)
        return (y == np.exp(x / 3.0)) * (y == y[0]) * np.arange(x.size)[np.argsort(y)]

    assert not spread(ties, X).any()


def test_arrays_are_written_to_and_returned_as_others_are():
    def in_place(x):
        y = np.zeros_like(x)
        y += np.exp(x)
        y[0] *= 2.0
        np.add.at(y, [1, 1], x[2] / 3.0)
        whole, part = np.divmod(x, 0.7)
        return y + part + 0.0 * whole + np.einsum("i,i->", x, x) + np.dot(x, x)

    assert (spread(in_place, X) < 1000.0 * EPS).all() and spread(in_place, X).any()
    seen = X.view(Perturbed)
    assert isinstance(seen[0], Perturbed) and seen[0].ndim == 0 and float(seen[0]) == X[0]
    assert isinstance(np.argmax(seen), np.integer) and (seen > 0.0).dtype == bool


def test_a_function_that_moves_by_itself_is_told():
    rng = np.random.default_rng(0)
    assert spread_of(lambda x: [x * rng.random()], [X], [X], runs=0)[0].all()
    assert not spread_of(lambda x: [np.exp(x)], [X], [np.exp(X)], runs=0)[0].any()


def test_what_is_cast_to_a_lower_precision_is_moved_by_its_units():
    assert (spread(lambda x: 2.0 * x.astype(np.float32).astype(float), X) > 1e-9).all()
    assert (spread(lambda x: 2.0 * x.astype(float), X) < 1e-14).all() and spread(
        lambda x: x.astype(int), X
    ).sum() == 0.0


def test_a_backward_pass_in_single_precision_of_arrays_in_double_is_right():
    rng = np.random.default_rng(4)
    A, w = rng.normal(size=(7, 5)), rng.normal(size=5)

    def backward(d, w):  # what is cast is small beside A, which is not
        w32 = w.astype(np.float32)
        return d * (A.T @ (1.0 - np.tanh(A @ w32) ** 2) + 3e4 * (w32 - w32.mean()))

    diagnosis = check_backward(lambda w: np.sum(np.tanh(A @ w)) + 1.5e4 * np.sum((w - w.mean()) ** 2), backward, w)
    assert diagnosis.ok and diagnosis.remarks
