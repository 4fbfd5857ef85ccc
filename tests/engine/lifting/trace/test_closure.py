"""Whatever a function sees of its surroundings: if it changes between two calls, the second call is right."""

from __future__ import annotations

import array
import collections
import contextvars
import ctypes
import dataclasses
import decimal
import functools
import os
import sys
import threading
import types
import warnings
import weakref

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.trace.closure import Surroundings

HERE = sys.modules[__name__]


def program_of(f):
    """A program that has been called once, so that its surroundings are known."""
    program = engine.lift(f)
    assert program(3.0) == 6.0
    return program


# --- what is held in something: a place to put 2.0, a way to read it, and a way to put 5.0 there ---------------------


class Slots:
    __slots__ = ("__hidden", "k")

    def __init__(self):
        self.k = self.__hidden = 2.0

    def hidden(self):
        return self.__hidden

    def hide(self, number):
        self.__hidden = number


@dataclasses.dataclass(slots=True)
class Record:
    k: float = 2.0


class ListOfMine(list):
    pass


class Everything:
    """Computes its attributes."""

    def __init__(self, state):
        object.__setattr__(self, "state", state)

    def __getattr__(self, name):
        return object.__getattribute__(self, "state")[name]


class Number(ctypes.Structure):
    _fields_ = [("k", ctypes.c_double)]


def with_attribute():
    def f():
        return f.k

    f.k = 2.0
    return f


def nested(depth):
    inner = [2.0]
    outer = inner
    for _ in range(depth):
        outer = [outer]
    return outer, inner


def deep(x):
    while isinstance(x, list):
        x = x[0]
    return x


