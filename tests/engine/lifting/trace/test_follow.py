"""Kinds of surroundings that are reached by a detour: each reads 2.0, is changed to read 5.0, and is then followed."""

from __future__ import annotations

import abc
import builtins
import collections
import contextlib
import contextvars
import dataclasses
import decimal
import enum
import functools
import importlib
import io
import operator
import os
import pathlib
import sqlite3
import sys
import types
import weakref

import numpy as np
import pytest

import engine
from engine import Value

HERE = sys.modules[__name__]
STATE: dict[str, float] = {}  # 2.0 at the beginning of each test


class Meta(type):
    number = 2.0

    @property
    def computed(cls):
        return STATE["k"]

    def __getattr__(cls, name):
        return STATE[name]


ODD = {"class": Meta("OfMeta", (), {})}  # what pytest would stumble over, were it to look


class Plain:
    k = 2.0
    k1 = 2.0

    def method(self, c=1.0):
        return 2.0 * c


class Child(Plain):
    def method(self, c=1.0):
        return super().method(c)


class Descriptor:
    def __init__(self):
        self.of = weakref.WeakKeyDictionary()

    def __get__(self, owner, kind=None):
        return self.of.get(owner, 2.0)

    def __set__(self, owner, number):
        self.of[owner] = number


class Described:
    k = Descriptor()


class Slotted:
    __slots__ = iter(["k"])


class SlottedChild(Slotted):
    __slots__ = ("other",)


class Colour(enum.Enum):
    RED = 1.0

    @property
    def scaled(self):
        return self.value * STATE["k"]


@dataclasses.dataclass(frozen=True)
class Frozen:
    k: float = 2.0


class Fraction(float):
    pass


class Dictionary(dict):
    __slots__ = ()

    def __getitem__(self, key):
        return 2.0


class Pair(collections.namedtuple("Pair", "k l")):
    __slots__ = ()

    def first(self):
        return self.k[0]


class Stubborn:
    def __getattribute__(self, name):
        if name == "k":
            return STATE["k"]
        raise KeyError(name)


class Classless:
    @property
    def __class__(self):
        raise KeyError("__class__")

    k = 2.0


class Abstract(abc.ABC):
    @abc.abstractmethod
    def method(self): ...


class Stranger:
    pass


class Holds:
    def __contains__(self, key):
        return STATE["k"] == 2.0

    def __iter__(self):
        yield STATE["k"]


@contextlib.contextmanager
def entered():
    yield STATE["k"]


@functools.lru_cache
def remembered():
    return STATE["k"]


@functools.singledispatch
def dispatched(x):
    return 2.0


def entering():
    with entered() as k:
        return k


def filled(kind, k=2.0):
    x = kind()
    x.k = k
    return x


def imitated():
    """A module that makes its attributes (PEP 562), and raises KeyError for those it has not."""
    module = types.ModuleType("imitated")
    module.state = STATE
    exec("def __getattr__(name):\n    return state[name]\n", vars(module))
    return module


def enclosed():
    k = 2.0

    def get():
        return (lambda: k)()

    def put(number):
        nonlocal k
        k = number

    return get, put


def five(k="k"):
    return lambda: STATE.update({k: 5.0})


NAME, NAMES, OF_K, OF_ITEM = "k", ["k"], operator.attrgetter("k"), operator.itemgetter("k")
OF_METHOD = operator.methodcaller("method", 1.0)
OF_GRAD, M31 = operator.attrgetter("grad"), 2.0
W, CONTEXT = Value(1.0, "ab"), decimal.Context(prec=2)
COUNTED = types.ModuleType("counted")
COUNTED.k1 = 2.0
SLOTTED, DESCRIBED, WEAK, FLOAT = filled(SlottedChild), Described(), filled(Stranger), filled(lambda: Fraction(1.0))
PROXY, KEYS, PAIR = weakref.proxy(WEAK), {filled(Stranger): 1}, Pair([2.0], 0)
TYPED, RECORD, TEXT = np.array([2.0]), np.array([(2.0,)], dtype=[("k", float)])[0], io.StringIO("2")
MASKED, FROZEN, GET_PUT = np.ma.array([2.0, 3.0], mask=[False, False]), Frozen(), enclosed()
HELD = {"k": 2.0}
INSIDE = contextvars.ContextVar("INSIDE", default=HELD)
FUNCTION = types.FunctionType((lambda: 2.0).__code__, {}, "ab")
ENTRY = os.environ

