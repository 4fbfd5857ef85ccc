"""Large captured arrays are read at each call: new numbers without a new trace, and what cannot be read is compared."""

from __future__ import annotations

import functools
import types

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.trace.numbers_held import LARGE

HERE = types.SimpleNamespace()
ROWS, COLUMNS = 100, 100  # 80,000 bytes, more than LARGE
WEIGHTS = [Value(0.01 * k - 0.4, f"w[{k}]") for k in range(COLUMNS)]
TABLE = np.ones((ROWS, COLUMNS))


def numbers(seed, dtype=float):
    return np.random.default_rng(seed).normal(size=(ROWS, COLUMNS)).astype(dtype)


def loss(table, t):
    return engine.total([(engine.tanh(engine.dot(WEIGHTS, table[i])) - t) ** 2 for i in range(5)])


class Model:
    def __init__(self, table):
        self.table, self.nested = table, {"tables": [table, (1.0, 2.0)]}

    def loss(self, t):
        return loss(self.table, t)

    def of_nested(self, t):
        return loss(self.nested["tables"][0], t)


def in_a_variable(table):
    return lambda t: loss(table, t)


def in_a_default(table):
    return lambda t, table=table: loss(table, t)


def in_a_nested_function(table):
    def inner(t):
        return loss(table, t)

    return lambda t: inner(t) + 0.0


def in_a_partial(table):
    return functools.partial(loss, table)


def eager(fn, t):
    for w in WEIGHTS:
        w.grad = 0.0
    root = fn(t)
    root.backward()
    return root.data, [w.grad for w in WEIGHTS]