DEEP, INNER = nested(60)
FUNCTION = with_attribute()
HOLDERS = {
    "a list": ([2.0], lambda h: h[0], lambda h: h.__setitem__(0, 5.0)),
    "a dict in a dict": ({"a": {"b": [2.0]}}, lambda h: h["a"]["b"][0], lambda h: h["a"].__setitem__("b", [5.0])),
    "a key": ({"a": 2.0, "b": 5.0}, lambda h: next(iter(h.values())), lambda h: h.pop("a")),
    "a list of mine": (ListOfMine([2.0]), lambda h: h[0], lambda h: h.__setitem__(0, 5.0)),
    "an attribute of a list of mine": (ListOfMine(), lambda h: getattr(h, "k", 2.0), lambda h: setattr(h, "k", 5.0)),
    "a deque": (collections.deque([2.0]), lambda h: h[-1], lambda h: h.append(5.0)),
    "a default dict": (collections.defaultdict(lambda: 2.0), lambda h: h.get("k", 2.0), lambda h: h.update(k=5.0)),
    "an ordered dict": (collections.OrderedDict(k=2.0), lambda h: h["k"], lambda h: h.update(k=5.0)),
    "a counter": (collections.Counter(k=2), lambda h: h["k"], lambda h: h.update(k=3)),
    "a chain of dicts": (collections.ChainMap({"k": 2.0}), lambda h: h["k"], lambda h: h.update(k=5.0)),
    "a user's dict": (collections.UserDict(k=2.0), lambda h: h["k"], lambda h: h.update(k=5.0)),
    "a set": ({2.0}, sum, lambda h: h.add(3.0)),
    "a namespace": (types.SimpleNamespace(k=2.0), lambda h: h.k, lambda h: setattr(h, "k", 5.0)),
    "slots": (Slots(), lambda h: h.k, lambda h: setattr(h, "k", 5.0)),
    "a private slot": (Slots(), lambda h: h.hidden(), lambda h: h.hide(5.0)),
    "a data class with slots": (Record(), lambda h: h.k, lambda h: setattr(h, "k", 5.0)),
    "a computed attribute": (Everything({"k": 2.0}), lambda h: h.k, lambda h: h.state.update(k=5.0)),
    "a function's attribute": (with_attribute(), lambda h: h(), lambda h: setattr(h, "k", 5.0)),
    "a partial's argument": (
        functools.partial(lambda c: c[0], [2.0]),
        lambda h: h(),
        lambda h: h.args[0].insert(0, 5.0),
    ),
    "a partial's keyword": (functools.partial(lambda k: k, k=2.0), lambda h: h(), lambda h: h.keywords.update(k=5.0)),
    "a method of a dict": ({"k": 2.0}.get, lambda h: h("k"), lambda h: h.__self__.update(k=5.0)),
    "an array": (np.array([2.0]), lambda h: h[0], lambda h: h.__setitem__(0, 5.0)),
    "a turned array": (np.array([[1.0, 2.0]]).T, lambda h: h[1, 0], lambda h: h.__setitem__((1, 0), 5.0)),
    "a large array": (np.full((100, 200), 2.0), lambda h: h[-1, -1], lambda h: h.__setitem__((-1, -1), 5.0)),
    "an array of objects": (np.array([2.0], dtype=object), lambda h: h[0], lambda h: h.__setitem__(0, 5.0)),
    "an array of records": (np.array([(2.0,)], dtype=[("k", float)]), lambda h: h["k"][0], lambda h: h["k"].fill(5.0)),
    "an array of C's": (array.array("d", [2.0]), lambda h: h[0], lambda h: h.__setitem__(0, 5.0)),
    "bytes": (bytearray(b"\x02"), lambda h: h[0], lambda h: h.__setitem__(0, 5)),
    "a view of bytes": (memoryview(bytearray(b"\x02")), lambda h: h[0], lambda h: h.__setitem__(0, 5)),
    "a number of C's": (ctypes.c_double(2.0), lambda h: h.value, lambda h: setattr(h, "value", 5.0)),
    "a structure of C's": (Number(2.0), lambda h: h.k, lambda h: setattr(h, "k", 5.0)),
    "a context variable": (contextvars.ContextVar("k", default=2.0), lambda h: h.get(2.0), lambda h: h.set(5.0)),
    "what a weak reference is of": (weakref.ref(FUNCTION), lambda h: h().k, lambda h: setattr(h(), "k", 5.0)),
    "a mapping that is only read": (
        types.MappingProxyType(D := {"k": 2.0}),
        lambda h: h["k"],
        lambda _: D.update(k=5.0),
    ),
    "sixty lists deep": (DEEP, deep, lambda _: INNER.insert(0, 5.0)),
    "the last of a hundred thousand": ([0.0] * 100_000 + [2.0], lambda h: h[-1], lambda h: h.__setitem__(-1, 5.0)),
    "a value's gradient": (Value(1.0), lambda h: h.grad + 2.0, lambda h: setattr(h, "grad", 3.0)),
    "a list of values that grows": ([Value(2.0)], sum, lambda h: h.append(Value(3.0))),
    "a value of a list": ([Value(2.0)], lambda h: h[0], lambda h: h.__setitem__(0, Value(5.0))),
    "a value of a tuple in a dict": ({"w": (Value(2.0),)}, lambda h: h["w"][0], lambda h: h.update(w=(Value(5.0),))),
    "a value of an array": (np.array([Value(2.0)]), lambda h: h[0], lambda h: h.__setitem__(0, Value(5.0))),
    "the number of names": (["a", "b"], len, lambda h: h.extend("cde")),
    "a decimal": ([decimal.Decimal(2)], lambda h: float(h[0]), lambda h: h.__setitem__(0, decimal.Decimal(5))),
    "a type that matters": ([2], lambda h: 2.0 if type(h[0]) is int else 5.0, lambda h: h.__setitem__(0, 2.0)),
    "the sign of zero": ([0.0], lambda h: 2.0 if str(h[0]) == "0.0" else 5.0, lambda h: h.__setitem__(0, -0.0)),
    "a thread's own": (LOCAL := threading.local(), lambda h: getattr(h, "k", 2.0), lambda h: setattr(h, "k", 5.0)),
}