KINDS = {
    "an attribute of a metaclass": (lambda: ODD["class"].number, lambda: setattr(Meta, "number", 5.0)),
    "a property of a metaclass": (lambda: ODD["class"].computed, five()),
    "an attribute that a metaclass makes": (lambda: ODD["class"].k, five()),
    "a namespace of a class": (lambda: Plain.__dict__["k"], lambda: setattr(Plain, "k", 5.0)),
    "vars of a class": (lambda: vars(Plain)["k"], lambda: setattr(Plain, "k", 5.0)),
    "a captured name": (lambda: getattr(Plain, NAME), lambda: setattr(Plain, "k", 5.0)),
    "a name in a list": (lambda: sum(getattr(Plain, n) for n in NAMES), lambda: setattr(Plain, "k", 5.0)),
    "a name that is put together": (lambda: getattr(Plain, f"k{1}"), lambda: setattr(Plain, "k1", 5.0)),
    "such a name in a module": (lambda: getattr(COUNTED, "k" + str(1)), lambda: setattr(COUNTED, "k1", 5.0)),
    "such a name among the globals": (lambda: globals()[f"M{31}"], lambda: setattr(HERE, "M31", 5.0)),
    "an attrgetter": (lambda: OF_K(Plain), lambda: setattr(Plain, "k", 5.0)),
    "a methodcaller": (lambda: OF_METHOD(Plain()), lambda: setattr(Plain, "method", lambda self, c: 5.0)),
    "an itemgetter": (lambda: OF_ITEM(STATE), five()),
    "an attrgetter of a gradient": (lambda: OF_GRAD(W) + 2.0, lambda: setattr(W, "grad", 3.0)),
    "a gradient by name": (lambda: getattr(W, "grad") + 2.0, lambda: setattr(W, "grad", 3.0)),  # noqa: B009
    "a label": (lambda: len(W.label), lambda: setattr(W, "label", "abcde")),
    "the type of an array, in place": (
        lambda: 2.0 if TYPED.dtype == float else 5.0,
        lambda: setattr(TYPED, "dtype", int),
    ),
    "a module that makes its attributes": (lambda: ODD["module"].k, five()),
    "a descriptor that remembers weakly": (lambda: DESCRIBED.k, lambda: setattr(DESCRIBED, "k", 5.0)),
    "a slot that is inherited": (lambda: SLOTTED.k, lambda: setattr(SLOTTED, "k", 5.0)),
    "behind a weak proxy": (lambda: PROXY.k, lambda: setattr(WEAK, "k", 5.0)),
    "a member of an enumeration": (lambda: Colour.RED.scaled, five()),
    "a frozen data class": (lambda: FROZEN.k, lambda: object.__setattr__(FROZEN, "k", 5.0)),
    "a data class as a dictionary": (
        lambda: dataclasses.asdict(FROZEN)["k"],
        lambda: object.__setattr__(FROZEN, "k", 5.0),
    ),
    "what a context variable holds": (lambda: INSIDE.get()["k"], lambda: INSIDE.get().update(k=5.0)),
    "the environment": (lambda: float(os.getenv("LIFTED_K", "2")), lambda: ENTRY.update(LIFTED_K="5")),
    "a cache that is emptied": (lambda: remembered(), lambda: (five()(), remembered.cache_clear())),
    "a function of several kinds": (lambda: dispatched(1.0), lambda: dispatched.register(float, lambda x: 5.0)),
    "a variable of a nested function": (lambda: GET_PUT[0](), lambda: GET_PUT[1](5.0)),
    "what super finds": (lambda: Child().method(), lambda: setattr(Plain, "method", lambda self, c: 5.0)),
    "the bases of a class": (
        lambda: Child().k1,
        lambda: setattr(Child, "__bases__", (type("B", (Plain,), {"k1": 5.0}),)),
    ),
    "a list in a named tuple": (lambda: PAIR.first(), lambda: PAIR.k.__setitem__(0, 5.0)),
    "a method of a named tuple": (lambda: PAIR.first(), lambda: setattr(Pair, "first", lambda self: 5.0)),
    "a method of a dictionary of mine": (
        lambda: Dictionary()["k"],
        lambda: setattr(Dictionary, "__getitem__", lambda s, k: 5.0),
    ),
    "an attribute of a key": (lambda: next(iter(KEYS)).k, lambda: setattr(next(iter(KEYS)), "k", 5.0)),
    "an attribute of a number": (lambda: FLOAT.k, lambda: setattr(FLOAT, "k", 5.0)),
    "a record of an array": (lambda: RECORD["k"], lambda: RECORD.__setitem__("k", 5.0)),
    "a mask": (lambda: float(MASKED.filled(5.0)[0]), lambda: MASKED.__setitem__(0, np.ma.masked)),
    "a text in memory": (lambda: float(TEXT.getvalue()), lambda: (TEXT.seek(0), TEXT.write("5"))),
    "a builtin": (lambda: abs(-2.0), lambda: setattr(builtins, "abs", lambda x: 5.0)),
    "a decimal context": (lambda: float(CONTEXT.prec), lambda: setattr(CONTEXT, "prec", 5)),
    "the name of a function": (lambda: len(FUNCTION.__name__), lambda: setattr(FUNCTION, "__name__", "abcde")),
    "an object that answers to one name": (lambda: ODD["stubborn"].k, five()),
    "an object that hides its class": (lambda: ODD["classless"].k, lambda: setattr(Classless, "k", 5.0)),
    "what counts as an instance": (
        lambda: 5.0 if isinstance(Stranger(), Abstract) else 2.0,
        lambda: Abstract.register(Stranger),
    ),
    "what is contained": (lambda: 2.0 if 1 in Holds() else 5.0, five()),
    "what is iterated over": (lambda: sum(Holds()), five()),
    "a context manager": (entering, five()),
}
ODD |= {"module": imitated(), "stubborn": Stubborn(), "classless": Classless()}


