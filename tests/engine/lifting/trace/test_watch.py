"""What a traced number may become: every method of a Value is of one of five kinds, and a number never goes unseen."""

from __future__ import annotations

import copy
import math
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import engine
from engine import TraceError, Value
from engine.conditions import Condition
from engine.lifting.trace.sealed import sealed
from engine.lifting.trace.watch import WAYS_OUT
from engine.rules import RULES

REFUSED = {"__float__", "__int__", "__bool__", "__reduce__", "__reduce_ex__", "__getstate__"}
REFUSED |= {"as_integer_ratio", "is_integer"}
REFUSED |= {"data", "item", "backward", "grad", "pullback", "__round__", "_backward", "_local_grads"}
GUARDED = {"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__", "any", "all"}  # a condition, decided by a guard
BLANK = {"__repr__", "__str__", "__format__", "_repr_mimebundle_"}  # text without a number
RECORDED = set(RULES) | {"__array_ufunc__", "__pow__", "__rpow__", "__neg__", "__pos__", "__abs__", "constant"}
RECORDED |= {
    f"__{side}{name}__" for side in ("", "r") for name in ("add", "sub", "mul", "truediv", "mod", "floordiv", "divmod")
}
RECORDED |= {
    "__floor__",
    "__ceil__",
    "__trunc__",
    "T",
    "real",
    "sum",
    "prod",
    "mean",
    "max",
    "min",
    "var",
    "std",
    "round",
    "conj",
}
RECORDED |= {"conjugate", "squeeze", "transpose", "tolist", "cumsum", "cumprod", "ravel", "flatten", "reshape", "copy"}
RECORDED |= {"astype", "__array_function__"}
NUMBERLESS = {  # of the object or its class, whatever its number is
    "__copy__", "__deepcopy__", "__hash__", "__sizeof__", "__dir__", "__class__", "__doc__", "__module__", "__slots__",
    "__dict__", "__init__", "__new__", "__init_subclass__", "__subclasshook__", "__getattribute__", "__setattr__",
    "__delattr__",
    "_children", "_prev", "_op",
    "shape", "strides", "ndim", "size", "itemsize", "nbytes", "dtype", "imag", "argmax", "argmin",
    "parents", "op", "label", "_label", "born", "rule", "__annotations__", "__firstlineno__", "__static_attributes__",
}  # fmt: skip
PRIVATE = {"_data", "_grad", "_first", "_second", "_x", "_other"}


def test_every_method_of_a_value_is_of_one_kind():
    kinds = [REFUSED, GUARDED, BLANK, RECORDED, NUMBERLESS, PRIVATE]
    for name in dir(Value):
        assert sum(name in kind for kind in kinds) == 1, name


READS: dict[str, Callable[[Any], Any]] = {
    "__float__": float,
    "__int__": int,
    "__bool__": bool,
    "__reduce__": lambda x: x.__reduce__(),
    "__reduce_ex__": pickle.dumps,
    "__getstate__": lambda x: x.__getstate__(),
    "data": lambda x: x.data,
    "item": lambda x: x.item(),
    "as_integer_ratio": lambda x: x.as_integer_ratio(),
    "is_integer": lambda x: x.is_integer(),
    "backward": lambda x: x.backward(),
    "grad": lambda x: getattr(x, "".join("grad")),
    "pullback": lambda x: x.pullback,
    "__round__": lambda x: round(x, 2),
    "_backward": lambda x: x._backward(),
    "_local_grads": lambda x: x._local_grads,
}


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("captured", [True, False])
def test_what_is_refused_is_refused_for_inputs_results_and_captured_values(name, captured):
    w = Value(2.0, "w")

    def f(x):
        READS[name](w if captured else x * 1.0)
        return x * w

    if captured and name == "grad":  # read, and followed as what else it sees
        assert engine.lift(f)(3.0) == 6.0
        return
    with pytest.raises(TraceError, match=r"was turned into .* in test_watch\.py:\d+ .*[a-z)]\. [A-Z]"):
        engine.lift(f)(3.0)
    assert isinstance(Value.__dict__["grad"], type(Value.__dict__["born"]))  # a slot again
    assert w.grad == 0.0


THROUGH = {
    "math": lambda x: math.exp(x),
    "floor": lambda x: math.floor(x),
    "isnan": lambda x: math.isnan(x),
    "isclose": lambda x: math.isclose(x, 1.0),
    "complex": lambda x: complex(x),
    "percent": lambda x: "%.2f".__mod__(x),
    "float array": lambda x: np.array([x], dtype=float),
    "cell": lambda x: np.zeros(2).__setitem__(0, x),
    "numpy scalar": lambda x: np.float64(x),
    "pickle": lambda x: pickle.dumps([x]),
    "find_nan": lambda x: engine.find_nan(x * 2.0),
    "power": lambda x: math.pow(x, 2),
    "not": lambda x: not x,
    "any": lambda x: any([x]),
}


