"""What cuts a Value off from the variables is refused in every transform, with the line and the way out."""

from __future__ import annotations

import array
import contextlib
import math
import statistics
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import engine
import nn
from engine import TraceError, Value


def into_a_float_array(x):
    A = np.array([[x, x], [x, x]])
    B = np.zeros((3, 3))
    B[:2, :2] = A
    return B.sum() * x


CUTS = {
    "math": lambda x: x * math.exp(x),
    "a cell of a float array": lambda x: x * float(np.array([1.0, x], dtype=float)[1]),
    "a block of a float array": into_a_float_array,
    "astype": lambda x: x * np.array([x, x]).astype(float)[0],
    "astype to single precision": lambda x: x * np.array([x, x]).astype(np.float32)[0],
    "astype to integers": lambda x: x * np.array([x, x]).astype(int)[0],
    "np.full": lambda x: x * np.full(2, x, dtype=float)[0],
    "np.fromiter": lambda x: x * np.fromiter([x], float)[0],
    "np.put": lambda x: x * (lambda b: (np.put(b, [0], x), b[0])[1])(np.zeros(2)),
    "fill": lambda x: x * (lambda b: (b.fill(x), b[0])[1])(np.zeros(2)),
    "np.add.at": lambda x: x * (lambda b: (np.add.at(b, [0], x), b[0])[1])(np.zeros(2)),
    "np.copyto": lambda x: x * (lambda b: (np.copyto(b, np.array([x, x]), casting="unsafe"), b[0])[1])(np.zeros(2)),
    "np.vectorize": lambda x: x * np.vectorize(lambda t: t * x, otypes=[float])(np.ones(2))[0],
    "np.float64": lambda x: x * np.float64(x),
    "exact statistics": lambda x: x * statistics.mean([x, x]),
    "array.array": lambda x: x * array.array("d", [x])[0],
    "statistics": lambda x: x * statistics.fmean([x, x]),
    "float": lambda x: x * float(x),
    "int": lambda x: x * int(x),
    "complex": lambda x: x * complex(x).real,
    "data": lambda x: x * x.data,
    "item": lambda x: x * x.item(),
    "data of a result": lambda x: x * (x * x + 1.0).data,
    "setting data": lambda x: (setattr(x, "data", 2.0), x * x)[1],
    "backward": lambda x: ((x * x).backward(), x * x.grad)[1],
    "deep inside": lambda x: x * math.sin(engine.total([engine.dot([x, 2.0], [1.0, x]), 1.0])),
}
TRANSFORMS = {
    "grad": lambda f: engine.grad(f)(1.5),
    "value_and_grad": lambda f: engine.value_and_grad(f)(1.5),
    "grad of a list": lambda f: engine.grad(lambda x: f(x[1]))([1.0, 1.5]),
    "jacobian": lambda f: engine.jacobian(lambda x: [f(x), x])(1.5),
    "hessian": lambda f: engine.hessian(lambda x: f(x[0]))(np.array([1.5])),
    "vjp": lambda f: engine.vjp(f, 1.5),
    "jvp": lambda f: engine.jvp(f, (1.5,), (1.0,)),
    "hvp": lambda f: engine.hvp(f, 1.5, 1.0),
    "check_gradients": lambda f: engine.check_gradients(f, 1.5),
    "diagnose_function": lambda f: nn.diagnose_function(lambda x: f(x[0]), np.array([1.5]), np.array([1.0])),
    "the outer of two": lambda f: engine.grad(lambda x: engine.grad(lambda y: y * f(x))(2.0))(1.5),
    "the inner of two": lambda f: engine.grad(lambda x: engine.grad(lambda y: f(y) * x)(1.5))(2.0),
    "lift": lambda f: engine.lift(f)(1.5),
    "grad inside lift": lambda f: engine.lift(engine.grad(f))(1.5),
}


TAKEN = ("math", "a block of a float array", "np.put", "fill", "np.add.at", "np.copyto", "deep inside")
"""What `diagnose_function` does with arrays of Values and NumPy's functions, as `check_backward` does."""


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_diagnosis_takes_all_the_same_is_differentiated(name):
    f, h = CUTS[name], 1e-6
    slope = (f(1.5 + h) - f(1.5 - h)) / (2.0 * h)
    assert nn.diagnose_function(lambda x: f(x[0]), np.array([1.5]), np.array([slope])).ok
    assert not nn.diagnose_function(lambda x: f(x[0]), np.array([1.5]), np.array([slope + 0.1])).ok


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("f", CUTS.values(), ids=CUTS)
def test_a_value_that_becomes_a_number_is_refused_with_the_line(f, transform):
    if transform is TRANSFORMS["diagnose_function"] and any(f is CUTS[name] for name in TAKEN):
        return
    with pytest.raises(TraceError, match=r"turned into .* in test_differentiating\.py:\d+ \'.*stop_gradient|select"):
        transform(f)