@pytest.fixture(autouse=True)
def beginning(monkeypatch):
    STATE.clear()
    STATE["k"] = 2.0
    remembered.cache_clear()
    for owner, name in ((Plain, "k"), (Plain, "k1"), (Plain, "method"), (builtins, "abs"), (Pair, "first")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    W.grad, W.label = 0.0, "ab"
    object.__setattr__(FROZEN, "k", 2.0)
    PAIR.k[0] = 2.0
    yield
    os.environ.pop("LIFTED_K", None)


@pytest.mark.parametrize("kind", KINDS)
def test_a_detour_is_followed(kind):
    read, change = KINDS[kind]
    program = engine.lift(lambda x: x * read())
    assert program(3.0) == 6.0
    trace = program.latest
    assert program(3.0) == 6.0
    assert program.latest is trace
    assert not program.captured.blind
    change()
    assert program(3.0) == 15.0
    trace = program.latest
    assert program(3.0) == 15.0
    assert program.latest is trace


def test_a_module_that_is_loaded_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "loaded_twice.py"
    file.write_text("def number():\n    return 2.0\n")
    module = importlib.import_module("loaded_twice")
    program = engine.lift(lambda x: x * module.number())
    assert program(3.0) == 6.0
    file.write_text("def number():\n    return 5.0  # another\n")
    importlib.invalidate_caches()
    importlib.reload(module)
    assert program(3.0) == 15.0


# --- what cannot be followed is said ------------------------------------------------------------------------------


def generator():
    while True:
        yield STATE["k"]


def connection():
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute("create table t (k real)")
    base.execute("insert into t values (2.0)")
    return base


def test_what_cannot_be_followed_is_said_once_and_traced_again(tmp_path):
    text, array, base, numbers = tmp_path / "k.txt", tmp_path / "k.npy", connection(), generator()
    text.write_text("2")
    np.save(array, np.array([2.0]))
    opaque = {
        "a file that it reads by read_text": (
            lambda: float(pathlib.Path(text).read_text()),
            lambda: text.write_text("5"),
        ),
        "what numpy.load reads": (lambda: float(np.load(array)[0]), lambda: np.save(array, np.array([5.0]))),
        "of type sqlite3.Connection": (
            lambda: base.execute("select k from t").fetchone()[0],
            lambda: base.execute("update t set k = 5.0"),
        ),
        "of type builtins.generator": (lambda: next(numbers), five()),
    }
    for said, (read, change) in opaque.items():
        program = engine.lift(lambda x, read=read: x * read())
        with pytest.warns(UserWarning, match=said):
            assert program(3.0) == 6.0
        change()
        assert program(3.0) == 15.0
    base.close()


NAMELESS = """
class Base:
    c = 2.0
class Scaled(Base):
    def __call__(self, x):
        return x * self.c
scaled = Scaled()
def f(x):
    return scaled(x) + 0.0 * x
"""
CHANGES = ["Base.c = 5.0", "Scaled.c = 5.0", "Scaled.__call__ = lambda self, x: x * 5.0", "scaled.c = 5.0"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", [None, "builtins", "__main__", "elsewhere"])
def test_classes_of_a_namespace_that_has_no_module_are_followed(change, name):
    space = {} if name is None else {"__name__": name}
    exec(NAMELESS, space)
    program = engine.lift(space["f"])
    assert program(1.5) == 3.0
    exec(change, space)
    assert program(1.5) == 7.5