HOLDERS = {
    "a variable": in_a_variable,
    "a default": in_a_default,
    "a nested function": in_a_nested_function,
    "a partial": in_a_partial,
    "an attribute": lambda table: Model(table).loss,
    "a list in a dict": lambda table: Model(table).of_nested,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("holder", HOLDERS)
def test_changed_numbers_need_no_new_trace(holder, dtype):
    table = numbers(0, np.float64).astype(dtype)
    assert numbers(0).nbytes > LARGE
    if table.nbytes < LARGE:
        table = np.concatenate([table, table])
    fn = HOLDERS[holder](table)
    program = engine.lift(fn)
    program.value_and_grad(0.5)
    trace = program.latest
    table[:ROWS] = numbers(1)
    value, gradient = program.value_and_grad(0.5)
    want, slopes = eager(fn, 0.5)
    assert value == pytest.approx(want, rel=1e-12)
    np.testing.assert_allclose(gradient.named()["w"], slopes, rtol=1e-9, atol=1e-12)
    assert program.latest is trace
    assert (program.parameters, gradient.parameters.shape, program.pull().shape) == ({"w": (100,)}, (100,), (100,))
    table[0, 0] += 1.0
    assert program(0.5, parameters=program.pull()) == pytest.approx(eager(fn, 0.5)[0], rel=1e-12)


def test_an_array_that_is_replaced():
    model = Model(numbers(0))
    model.nested = {}
    program = engine.lift(model.loss, batch=True)
    samples = np.array([0.1, 0.2])
    program(samples)
    trace = program.latest
    model.table = numbers(1)
    assert program(samples) == pytest.approx(np.mean([model.loss(t).data for t in (0.1, 0.2)]), rel=1e-12)
    assert program.latest is trace
    model.table = numbers(2)[:, :COLUMNS].repeat(2, axis=0)  # of another shape
    assert program(samples) == pytest.approx(np.mean([model.loss(t).data for t in (0.1, 0.2)]), rel=1e-12)
    model.table[0] = 0.0
    assert program(samples) == pytest.approx(np.mean([model.loss(t).data for t in (0.1, 0.2)]), rel=1e-12)
    assert program.latest is not trace


def test_parameters_that_are_declared_stay_in_their_order():
    table = numbers(3)
    program = engine.lift(in_a_variable(table), parameters=WEIGHTS[::-1])
    program(0.5)
    table *= 0.5
    value, gradient = program.value_and_grad(0.5)
    want, slopes = eager(in_a_variable(table), 0.5)
    assert value == pytest.approx(want, rel=1e-12)
    np.testing.assert_allclose(gradient.parameters, slopes[::-1], rtol=1e-9, atol=1e-12)
    before = program.pull()
    program.push(before + 1.0)
    np.testing.assert_array_equal([w.data for w in WEIGHTS[::-1]], before + 1.0)
    program.push(before)


# --- what is compared instead: right, by a new trace ------------------------------------------------------------------


class OfClass:
    table = numbers(4)


READERS = {
    "a branch": lambda table: lambda x: x * 2.0 if table[3, 4] > 0.0 else x * table[3, 4],
    "an index": lambda table: lambda x: x * [1.0, 2.0][int(table[3, 4] > 0.0)] + table[0, 0],
    "a number that NumPy computes": lambda table: lambda x: x * float(np.linalg.norm(table)) + table[0, 0],
    "a sum": lambda table: lambda x: x * table.sum(),
    "a place that cannot be copied": lambda table: lambda x: x * OfClass.table[3, 4],
    "integers": lambda table: lambda x: x * table.astype(int)[3, 4] + table[3, 4],
}


def kept_positive_by_kind(v):
    return max(v, 0.0) if isinstance(v, float) else v


def kept_positive_by_type(v):
    return max(v, 0.0) if type(v) is np.float64 else v


def kept_positive_by_pattern(v):
    match v:
        case float():
            return max(v, 0.0)
    return v


@functools.singledispatch
def kept_positive_by_dispatch(v):
    return v


@kept_positive_by_dispatch.register
def _(v: float):
    return max(v, 0.0)


def kept_positive_by_trying(v):
    try:
        return max(float(v), 0.0)
    except Exception:
        return v


TOLD_APART = {  # each decides by a number that is not among its branches when it is traced
    "a kind": lambda table: lambda x: x * kept_positive_by_kind(table[3, 4]),
    "a type": lambda table: lambda x: x * kept_positive_by_type(table[3, 4]),
    "a pattern": lambda table: lambda x: x * kept_positive_by_pattern(table[3, 4]),
    "a dispatch": lambda table: lambda x: x * kept_positive_by_dispatch(table[3, 4]),
    "a refusal that is caught": lambda table: lambda x: x * kept_positive_by_trying(table[3, 4]),
    "a set": lambda table: lambda x: x * table[0, 0] * len(set(table[3, :5].tolist())),
    "an entry of a set": lambda table: lambda x: x * table[0, 0] * (3.0 if table[3, 4] in {-2.0} else 1.0),
    "an entry of a dictionary": lambda table: lambda x: x * table[0, 0] * {-2.0: 3.0}.get(table[3, 4], 1.0),
    "a key that is computed": lambda table: lambda x: x * table[0, 0] * {-4.0: 3.0}.get(table[3, 4] * 2.0, 1.0),
    "a comparison as a key": lambda table: lambda x: x * table[0, 0] * {True: 3.0}.get(table[3, 4] < 0.0, 1.0),
    "a comparison in a set": lambda table: lambda x: x * table[0, 0] * (3.0 if (table[3, 4] < 0.0) in {1} else 1.0),
    "a text": lambda table: lambda x: x * table[0, 0] * (3.0 if f"{table[3, 4]:.1f}" == "-2.0" else 1.0),
    "a comparison's text": lambda table: lambda x: x * table[0, 0] * (3.0 if str(table[3, 4] < 0.0) == "True" else 1.0),
    "bytes": lambda table: lambda x: x * table[0, 0] * (3.0 if table[3, 4].tobytes()[7] & 128 else 1.0),
    "NaN made a number": lambda table: lambda x: x * np.nan_to_num(np.sqrt(table[3, 4])),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("kind", TOLD_APART)
def test_numbers_that_are_told_apart_by_more_than_arithmetic_are_compared(kind):
    table = np.abs(numbers(9)) + 1.0
    fn = TOLD_APART[kind](table)
    program = engine.lift(fn)
    for number in (1.5, -2.0, 2.5, -2.0):
        table[3, :5] = number
        assert program(2.0) == pytest.approx(float(fn(2.0)), rel=1e-12)


def test_an_array_of_narrow_floats_is_computed_with_in_them():
    table = np.ones((200, 200), np.float32)
    product = engine.lift(lambda x: x * table[0, 0] * (table[0, 1] + table[0, 2] - table[0, 1]))
    elements = engine.lift(lambda x: x * table[0, 2] + table[0, 1])
    product(2.0), elements(2.0)
    trace = elements.latest
    table[0, 1] = 1e9
    assert (product(2.0), elements(2.0)) == (0.0, 1e9 + 2.0)
    assert elements.latest is trace


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("batch", [False, True])
def test_numbers_that_decide_or_cannot_be_read_are_compared(kind, batch):
    table = OfClass.table = np.abs(numbers(5)) + 1.0
    fn = READERS[kind](table)
    program = engine.lift(fn, batch=batch)
    x = np.array([2.0, 3.0]) if batch else 2.0
    for change in (0.0, -5.0, 3.0):
        table[3, 4] += change
        table[0, 0] += change
        want = np.mean([fn(v) for v in np.atleast_1d(x)])
        assert program(x) == pytest.approx(want, rel=1e-12)


def test_two_traces_one_of_which_needs_constants():
    table = numbers(6)

    def f(xs):
        total = engine.total([x * table[0, k] for k, x in enumerate(xs)])
        return total if len(xs) == 2 else total * float(np.linalg.norm(table[1]))

    program = engine.lift(f)
    for xs in ([1.0, 2.0], [1.0, 2.0, 3.0]) * 2:
        table[:2] += 1.0
        assert program(xs) == pytest.approx(f(xs), rel=1e-12)


def test_nobody_else_meets_the_values_that_stand_in():
    table, state = numbers(7), {}

    def f(x):
        state["last"] = table[0, 0]
        return x * table[0, 0]

    program = engine.lift(f)
    assert program(2.0) == 2.0 * table[0, 0]
    assert isinstance(state["last"], float)
    table[0, 0] = 3.0
    assert program(2.0) == 6.0


@pytest.mark.slow
def test_on_jax_numbers_stay_as_they_were():
    pytest.importorskip("jax")
    table = numbers(8)
    program = engine.lift(in_a_variable(table))
    value, gradient = program.value_and_grad(0.5)
    function = program.to_jax()
    table[:] = 0.0
    for parameters in (program.pull(), {"w": program.pull()}):
        got, slopes = function(parameters, 0.5)
        assert float(got) == pytest.approx(value, rel=1e-4)  # in single precision
        slopes = slopes["w"] if isinstance(slopes, dict) else slopes
        np.testing.assert_allclose(np.asarray(slopes), gradient.parameters, rtol=1e-3, atol=1e-4)