@pytest.mark.parametrize("name", THROUGH)
def test_what_python_and_numpy_read_is_refused(name):
    with pytest.raises(TraceError, match="so its value would be frozen into the lifted program"):
        engine.lift(lambda x: x * (1.0 if THROUGH[name](x) else 2.0))(1.5)


UNDEFINED = [
    lambda x: divmod(x, "2"),
    lambda x: x % "2",
    lambda x: x // None,
    lambda x: [1, 2, 3][x],
    math.gcd,
]


@pytest.mark.parametrize("f", UNDEFINED)
def test_what_a_value_does_not_know_is_an_error_with_or_without_a_trace(f):
    with pytest.raises(TypeError):
        f(Value(2.0))
    with pytest.raises(TypeError):
        engine.lift(lambda x: x * f(x))(2.0)


TEXTS = [
    repr,
    str,
    format,
    "{:.3f}".format,
    "{:>30}".format,
    lambda x: f"{x}",
    lambda x: f"{x!r:>40}",
    lambda x: f"{x:+.2e}",
]
TEXTS += [lambda x: "%s %r".__mod__((x, x)), lambda x: str([x, {"x": x}]), lambda x: str(np.array([x], dtype=object))]
TEXTS += [lambda x: str(x > 1.0), lambda x: repr([x == 2.0]), lambda x: str(x._repr_mimebundle_())]


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_holds_a_number(text, capsys):
    def f(x):
        if engine.tracing.LOCAL.active is not None:
            print(text(x), text(x * x), text(w), sep="\n")
        return x * w

    w = Value(1.25, "w")
    w.grad = 7.75
    engine.lift(f)(2.625)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert lines[:3] == lines[3:]
    assert all("traced" in line and not any(x in line for x in ("1.25", "2.625", "7.75", "6.89")) for line in lines)


def test_printing_is_allowed_and_shows_what_a_value_is(capsys):
    def f(x):
        y = x * x
        print("y is", y, f"{y:.3f}", x > 1.0)
        return y

    assert engine.lift(f, verify=False)(2.0) == 4.0
    assert "y is Value(traced, op='multiply') Value(traced, op='multiply') Condition(traced)" in capsys.readouterr().out
    assert repr(Value(2.0)) == "Value(2.0, grad=0.0)"
    assert f"{Value(2.0):.1f}" == "2.0"


def test_a_text_that_was_parsed_is_no_number():
    with pytest.raises(ValueError, match="could not convert string to float: 'Value"):
        engine.lift(lambda x: x * float(f"{x:.3f}"))(2.0)


def test_membership_in_sets_and_dicts_is_identity_and_in_lists_a_guard():
    w = Value(2.0, "w")
    for f in (lambda x: x * (1.0 if x in {2.0, w} else 3.0), lambda x: x * {2.0: 1.0, w: 5.0}.get(x, 3.0)):
        assert engine.lift(f, strict=True)(2.0) == f(Value(2.0)).data == 6.0
    program = engine.lift(lambda x: x * (1.0 if x in [2.0, 4.0] else 3.0), strict=True)
    assert [program(x) for x in (2.0, 3.0, 4.0)] == [2.0, 9.0, 4.0]
    assert engine.lift(lambda x: {w: x, x: w}[w] * 2.0, strict=True)(2.0) == 4.0


def test_a_gradient_is_followed_or_refused():
    w = Value(2.0, "w")
    y = w * 1.0
    w.grad = 3.0
    program = engine.lift(lambda x: x * w.grad, strict=True)
    assert program(1.0) == 3.0
    w.grad = 5.0
    assert program(1.0) == 5.0
    name = "grad"
    program = engine.lift(lambda x: x * getattr(w, name), strict=True)
    assert program(1.0) == 5.0
    w.grad = 7.0
    assert program(1.0) == 7.0
    for f in (lambda x: x * y.parents[0].grad, lambda x: (x * w).grad):
        with pytest.raises(TraceError, match=r"was turned into the number of its gradient \(by \.grad\) in test_watch"):
            engine.lift(f)(1.0)


def test_the_engine_differentiates_inside_a_traced_function():
    program = engine.lift(lambda x: engine.grad(lambda y: engine.tanh(y) * y)(x) * x, strict=True)
    assert program(0.5) == pytest.approx(0.5 * (np.tanh(0.5) + 0.5 * (1.0 - np.tanh(0.5) ** 2)))