@pytest.mark.parametrize("kind", HOLDERS)
def test_what_is_held_somewhere(kind):
    holder, read, change = HOLDERS[kind]
    program = program_of(lambda x: x * read(holder))
    assert program(3.0) == 6.0
    assert sum(map(len, program.specialisations.values())) == 1
    change(holder)
    assert program(3.0) == 15.0
    assert program(3.0) == 15.0
    assert sum(map(len, program.specialisations.values())) == 1
    assert not program.captured.blind


def test_tensors_and_frames():
    pandas, torch = pytest.importorskip("pandas"), pytest.importorskip("torch")
    frame, tensor = pandas.DataFrame({"k": [2.0], "l": [5.0]}), torch.tensor([2.0], requires_grad=True)
    named = pandas.Series([1.0], name="k")
    for f, change in (
        (lambda x: x * float(frame["k"].iloc[0]), lambda: frame.__setitem__("k", [5.0])),
        (lambda x: x * (2.0 if named.name == "k" else 5.0), lambda: setattr(named, "name", "l")),
        (lambda x: x * float(tensor.detach()[0]), lambda: tensor.data.__setitem__(0, 5.0)),
    ):
        program = program_of(f)
        change()
        assert program(3.0) == 15.0
        assert not program.captured.blind


# --- code and what it names -----------------------------------------------------------------------------------------


def two():
    return 2.0


def five():
    return 5.0


class Config:
    k = 2.0


class Derived(Config):
    pass


class Model:
    inner = Config

    def scale(self):
        return 2.0

    @property
    def half(self):
        return two() * 0.5

    @staticmethod
    def double():
        return two() * 2.0

    @classmethod
    def of_class(cls):
        return cls.inner.k

    def __call__(self, x):
        return x * self.scale()


def imports(x):
    import module_that_changes

    return x * module_that_changes.k


def defaults(x, k=(2.0,), *, scale=1.0):
    return x * k[0] * scale


NAMED = {
    "a function, replaced": (lambda x: x * two(), "two", five),
    "a function that another calls": (lambda x: x * (lambda: two())(), "two", five),
    "an attribute of a class": (lambda x: x * Config.k, "Config.k", 5.0),
    "an inherited attribute": (lambda x: x * Derived().k, "Config.k", 5.0),
    "an attribute that is inherited no more": (lambda x: x * Derived.k, "Derived.k", 5.0),
    "a method, replaced": (Model(), "Model.scale", lambda self: 5.0),
    "a property": (lambda x: x * Model().half * 2.0, "Model.half", property(lambda self: 2.5)),
    "what a property calls": (lambda x: x * Model().half * 2.0, "two", five),
    "what a static method calls": (lambda x: x * Model.double() * 0.5, "two", five),
    "what a class method reads": (lambda x: x * Model.of_class(), "Config.k", 5.0),
    "a class, replaced": (lambda x: x * Config.k, "Config", type("Config", (), {"k": 5.0})),
    "a default": (lambda x: defaults(x), "defaults.__defaults__", ((5.0,),)),
    "a keyword's default": (lambda x: defaults(x), "defaults.__kwdefaults__", {"scale": 2.5}),
    "the code of a function": (lambda x: x * two(), "two.__code__", five.__code__),
    "a name in a string": (lambda x: x * globals()["two"](), "two", five),
    "a name that is evaluated": (lambda x: x * eval("two() + 0.0"), "two", five),
    "an attribute by its name": (lambda x: x * getattr(Config, "k"), "Config.k", 5.0),  # noqa: B009 - that is meant
    "a builtin that is hidden": (lambda x: x * abs(-2.0), "abs", lambda x: 5.0),
}


@pytest.mark.parametrize("kind", NAMED)
def test_what_code_names(kind, monkeypatch):
    f, place, replaced = NAMED[kind]
    program = program_of(f)
    owner = functools.reduce(getattr, place.split(".")[:-1], HERE)
    monkeypatch.setattr(owner, place.split(".")[-1], replaced, raising=False)
    assert program(3.0) == 15.0
    monkeypatch.undo()
    assert program(3.0) == 6.0


