"""What a function has captured is found in other places than it, and nothing of the function is changed."""

import functools

import numpy as np
import pytest

import nn
from nn.diagnosis.alterations.captured import attempted_with, numbers_held, recapturing
from nn.diagnosis.alterations.recorded import record

RNG = np.random.default_rng(2)
X, LABELS, TABLE = RNG.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0]), {"X": RNG.normal(size=(2, 3))}


class Holder:
    def __init__(self):
        self.X, self.calls = X, 0

    def product(self, w):
        self.calls += 1
        return self.X.dot(w)


def of_module(w):
    return X.dot(w)


def of_closure():
    local = X.copy()
    return lambda w: local.dot(w)


def of_helper(w):
    return of_module(w)


def of_default(w, data=X):
    return data.dot(w)


def of_keyword(w, *, data=X):
    return data.dot(w)


def of_dictionary(w):
    return TABLE["X"].dot(w)


def of_inner(w):
    def inner():
        return X.dot(w)

    return inner()


FUNCTIONS = [of_module, of_closure(), of_helper, of_default, of_keyword, of_dictionary, of_inner, Holder().product]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_arrays_are_found_in_other_places(f):
    w = RNG.normal(size=3)
    right = f(w)
    np.testing.assert_array_equal(recapturing(f, lambda x, name: 2.0 * x)(w), 2.0 * right)
    np.testing.assert_array_equal(f(w), right)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_a_function_of_what_it_captured_is_recorded(f):
    root, _ = record(f, [("w", RNG.normal(size=3))])
    assert root.op == "matmul" and [edge.operand for edge in root.edges] == [1]


def test_an_object_is_not_called():
    holder = Holder()
    record(holder.product, [("w", np.ones(3))])
    assert holder.calls <= 2 and type(holder.X) is np.ndarray


def test_recursion_and_what_is_not_there_yet():
    def power(w, n):
        return later.dot(w) if n == 0 else power(w, n - 1)

    later = X
    np.testing.assert_array_equal(recapturing(power, lambda x, name: -x)(np.ones(3), 1), X @ np.ones(3))
    np.testing.assert_array_equal(recapturing(power, lambda x, name: -x)(np.ones(3), 0), -X @ np.ones(3))


def test_kinds_are_taken_one_after_the_other():
    seen = []

    def stand_in(x, name):
        seen.append((name, x.dtype.kind))
        return x

    def refuse(f):
        f(np.ones(6))
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        attempted_with(refuse, lambda w: LABELS.dot(w) + X[:, 0].dot(w), stand_in, (ArithmeticError,))
    assert seen == [("X", "f"), ("LABELS", "i"), ("X", "f")]
    assert attempted_with(lambda f: f(2.0), functools.partial(max, 1.0), stand_in, ()) == 2.0


def test_a_mistake_in_a_cost_of_captured_data_has_its_name():
    def cost(theta):
        h = 1.0 / (1.0 + np.exp(-X.dot(theta)))
        return -(LABELS.dot(np.log(h)) + (1 - LABELS).dot(np.log(1.0 - h))) / len(X)

    def gradient(theta):
        return -X.T.dot(LABELS / (1.0 + np.exp(X.dot(theta)))) / len(X)  # the other label's term is missing

    said = nn.diagnose_function(cost, np.array([0.3, -0.8, 0.5]), gradient)
    assert said.verdict == "named" and set(said.names) <= {"path-missing", "term-missing"}


def test_numbers_that_a_function_reads_are_held():
    stride, weights, name = 2, np.ones(3), "w"

    def f(x):
        return x * stride + weights.sum() + len(name) + X[0, 0]

    held = numbers_held(f)
    assert held["stride"] == 2 and held["weights"] is weights and held["X"] is X and "name" not in held
    assert numbers_held(np.exp) == {}


def test_several_functions_find_the_same_in_place_of_one_array():
    twins = recapturing((lambda: LABELS, lambda: LABELS + 0), lambda x, name: x + 1, "fi")
    assert np.array_equal(twins[0](), LABELS + 1) and np.array_equal(twins[1](), LABELS + 1)
