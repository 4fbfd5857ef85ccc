"""Functions that lifting could get silently wrong: each is called twice, the second time so that it goes another way.

The answer is the eager engine's, or the error says which line and what to write instead.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import engine
from engine import GuardError, LiftError, NotScalarError, TraceError, Value

# --- branches: traced again where a comparison goes the other way -----------------------------------------------


def branch(x):
    return x * x if x > 0 else -3.0 * x


def nested_branches(x):
    if x > 1:
        return x * 2 if x > 2 else x * 3
    return x * 4 if x < -1 else x * 5


def early_return(x):
    y = x * x
    if y > 4.0:
        return y * 10.0
    y = y + 1.0
    return y


def while_loop(x):
    y, n = x * x + 0.01, 0
    while y < 10.0:
        y, n = y * 2.0, n + 1
    return y + n


def recursion(x):
    return x if x < 1.0 else x * recursion(x * 0.5)


def builtin_max(x):
    return max(x, 2.0 * x - 1.0, -x)


def builtin_min(x):
    return min(x * x, x + 2.0)


def sorted_values(x):
    return sorted([x, x * x, 1.0 - x])[1] * 2.0


def any_all(x):
    return x * 2.0 if any(v > 0 for v in [x, x - 1.0]) and all(v < 5 for v in [x]) else x * 7.0


def clamp_by_hand(x):
    if x < -1.0:
        x = Value(-1.0)
    elif x > 1.0:
        x = Value(1.0)
    return x * x * 3.0


def try_except(x):
    try:
        if x < 0:
            raise ValueError
        return engine.sqrt(x)
    except ValueError:
        return -x


def absolute_by_hand(x):
    return x if x >= 0 else -x


def generator(x):
    return sum(v for v in (x * k for k in range(4)) if v > 1.0) + x


def set_of_values(x):
    seen = {x, x * 1.0}
    return x * len(seen)


def dict_of_values(x):
    table = {"big": x * 100.0, "small": x}
    return table["big" if x > 1.0 else "small"]


def gradient_inside(x):
    return engine.grad(lambda v: engine.relu(v) * v)(x) + x


def relu_kink(x):
    return engine.relu(x - 1.0) + abs(x) + engine.sign(x) * x


def symbolic_choice(x):
    return engine.where(x > 0.5, engine.exp(x), engine.sin(x)) + engine.maximum(x, 1.0)


BRANCHING = [
    branch, nested_branches, early_return, while_loop, recursion, builtin_max, builtin_min, sorted_values, any_all,
    clamp_by_hand, try_except, absolute_by_hand, generator, set_of_values, dict_of_values, gradient_inside, relu_kink,
    symbolic_choice,
]  # fmt: skip


@pytest.mark.parametrize("f", BRANCHING, ids=lambda f: f.__name__)
def test_the_answer_is_the_eager_one_whichever_way_it_goes(f):
    program = engine.lift(f)
    for x in (1.5, -1.5, 3.0, 0.2, -0.2, 1.5, 12.0):
        value, gradient = program.value_and_grad(x, wrt="inputs")
        want = f(Value(x))
        leaf = Value(x)
        root = f(leaf)
        root.backward()
        assert value == pytest.approx(want.data, rel=1e-13), x
        assert gradient.inputs[0] == pytest.approx(leaf.grad, rel=1e-13), x


@pytest.mark.parametrize(
    "f", [branch, early_return, builtin_max, absolute_by_hand, sorted_values], ids=lambda f: f.__name__
)
def test_a_batch_whose_rows_part_ways_is_refused_with_line_and_row(f):
    program = engine.lift(f, batch=True)
    program(np.array([1.5, 1.5]))
    with pytest.raises(
        GuardError, match=r"test_never_wrong\.py:\d+ '.*' was (True|False) when lifted, is .* for row [12]"
    ):
        program(np.array([1.5, -4.0, -4.0]))
    assert program(np.array([1.5])) == pytest.approx(f(Value(1.5)).data)


def test_a_batch_with_symbolic_choices_needs_no_guard():
    x = np.array([1.5, -1.5, 0.2, 3.0])
    got = engine.lift(symbolic_choice, batch=True, reduction="none")(x)
    np.testing.assert_allclose(got, [symbolic_choice(Value(v)).data for v in x], rtol=1e-14)


def test_a_branch_on_a_parameter_is_guarded_too():
    w = Value(1.0, "w")
    program = engine.lift(lambda x: x * w if w > 0 else x * w * w, batch=True)
    assert program(np.array([2.0])) == 2.0
    w.data = -3.0
    with pytest.raises(GuardError, match="for these parameters"):
        program(np.array([2.0]))
    function = engine.lift(lambda x: x * w if w > 0 else x * w * w)
    assert function(2.0) == 18.0
    w.data = 3.0
    assert function(2.0) == 6.0


def test_endless_branches_are_answered_by_the_scalar_engine_with_advice():
    def f(x):
        n = 0
        while n < x:
            n += 1
        return x * n

    program = engine.lift(f)
    advice = r"f took 64 different ways .* 'while n < x:' with engine\.where"
    with pytest.warns(RuntimeWarning, match=advice) as said:
        slopes = [program.value_and_grad(k + 0.5, wrt="inputs")[1].inputs for k in range(80)]
    assert slopes == [(k + 1.0,) for k in range(80)] and len(said) == 1


# --- leaks ---------------------------------------------------------------------------------------------------

LEAKS = [
    (lambda x: x * x.data, r"'x' was turned into a float \(by \.data\)"),
    (lambda x: x * float(x), "'x' was turned into a float in"),
    (lambda x: x * int(x), "'x' was turned into an int"),
    (lambda x: x if x else -x, "'x' was turned into a bool"),
    (lambda x: x * (not x), "'x' was turned into a bool"),
    (lambda x: x * x.item(), "'x' was turned into a float"),
    (lambda x: x * sum(range(int(x))), "'x' was turned into an int"),
    (lambda x: x * round((x * 2).data), "'a result of multiply' was turned into a float"),
    (lambda x: x * np.array([x], dtype=float)[0], "'x' was turned into a float"),
    (lambda x: x * (x or 1.0), "'x' was turned into a bool"),
]


@pytest.mark.parametrize(("f", "message"), LEAKS)
def test_numbers_do_not_leak(f, message):
    with pytest.raises(TraceError, match=message) as caught:
        engine.lift(f)(2.0)
    assert "test_never_wrong.py:" in str(caught.value)
    assert "engine.where" in str(caught.value)
    assert engine.tracing.LOCAL.active is None


def test_parameters_do_not_leak_either():
    w = Value(2.0, "w")
    with pytest.raises(TraceError, match="'w' was turned into a float"):
        engine.lift(lambda x: x * w.data)(1.0)

    def update(x):
        w.data = 5.0
        return x * w

    with pytest.raises(TraceError, match="'w' was turned into a place to store a number"):
        engine.lift(update)(1.0)
    assert w.data == 2.0


@pytest.mark.parametrize(
    "f",
    [lambda x, n: x * sum(range(n)), lambda x, n: [x, x * 2][n], lambda x, n: x * int(n), lambda x, n: x * [1.0] * n],
)
def test_an_integer_input_is_no_size_and_no_index(f):
    with pytest.raises((TraceError, TypeError)) as caught:
        engine.lift(f)(2.0, 1)
    assert "engine.select" in str(caught.value) or "is not defined" in str(caught.value)


def test_a_table_of_several_parameters_is_read_whole():
    table = [Value(float(n + 1), f"p{n}") for n in range(3)]
    program = engine.lift(lambda x, i: engine.select(table, i) * x, batch=True, reduction="sum")
    value, gradient = program.value_and_grad(np.array([1.0, 10.0, 100.0]), np.array([2, 1, 0]))
    assert value == 3.0 + 20.0 + 100.0
    assert gradient.parameters.tolist() == [100.0, 10.0, 1.0]


def test_an_integer_input_chooses_computes_and_compares():
    def f(x, n):
        chosen = engine.select([x, x * 2.0, x * 3.0], n)
        return chosen * n + (1.0 if n == 2 else 0.0) + (x if n != 0 else -x)

    program = engine.lift(f)
    for n in (0, 1, 2, 0):
        want = 5.0 * (n + 1) * n + (1.0 if n == 2 else 0.0) + (5.0 if n else -5.0)
        assert program(5.0, n) == want


# --- surroundings -----------------------------------------------------------------------------------------------


def test_a_changed_closure_is_traced_again():
    scale = 2.0

    def f(x):
        return x * scale

    program = engine.lift(f)
    assert program(3.0) == 6.0
    scale = 5.0
    assert program(3.0) == 15.0


SCALE = 2.0


def reads_a_global(x):
    return helper(x) + 1.0


def helper(x):
    return x * SCALE


def test_a_changed_global_of_a_function_that_is_called_is_traced_again(monkeypatch):
    program = engine.lift(reads_a_global)
    assert program(3.0) == 7.0
    monkeypatch.setattr(f"{__name__}.SCALE", 10.0, raising=False)
    globals()["SCALE"] = 10.0
    try:
        assert program(3.0) == 31.0
    finally:
        globals()["SCALE"] = 2.0


class Model:
    def __init__(self):
        self.power, self.table = 2, [1.0, 2.0]

    def __call__(self, x):
        return x**self.power * self.table[0]


def test_a_changed_attribute_and_a_changed_list_are_traced_again():
    model = Model()
    program = engine.lift(lambda x: model(x))
    bound = engine.lift(model.__call__)
    assert program(3.0) == bound(3.0) == 9.0
    model.power = 3
    assert program(3.0) == bound(3.0) == 27.0
    model.table[0] = 10.0
    assert program(3.0) == bound(3.0) == 270.0


def test_a_captured_array_edited_in_place_is_traced_again():
    weights = np.array([1.0, 2.0])
    program = engine.lift(lambda x: x * weights[0] + weights[1])
    assert program(3.0) == 5.0
    weights[0] = 10.0
    assert program(3.0) == 32.0


def test_a_default_argument_that_grows():
    def f(x, seen=[]):  # noqa: B006 - the mistake that is meant
        seen.append(1)
        return x * len(seen)

    with pytest.raises(LiftError, match="did not compute the same twice"):
        engine.lift(f)(2.0)


def counter():
    n = itertools.count()
    return lambda x: x * next(n)


def exhausted():
    numbers = iter([1.0, 2.0, 3.0])
    return lambda x: x + sum(numbers)


GENERATOR = np.random.default_rng(0)
IMPURE = {
    "random": lambda x: x * random.random(),
    "numpy": lambda x: x * np.random.rand(),  # noqa: NPY002 - the global state that is meant
    "generator": lambda x: x * GENERATOR.normal(),
    "clock": lambda x: x * time.perf_counter(),
    "counter": counter(),
    "iterator": exhausted(),
    "branch": lambda x: x * 2.0 if random.random() < 0.5 else x + random.random(),
}


@pytest.mark.parametrize("name", IMPURE)
def test_what_is_not_the_same_twice_is_refused(name):
    with pytest.raises(LiftError, match=r"draws random numbers, counts, reads a clock, or uses up an iterator"):
        engine.lift(IMPURE[name])(2.0)


def test_parameters_are_read_afresh_and_never_stale():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x * w)
    assert program(3.0) == 6.0
    w.data = 10.0
    assert program(3.0) == 30.0
    assert program(3.0, parameters=np.array([7.0])) == 21.0
    assert w.data == 10.0


def test_a_value_computed_outside_follows_its_weights():
    w = Value(2.0, "w")
    doubled = w * 2.0
    program = engine.lift(lambda x: x * doubled)
    value, gradient = program.value_and_grad(3.0)
    assert (value, gradient.parameters.tolist()) == (12.0, [6.0])


# --- inputs -----------------------------------------------------------------------------------------------------


def test_changed_shapes_are_traced_again():
    program = engine.lift(lambda x: engine.total([v * v for v in x]))
    assert program([1.0, 2.0]) == 5.0
    assert program([1.0, 2.0, 3.0]) == 14.0
    assert program(np.array([4.0])) == 16.0


def test_inputs_edited_in_place_between_calls_are_new_inputs():
    x = np.array([1.0, 2.0])
    program = engine.lift(lambda x: x[0] * x[1])
    theta = np.empty(0)
    program.value_and_grad(x, parameters=theta)
    assert program.value_and_grad(x, parameters=theta)[0] == 2.0
    x[0] = 10.0
    assert program.value_and_grad(x, parameters=theta)[0] == 20.0
    assert program(x) == 20.0


def test_inputs_edited_by_the_function_are_its_own():
    def f(x):
        x[0] = x[0] * 2.0
        return x[0] * x[1]

    x = np.array([3.0, 5.0])
    program = engine.lift(f)
    assert program(x) == program(x) == 30.0
    assert x.tolist() == [3.0, 5.0]


def test_an_exception_while_tracing_leaves_no_trace():
    def f(x):
        if x > 5:
            raise KeyError("too large")
        return x * 2.0

    program = engine.lift(f)
    with pytest.raises(KeyError, match="too large"):
        program(10.0)
    assert engine.tracing.LOCAL.active is None
    assert program(1.0) == 2.0
    with pytest.raises(KeyError):
        program(10.0)


def test_results_that_are_no_number():
    for result in ([], None, "x", [1.0, "x"], True):
        with pytest.raises(NotScalarError, match="returns numbers"):
            engine.lift(lambda x, result=result: result)(1.0)


def test_static_arguments_are_part_of_the_structure():
    program = engine.lift(lambda x, kind: engine.tanh(x) if kind == "tanh" else x * x)
    assert program(2.0, "tanh") == pytest.approx(np.tanh(2.0))
    assert program(2.0, "square") == 4.0
    assert program(2.0, "tanh") == pytest.approx(np.tanh(2.0))


def test_a_program_inside_another_is_simply_its_function():
    inner = engine.lift(lambda x: x * x if x > 0 else -x)
    outer = engine.lift(lambda x: inner(x) + x)
    assert [outer(3.0), outer(-3.0)] == [12.0, 0.0]
    batched = engine.lift(lambda x: x * x, batch=True)
    assert engine.lift(lambda x: batched([x, 3.0 * x]))(2.0) == 20.0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ((np.ones((3, 2)), np.ones(4)), "'x' has 3 samples and 't' has 4"),
        ((np.ones((0, 2)), np.ones(0)), "The batch is empty"),
        ((1.0, np.ones(1)), "'x' is one number; batch=True needs one for each sample"),
        (([[1.0], [1.0, 2.0]], np.ones(2)), "'x' is ragged"),
        (({1}, np.ones(1)), "'x' is a set of 1; a lifted program takes numbers"),
        ((np.array(["a"]), np.ones(1)), "'x' is a"),
    ],
)
def test_inputs_that_do_not_fit(inputs, message):
    with pytest.raises((ValueError, TypeError), match=message):
        engine.lift(lambda x, t: engine.total(list(x)) * t, batch=True)(*inputs)


def test_parameters_and_options_that_do_not_fit():
    w = Value(1.0)
    program = engine.lift(lambda x: x * w)
    with pytest.raises(LiftError, match=r"traced at its first call; call it once before pull"):
        program.pull()
    with pytest.raises(LiftError, match="before source"):
        program.source()
    program(1.0)
    for bad in (np.ones(2), [1.0], np.ones(1, np.float32), np.ones((1, 1))):
        with pytest.raises(ValueError, match="parameters must be a float64 vector of 1 numbers"):
            program(1.0, parameters=bad)
    with pytest.raises(ValueError, match="must be contiguous"):
        two = engine.lift(lambda x: x * w * Value(1.0), parameters=[w, Value(2.0)])
        two(1.0, parameters=np.ones(4)[::2])
    with pytest.raises(ValueError, match="wrt='weights' is not known"):
        program.value_and_grad(1.0, wrt="weights")
    with pytest.raises(ValueError, match="reduction='max' is not known"):
        engine.lift(lambda x: x, reduction="max")
    with pytest.raises(ValueError, match="dtype=int64 is not supported"):
        engine.lift(lambda x: x, dtype=np.int64)
    with pytest.raises(LiftError, match="lift the function of one sample"):
        engine.lift(Value(1.0), batch=True)
    with pytest.raises(TypeError, match="is a lifted graph and takes no inputs; got 1"):
        engine.lift(w * 2.0)(1.0)
    with pytest.raises(LiftError, match="lift needs a Value or a function"):
        engine.lift("x")
    assert "not traced yet" in repr(engine.lift(lambda x: x))
    assert "scalar nodes" in repr(program)


@pytest.mark.parametrize(
    ("reduction", "value", "slope"), [("mean", 9.0, 6.0), ("sum", 36.0, 24.0), ("none", [9.0] * 4, None)]
)
def test_a_loss_that_no_sample_changes_counts_once_a_sample(reduction, value, slope):
    w = Value(3.0, "w")
    program = engine.lift(lambda x: w * w, batch=True, reduction=reduction)
    X = np.ones((4, 2))
    assert np.array_equal(program(X), value)
    if slope is not None:
        assert program.value_and_grad(X)[1].parameters.tolist() == [slope]
    constant = engine.lift(lambda x: 2.0, batch=True, reduction=reduction)
    assert np.array_equal(constant(X), {"mean": 2.0, "sum": 8.0, "none": [2.0] * 4}[reduction])


def test_part_of_a_loss_that_no_sample_changes_counts_once_a_sample():
    w = Value(3.0, "w")
    program = engine.lift(lambda x: w * x[0] + w * w, batch=True, reduction="sum")
    value, gradient = program.value_and_grad(np.ones((4, 2)))
    assert (value, gradient.parameters.tolist()) == (48.0, [28.0])


def test_what_failed_to_compile_is_forgotten():
    program = engine.lift(lambda x: x * 2.0 if x > 0 else -x)
    assert program(-1.0) == 1.0
    compile, program.compile = program.compile, None
    with pytest.raises(TypeError):
        program(1.0)
    assert program(-1.0) == 1.0
    program.compile = compile
    assert [program(1.0), program(-1.0)] == [2.0, 1.0]


def test_a_gradient_is_not_written_over_what_it_is_computed_from():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x[0] * w)
    theta, x = program.pull() if program.latest else np.array([2.0]), np.array([3.0])
    for out in (theta, x):
        with pytest.raises(ValueError, match="out shares memory"):
            program.value_and_grad(x, parameters=theta, out=out)
    assert (theta, x) == (2.0, 3.0)


def test_threads_that_make_the_first_call_together_trace_once():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(20):
            w = [Value(float(i), f"w[{i}]") for i in range(3)]
            program = engine.lift(lambda x: sum(a * a * x for a in w))  # noqa: B023
            with ThreadPoolExecutor(3) as pool:
                results = list(pool.map(program.value_and_grad, [1.0, 1.0, 1.0]))
            assert [gradient.parameters.tolist() for _, gradient in results] == [[0.0, 2.0, 4.0]] * 3
            assert program.pull().tolist() == [0.0, 1.0, 2.0]
    finally:
        sys.setswitchinterval(interval)


ZEROS = {
    "zero": lambda x: x * 0.0,
    "minus zero": lambda x: x * -0.0,
    "a product with zero": lambda x: x * -1.5 * 0.0,
    "a sum of zeros": lambda x: x * 0.0 + x * 0.0,
    "a difference": lambda x: x * 2.0 - x * 2.0,
    "all entries": lambda x: (x * np.zeros(3)).sum(),
    "some entries": lambda x: (x * np.array([0.0, 2.0, 0.0])).sum(),
    "a parameter too": lambda x: x * 0.0 + PARAMETER * 0.0,
    "a captured number": lambda x: x * [PARAMETER, 3.0].count(7.0),
}
PARAMETER = Value(2.0, "p")


@pytest.mark.parametrize("kind", ZEROS)
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("wrt", ["parameters", "inputs", "all"])
def test_a_gradient_that_is_zero_is_written(kind, batch, wrt):
    f = ZEROS[kind]
    sample = np.array([1.0, -2.0, 0.5]) if "entries" in kind else 1.5
    x = np.array([sample, sample + 1.0]) if batch else sample
    program = engine.lift(f, batch=batch, strict=True)
    _, gradient = program.value_and_grad(x, wrt=wrt)
    slopes = np.where(np.arange(3) == 1, 2.0, 0.0) if kind == "some entries" else np.zeros(np.shape(sample))
    if wrt != "parameters":
        np.testing.assert_array_equal(gradient.inputs[0], slopes / (2 if batch else 1) + np.zeros(np.shape(x)))
    if wrt != "inputs":
        np.testing.assert_array_equal(gradient.parameters, 0.0)


def number_or(convert, default):
    def f(x):
        try:
            return x * convert(x)
        except Exception:
            return x * default

    return f


def number_suppressed(x):
    with contextlib.suppress(TraceError):
        return x * float(x)
    return x


def branch_in_a_finally(x):
    try:
        return x * math.sqrt(x)
    finally:
        return x  # noqa: B012, SIM107 - what hides the error is meant


CAUGHT = {
    "a float": number_or(float, 1.0),
    "an int": number_or(int, 1),
    "a function of math": number_or(math.exp, 1.0),
    "data": number_or(lambda x: x.data, 1.0),
    "a gradient": number_or(lambda x: x.grad + 1.0, 1.0),
    "an array of floats": number_or(lambda x: np.array([x], dtype=float)[0], 1.0),
    "suppressed": number_suppressed,
    "hidden by a return": branch_in_a_finally,
}


@pytest.mark.parametrize("kind", CAUGHT)
@pytest.mark.parametrize("batch", [False, True])
def test_a_refusal_that_the_function_catches_is_raised(kind, batch):
    program = engine.lift(CAUGHT[kind], batch=batch)
    for x in (1.0, 2.0):  # at 1.0, both ways give the same
        with pytest.raises(TraceError, match=r"test_never_wrong\.py:\d+"):
            program(np.array([x]) if batch else x)