def test_gradients_are_read_as_ever_where_nobody_traces():
    """While one thread traces, others differentiate."""
    found = []

    def read():
        v = Value(3.0)
        (v * v).backward()
        found.append((v.grad, (v * 2.0).pullback(1.0)))

    with sealed(), sealed():
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        read()
    assert found == [(6.0, (2.0, 3.0))] * 2


def test_an_index_outside_its_table_cannot_be_swallowed():
    table = [Value(float(k), f"p{k}") for k in range(3)]

    def f(n):
        try:
            return engine.select(table, n) * 1.0
        except IndexError:
            return Value(-1.0) * 1.0

    with pytest.raises(IndexError, match="index 5 is outside a table of 3 entries"):
        engine.lift(f)(5)


# --- every message is true, and says the way out -----------------------------------------------------------------


def test_a_program_inside_a_function_is_called_not_read():
    w = Value(2.0, "w")
    q = engine.lift(lambda x: x * w)
    q(1.0)
    theta = q.pull()
    reads = [lambda x: x * q.value_and_grad(3.0)[0], lambda x: x * q.pull()[0]]
    for f in reads:
        with pytest.raises(TraceError, match=r"'w' was turned into a float \(by value_and_grad or pull of a lifted"):
            engine.lift(f)(2.0)
    with pytest.raises(TraceError, match=r"Call the program itself"):
        engine.lift(reads[0])(2.0)
    with pytest.raises(TraceError, match=r"by push .* happens once, while the function is traced.* Call push outside"):
        engine.lift(lambda x: x * q.push(theta))(2.0)
    assert engine.lift(lambda x: x * q(x), strict=True)(2.0) == 8.0
    assert engine.lift(lambda x: engine.grad(q)(x) * x, strict=True)(2.0) == 4.0


def test_so_it_is_inside_a_function_that_is_differentiated():
    w = Value(2.0, "w")
    q = engine.lift(lambda x: x * w)
    q(1.0)
    assert engine.grad(lambda x: x * q.value_and_grad(3.0)[0])(1.0) == 6.0  # what does not depend on x is a number

    def f(x):
        captured = engine.lift(lambda y: y * x)
        captured(1.0)
        return captured.value_and_grad(3.0)[0]

    with pytest.raises(
        TraceError, match=r"\(by value_and_grad .*cuts it off from what grad .* Call the program itself"
    ):
        engine.grad(f)(2.0)


def test_what_happens_once_is_not_said_to_be_frozen():
    w = Value(2.0, "w")

    def store(x):
        w.data = 3.0
        return x

    with pytest.raises(TraceError, match=r"happens once, while the function is traced.* Set it outside"):
        engine.lift(store)(1.0)
    with pytest.raises(TraceError, match=r"gradients \(by \.backward\(\)\).* happens once.* engine\.grad"):
        engine.lift(lambda x: (x * w).backward() or x)(1.0)


def test_every_way_out_is_one_sentence_that_ends():
    for outcome, cure in WAYS_OUT.values():
        assert cure[0].isupper() and cure.endswith(".") and "\n" not in cure + outcome


def test_an_integer_that_is_a_condition_is_compared():
    with pytest.raises(TraceError, match=r"'n' was turned into a bool .* Compare it \(x != 0\)"):
        engine.lift(lambda x, n: x if n else -x)(2.0, 1)
    with pytest.raises(TraceError, match=r"'n' was turned into an int .* chooses with engine\.select"):
        engine.lift(lambda x, n: x * int(n))(2.0, 1)


def test_copies_are_the_values_themselves():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: copy.deepcopy(x) * copy.copy(w) * x, strict=True)
    value, gradient = program.value_and_grad(3.0, wrt="all")
    assert (value, gradient.inputs, gradient.parameters.tolist()) == (18.0, (12.0,), [9.0])


def test_a_condition_shows_what_it_is_outside_a_trace():
    assert repr(Condition(Value(1.0))) == "Condition(True)"


def test_an_array_of_floats_as_a_buffer_is_refused_with_one_that_holds_values():
    def buffered(dtype):
        def f(x):
            ys = np.zeros(4, dtype)
            ys[0] = x[0]
            for k in range(3):
                ys[k + 1] = ys[k] + 0.1 * x[1] * ys[k]
            return ys[-1]

        return engine.lift(f)

    with pytest.raises(TraceError, match=r"'x\[0\]' was turned into a float .* or np.zeros\(n, dtype=object\) for"):
        buffered(float)([1.0, 2.0])
    assert buffered(object)([1.0, 2.0]) == pytest.approx(1.2**3)
