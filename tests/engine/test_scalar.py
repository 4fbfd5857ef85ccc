"""A Value answers what NumPy's scalars answer: the same numbers, shapes and refusals, and derivatives with them."""

from __future__ import annotations

import copy
import fractions
import math
import statistics

import numpy as np
import pytest

import engine
from engine import Value

ASKED = {
    "shape": lambda x: x.shape,
    "strides": lambda x: x.strides,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
    "itemsize": lambda x: x.itemsize,
    "nbytes": lambda x: x.nbytes,
    "imag": lambda x: x.imag,
    "argmax": lambda x: x.argmax(),
    "argmin": lambda x: x.argmin(axis=0),
    "any": lambda x: x.any(),
    "all": lambda x: x.all(),
    "is_integer": lambda x: x.is_integer(),
    "as_integer_ratio": lambda x: x.as_integer_ratio(),
    "math.floor": math.floor,
    "math.ceil": math.ceil,
    "math.trunc": math.trunc,
    "astype(bool)": lambda x: x.astype(bool),
}
NUMBERS = {
    "T": lambda x: x.T,
    "real": lambda x: x.real,
    "sum": lambda x: x.sum(),
    "sum of axis 0": lambda x: x.sum(axis=0),
    "sum by position": lambda x: x.sum(0),
    "sum of axis -1, kept": lambda x: x.sum(axis=-1, keepdims=True),
    "sum of floats": lambda x: x.sum(dtype=float),
    "prod": lambda x: x.prod(),
    "mean": lambda x: x.mean(),
    "max": lambda x: x.max(),
    "min": lambda x: x.min(axis=None),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(keepdims=True),
    "std of no freedom": lambda x: x.std(ddof=1),
    "conj": lambda x: x.conj(),
    "conjugate": lambda x: x.conjugate(),
    "squeeze": lambda x: x.squeeze(),
    "transpose": lambda x: x.transpose(),
    "copy": lambda x: x.copy(),
    "astype": lambda x: x.astype(np.float64),
    "round": lambda x: x.round(),
    "round to decimals": lambda x: x.round(1),
    "round to hundreds": lambda x: x.round(-2),
    "tolist": lambda x: x.tolist(),
    "reshape to no axes": lambda x: x.reshape(()),
    "np.sum": np.sum,
    "np.mean": np.mean,
    "np.std": np.std,
    "np.max": np.max,
    "np.round": np.round,
    "np.real": np.real,
    "divmod": lambda x: divmod(x, 2.0)[0] * 10.0 + divmod(x, 2.0)[1],
    "divmod of a number": lambda x: divmod(7.0, x)[0] * 10.0 + divmod(7.0, x)[1],
}
ARRAYS = {
    "reshape": lambda x: x.reshape(1, 1),
    "reshape to a shape": lambda x: x.reshape((1, -1)),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "cumsum": lambda x: x.cumsum(),
    "cumprod": lambda x: x.cumprod(axis=0),
}
EDGES = (2.5, -2.5, 0.0, 3.0, 1234.567, 0.5, math.inf, math.nan)