def test_modules_and_the_environment(monkeypatch):
    module = types.ModuleType("module_that_changes")
    module.k = 2.0
    monkeypatch.setitem(sys.modules, "module_that_changes", module)
    monkeypatch.setenv("LIFTED_K", "2")
    programs = [program_of(f) for f in (imports, lambda x: x * module.k, lambda x: x * float(os.environ["LIFTED_K"]))]
    module.k = 5.0
    monkeypatch.setenv("LIFTED_K", "5")
    assert [program(3.0) for program in programs] == [15.0] * 3


def test_values_that_are_replaced_leave_the_flat_vector():
    w = Value(2.0, "w")
    program = engine.lift(lambda x: x * w)
    assert program.value_and_grad(3.0)[1].named() == {"w": 3.0}
    w = Value(5.0, "w")
    value, gradient = program.value_and_grad(3.0)
    assert (value, gradient.named(), program.pull().tolist()) == (15.0, {"w": 3.0}, [5.0])
    w.data = 7.0
    assert program(3.0) == 21.0


def test_a_value_that_is_replaced_by_an_equal_one():
    ps = [Value(2.0), Value(0.5)]
    program = program_of(lambda x: x * ps[0] + 0.0 * ps[1])
    ps[0] = Value(2.0)
    assert program(3.0) == 6.0
    ps[0].data = 5.0
    assert program(3.0) == 15.0


def test_what_is_set_to_the_same_is_no_change():
    state, table, names = {"k": 2.0}, [1.0, 2.0], ("a",)
    program = program_of(lambda x: x * state["k"] + 0.0 * table[1] * len(names))
    trace = program.latest
    for _ in range(3):
        state["k"], table, names = float("2.0"), [float(v) for v in ("1", "2")], tuple(["a"])  # noqa: C409
        assert program(3.0) == 6.0
        assert program.latest is trace


def test_a_call_that_vouches_is_not_looked_after_and_the_next_is():
    k, w = 2.0, Value(1.0, "w")
    program = engine.lift(lambda x: engine.total([v * k * w for v in x]))
    theta = np.array([1.0])
    assert program([3.0]) == 6.0
    k = 5.0
    assert program([3.0], parameters=theta) == 6.0
    assert program([3.0, 3.0], parameters=theta) == 30.0  # a new trace, of what there is now
    assert program([3.0]) == 15.0


def test_what_cannot_be_followed_is_said_and_traced_again(tmp_path):
    path = tmp_path / "k"
    path.write_text("2")

    def f(x):
        with open(path) as file:
            return x * float(file.read())

    program = engine.lift(f)
    with pytest.warns(
        UserWarning, match="depends on a file that it opens, of which a change cannot be noticed"
    ) as said:
        assert program(3.0) == 6.0
    assert said[0].filename == __file__
    path.write_text("5")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert program(3.0) == 15.0


def test_surroundings_are_looked_at_in_microseconds():
    import time

    import nn

    model = nn.MLP(64, [32, 10])
    around = Surroundings(nn.sample_loss(model, "cross_entropy"))
    assert {id(v) for v in model.parameters()} <= set(around.values)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        assert around.untouched()
        times.append(time.perf_counter() - start)
    assert min(times) < 1e-3
    model.layers[1].neurons[9].w[31] = Value(0.0)
    assert around.changed()


def test_a_change_that_another_thread_has_looked_at_is_one_still():
    scale = 1.0

    def f(x):
        return scale * x

    around = Surroundings(f)
    before = around.seen
    scale = 2.0
    assert around.changed()  # as another thread asks while this one runs the function
    assert around.changed_since(before)
    assert not around.changed_since(around.seen)
    scale = 1.0
    assert around.changed()
    assert not around.changed_since(before)