def test_the_message_says_what_where_and_the_way_out():
    with pytest.raises(TraceError) as raised:
        engine.grad(lambda x: math.exp(x))(1.0)
    line = test_the_message_says_what_where_and_the_way_out.__code__.co_firstlineno + 2
    assert str(raised.value) == (
        f"a Value was turned into a float in test_differentiating.py:{line} 'engine.grad(lambda x: math.exp(x))(1.0)', "
        "which cuts it off from what grad differentiates by, and its derivative would be lost. Use the engine's "
        "functions (engine.exp, not math.exp) and arrays of dtype object, or say float(engine.stop_gradient(x)) where "
        "a constant is meant."
    )


ALLOWED = {
    "repr": lambda x: (repr(x), x * x)[1],
    "str and print": lambda x: (print(x, str(x)), x * x)[1],
    "format": lambda x: (f"{x} {x:.3f} {x!r}", format(x, "g"), x * x)[2],
    "an array's text": lambda x: (str(np.array([x, x])), x * x)[1],
    "comparisons": lambda x: x * x if x > 0 and x == x and x != 2 and max(x, 1.0) is x else x,
    "truth": lambda x: x * x if x else x,
    "sorting": lambda x: sorted([x * x, 100.0 * x])[0],
    "a constant by intention": lambda x: x * x * (math.exp(float(engine.stop_gradient(x))) > 0),
    "an index by intention": lambda x: [x, x * x][int(engine.stop_gradient(x))],
    "what only a constant goes into": lambda x: (math.exp(engine.stop_gradient(x) * 2.0), x * x)[1],
    "a sign": lambda x: x * x * float(engine.sign(x)),
    "a captured parameter": lambda x: x * x * (1.0 + 0.0 * math.exp(W)),
    "a result of captured parameters": lambda x: x * x * (1.0 + 0.0 * math.exp(W * W)),
    "the gradient of something else": lambda x: (W * W).backward() or x * x,
    "a sweep": lambda x: x * x * (2.0 if engine.grad(lambda y: y * y)(3.0) == 6.0 else 1.0) / 2.0,
}
W = Value(2.0, "W")


@pytest.mark.parametrize("f", ALLOWED.values(), ids=ALLOWED)
def test_what_does_not_cut_is_allowed(f):
    assert engine.grad(f)(1.5) == 3.0
    assert engine.hessian(f)(1.5) == 2.0
    assert engine.check_gradients(f, 1.5).ok


def test_another_thread_cuts_no_more_than_this_one_and_is_not_disturbed():
    def in_a_thread(x):
        with ThreadPoolExecutor(1) as pool:
            return x * pool.submit(math.exp, x).result()

    with pytest.raises(TraceError, match="turned into a float"):
        engine.grad(in_a_thread)(2.0)

    def elsewhere(x):
        with ThreadPoolExecutor(1) as pool:
            loss = pool.submit(lambda: Value(3.0) * W).result()
            return x * pool.submit(float, loss).result()

    assert engine.grad(elsewhere)(1.0) == 6.0
    assert engine.tracing.DIFFERENTIATED == []


@pytest.mark.parametrize("wrt", ["parameters", "all"])
def test_gradients_of_a_program_that_captures_a_variable_are_refused(wrt):
    with pytest.raises(TraceError, match="turned into a float"):
        engine.grad(lambda w: engine.lift(lambda y: y * w * w).value_and_grad(3.0, wrt=wrt)[0])(2.0)
    with pytest.raises(TraceError, match="turned into a float"):
        engine.grad(lambda w: engine.lift(w * w * 3.0).value_and_grad(wrt=wrt)[0])(2.0)
    assert engine.grad(lambda w: w * engine.lift(lambda y: y * W).value_and_grad(3.0)[0])(2.0) == 6.0


def test_outside_nothing_changes():
    loss = Value(2.0) * 3.0
    assert (float(loss), int(loss), loss.data, loss.item(), math.sqrt(Value(4.0))) == (6.0, 6, 6.0, 6.0, 2.0)


def test_the_watch_ends_with_the_function_also_after_an_exception():
    for f in (lambda x: x * x, lambda x: math.exp(x), lambda x: 1 / 0):
        with contextlib.suppress(TraceError, ZeroDivisionError):
            engine.grad(f)(1.0)
        assert float(Value(2.0)) == 2.0