@pytest.mark.parametrize("f", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("x", [2.5, -2.5, 0.0, 3.0])
def test_what_is_no_number_of_the_graph_is_numpys(f, x):
    answer, want = f(Value(x)), f(np.float64(x))
    assert answer == want
    assert type(answer) is type(want) or isinstance(want, np.generic)


@pytest.mark.parametrize("f", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.filterwarnings("ignore:(Degrees of freedom|invalid value|divide by zero)")
def test_numbers_are_numpys_and_stay_values(f):
    for x in EDGES:
        answer, want = f(Value(x)), f(np.float64(x))
        assert isinstance(answer, Value)
        assert answer.data == want or (answer.data != answer.data and want != want), x


@pytest.mark.parametrize("f", ARRAYS.values(), ids=ARRAYS)
def test_arrays_have_numpys_shape_and_hold_the_value(f):
    x = Value(2.5)
    assert f(x).shape == f(np.float64(2.5)).shape
    assert f(x).dtype == object
    assert f(x).ravel()[0] is x


@pytest.mark.parametrize("f", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.filterwarnings("ignore:(Degrees of freedom|invalid value|divide by zero)")
def test_derivatives_go_through_and_what_is_flat_has_none(f):
    y = np.float64(2.3)
    with np.errstate(all="ignore"):
        slope = (f(y + 1e-6) - f(y - 1e-6)) / 2e-6 if f(y) == f(y) else 0.0
    assert engine.grad(f)(2.3) == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("f", [np.mean, np.var, np.std, np.sum, np.max, np.median, np.average, np.ptp])
def test_what_numpy_makes_of_a_plain_array_of_values_stays_a_value(f):
    """NumPy's mean and deviation convert their results by `result.dtype.type`, where there is one."""
    x = Value(2.0)
    assert x.dtype == np.array([x]).dtype == np.asarray(x).dtype
    result = f(np.array([x, Value(5.0), Value(1.0)]))
    assert isinstance(result, Value)
    assert result.data == pytest.approx(float(f([2.0, 5.0, 1.0])), rel=1e-15)
    slope = (f([3.0 + 1e-6, 15.0 + 5e-6, 2.0]) - f([3.0 - 1e-6, 15.0 - 5e-6, 2.0])) / 2e-6
    assert engine.grad(lambda v: f(np.array([v, 5.0 * v, 2.0])))(3.0) == pytest.approx(float(slope), rel=1e-7)


def test_lifted_they_take_part_in_the_program_without_a_guard():
    def f(x):
        return (x.sum() * x.mean().T + x.round(1)) * x.max(axis=0) + x.std() + x.astype(bool) * x + math.floor(x) % 2.0

    program = engine.lift(f, batch=True, reduction="none")
    X = np.array([2.34, -1.5, 0.0, 7.0])
    np.testing.assert_allclose(program(X), [engine.value_and_grad(f)(x)[0] for x in X], rtol=1e-15)


def test_a_whole_part_inside_a_transform_keeps_the_graph_and_outside_it_is_an_int():
    x = Value(2.5)
    assert (math.floor(x), math.ceil(x), math.trunc(x), [10, 20, 30][math.floor(x)]) == (2, 3, 2, 30)
    assert engine.grad(lambda x: x - math.floor(x) + math.ceil(x) * x + math.trunc(x) * x)(2.5) == 6.0
    for ufunc in (np.floor, np.ceil, np.trunc, np.rint):  # which ask objects for these
        assert engine.grad(lambda x: (ufunc(np.array([x, 2.0 * x])) * x).sum())(2.6) == ufunc(2.6) + ufunc(5.2)  # noqa: B023
    assert engine.grad(lambda y: y * [10.0, 20.0, 30.0][math.floor(x)])(1.0) == 30.0
    assert engine.lift(lambda x: x - math.floor(x))(2.5) == engine.lift(lambda x: x - math.floor(x))(-1.5) == 0.5


def test_fractions_of_a_variable_are_refused():
    assert statistics.mean([Value(1.0), Value(2.0)]) == 1.5
    assert Value(0.75).as_integer_ratio() == fractions.Fraction(3, 4).as_integer_ratio()
    for f in (lambda x: statistics.mean([x, x]), lambda x: statistics.stdev([x, x]), lambda x: x.is_integer() * x):
        with pytest.raises(engine.TraceError, match="was turned into a float in"):
            engine.grad(f)(2.0)


REFUSED = {
    "an axis that is not there": (lambda x: x.sum(axis=1), "axis 1 is out of bounds"),
    "an unknown option": (lambda x: x.max(rows=1), "rows"),
    "a shape of two": (lambda x: x.reshape(2), "cannot reshape array of size 1"),
    "integers": (lambda x: x.astype(int), "a Value cannot become int64: Values are float64"),
    "single precision": (lambda x: x.astype(np.float32), "a Value cannot become float32"),
    "a sum of integers": (lambda x: x.sum(dtype=int), r"sum\(dtype=int64\) of a Value is not defined"),
    "a place for the sum": (lambda x: x.sum(out=np.zeros(())), r"sum\(out=0.0\) of a Value is not defined"),
    "a start": (lambda x: x.max(initial=3.0), r"max\(initial=3.0\) of a Value is not defined"),
    "two by position": (lambda x: x.sum(0, int), "takes its axis by position"),
}


@pytest.mark.parametrize(("f", "message"), REFUSED.values(), ids=REFUSED)
def test_what_one_number_does_not_have_is_refused_in_a_sentence(f, message):
    with pytest.raises((TypeError, ValueError), match=message):
        f(Value(2.5))


def test_a_copy_is_another_node_but_inside_a_transform_it_is_the_value():
    x = Value(2.0, "x")
    assert x.copy() is not x
    assert x.copy().data == 2.0
    assert engine.grad(lambda x: x.copy() * copy.deepcopy([x, x])[1])(3.0) == 6.0


def test_the_mean_of_a_plain_array_is_a_value():
    x = [Value(1.0), Value(4.0)]
    assert x[0].dtype == np.array(x).dtype == object
    for mean in (np.mean(x), np.array(x).mean(), np.mean(np.array(x), axis=0)):
        assert isinstance(mean, Value)
        assert mean.data == 2.5
    np.testing.assert_array_equal(engine.grad(lambda x: np.mean([v * v for v in x]))(np.array([1.0, 4.0])), [1.0, 4.0])
    assert np.var(x).data == 2.25
    assert np.std(x).data == 1.5


def test_a_node_costs_nothing_more():
    assert vars(Value(1.0)) == {}
    assert not {"shape", "dtype", "T"} & {name for kind in Value.__mro__ for name in getattr(kind, "__slots__", ())}


def test_the_type_is_that_of_objects_so_that_numpys_own_functions_make_no_floats():
    v, w = Value(1.0), Value(3.0)
    assert v.dtype == np.dtype(object)
    plain = np.array([v, w])
    mean = np.mean(plain)
    assert isinstance(mean, Value)
    assert mean.data == 2.0
    assert np.var(plain).data == 1.0
    assert engine.grad(lambda x: np.mean([x, x + 2.0]))(0.0) == 1.0
