"""Classes and modules: the attributes that code names are followed, and no others."""

from __future__ import annotations

import contextlib
import copy
import operator
import os
import types

import numpy as np
import pytest

import engine
from engine import Value
from engine.lifting.run import traces
from engine.lifting.trace.code_names import names_of
from engine.lifting.trace.owners import Owners


class Config:
    rate = 0.5
    other = 0.25

    def __call__(self):
        return self.rate


def notes_of(owner, code, **around):
    notes = Owners()
    notes.owner(owner)
    notes.take_names(names_of(code.__code__), around)
    while notes.more_attributes():
        notes.facts += [x for x in notes.stack if isinstance(x, str)]
        notes.stack.clear()
    return notes


def called(notes):
    return {place.called for place in notes.places}


def module(**names):
    mine = types.ModuleType("mine")
    vars(mine).update(names, __file__="/elsewhere/mine.py")
    return mine


def test_what_is_named_of_a_class_is_watched_and_the_rest_is_not():
    seen = called(notes_of(Config, lambda x: x.rate))
    assert "Config.rate" in seen and "Config.other" not in seen
    assert "a method __call__" in seen  # which Python calls without being told


def test_a_change_of_what_is_named_is_noticed(monkeypatch):
    notes = notes_of(Config, lambda x: x.rate)
    monkeypatch.setattr(Config, "other", 1.0)
    assert all(read() is held for read, held in zip(notes.reads, notes.held))
    monkeypatch.setattr(Config, "rate", 1.0)
    assert [place.called for place in notes.replaced()] == ["Config.rate"]


def test_a_name_that_a_module_has_not_yet_is_watched():
    mine = module(rate=0.5)
    notes = notes_of(mine, lambda m: (m.rate, m.missing))
    assert {"mine.rate", "mine.missing"} <= called(notes)
    mine.missing = 1.0
    assert [place.called for place in notes.replaced()] == ["mine.missing"]


def test_a_module_s_own_getattr_is_followed_where_it_may_be_asked():
    mine = module(rate=0.5, __getattr__=lambda name: 1.0)
    assert "mine.__getattr__" in called(notes_of(mine, lambda: mine.dynamic, mine=mine))


def test_what_a_library_reads_cannot_be_followed():
    import numpy

    assert notes_of(numpy, lambda m: m.loadtxt).blind == "what numpy.loadtxt reads"
    assert notes_of(numpy, lambda m: m.exp).blind == ""


def test_what_a_library_s_function_looks_at_is_followed():
    notes = Owners()
    notes.owner(os)
    notes.take_names(names_of((lambda: os.getenv).__code__), {"os": os})
    notes.more_attributes()
    assert any(x is os.environ for x in notes.stack)


def test_gradients_and_labels_are_compared_where_code_reads_them():
    v = Value(1.0, "v")
    for code, name, other in ((lambda x: x.grad, "grad", 2.0), (lambda x: x.label, "label", "w")):
        notes = Owners()
        notes.values.append((v,))
        notes.take_names(names_of(code.__code__), {})
        notes.watch_the_rest([])
        assert notes.untouched()
        setattr(v, name, other)
        assert not notes.untouched()


# --- attributes of captured Values ------------------------------------------------------------------------------


class Own(Value):
    scale = 2.0

    def scaled(self):
        return self * self.scale


class OwnSlots(Value):
    __slots__ = ("k",)


def node(x):
    return Value(x) * 1.0


def stored(v, k=2.0):
    v.k = k
    return v


def maker(v):
    """What a program makes of a Value: each reads 2.0 at first, and 5.0 when it was stored."""
    held, nested, pair = [v], {"w": [(v,)]}, engine.array([v, v])
    return {
        "an attribute": lambda x: x * v.k,
        "getattr": lambda x: x * getattr(v, "k"),  # noqa: B009
        "a name put together": lambda x: x * getattr(v, "".join(["", "k"])),
        "vars": lambda x: x * vars(v)["k"],
        "__dict__": lambda x: x * v.__dict__["k"],
        "attrgetter": lambda x: x * operator.attrgetter("k")(v),
        "in a list": lambda x: x * held[0].k,
        "deep in containers": lambda x: x * nested["w"][0][0].k,
        "in an array": lambda x: x * pair.tolist()[0].k,
        "in a comprehension": lambda x: sum(x * p.k for p in held),
        "a default": lambda x, p=v: x * p.k,
        "a branch": lambda x: x * (2.0 if v.k < 3.0 else 5.0),
        "copy": lambda x: x * copy.copy(held[0]).k,
    }


NAMES = list(maker(stored(Value(3.0))))


@pytest.mark.parametrize("how", NAMES)
@pytest.mark.parametrize("make", [Value, Own, OwnSlots, node], ids=["Value", "Own", "slots", "node"])
def test_an_attribute_of_a_captured_value_is_read_anew(how, make):
    if make is OwnSlots and how in ("vars", "__dict__", "copy"):
        pytest.skip("a slot is in no dictionary, and a copy has the slots that every Value has")
    v = stored(make(3.0))
    f = maker(v)[how]
    program = engine.lift(f)
    assert program(10.0) == 20.0
    v.k = 5.0
    assert program(10.0) == float(f(10.0)) == 50.0


@pytest.mark.parametrize("value", [[5.0], np.array([5.0]), {0: 5.0}, (5.0,)], ids=lambda x: type(x).__name__)
def test_what_an_attribute_holds_is_followed(value):
    v = stored(Value(3.0), {0: 2.0})
    program = engine.lift(lambda x: x * v.k[0])
    assert program(10.0) == 20.0
    v.k[0] = 3.0
    assert program(10.0) == 30.0
    v.k = value
    assert program(10.0) == 50.0
    if not isinstance(value, tuple):
        value[0] = 7.0
        assert program(10.0) == 70.0


def test_a_value_in_an_attribute_is_a_parameter():
    v = stored(Value(3.0), Value(2.0))
    program = engine.lift(lambda x: x * v.k)
    assert program(10.0) == 20.0
    v.k.data = 5.0
    assert program(10.0) == 50.0


def asking():
    def caught(x, v):
        try:
            return x * v.k
        except AttributeError:
            return x * 2.0

    def remembered(x, v):
        if not hasattr(v, "k"):
            v.k = 2.0
        return x * v.k

    def suppressed(x, v):
        k = 2.0
        with contextlib.suppress(Exception):
            k = v.k
        return x * k

    return {
        "getattr": lambda x, v: x * getattr(v, "k", 2.0),
        "hasattr": lambda x, v: x * (v.k if hasattr(v, "k") else 2.0),
        "a name put together": lambda x, v: x * getattr(v, "".join(["", "k"]), 2.0),
        "except": caught,
        "made once": remembered,
        "suppress": suppressed,
    }


@pytest.mark.parametrize("how", asking())
@pytest.mark.parametrize("make", [Value, Own, OwnSlots])
@pytest.mark.parametrize("other", [False, True])
def test_an_attribute_that_comes_and_goes_is_noticed(how, make, other):
    v, ask = make(3.0), asking()[how]
    if other:
        v.m = 0.0
    program = engine.lift(lambda x: ask(x, v))
    assert program(10.0) == 20.0
    v.m = 1.0
    assert program(10.0) == 20.0
    v.k = 5.0
    assert program(10.0) == 50.0
    del v.k
    assert program(10.0) == 20.0


def test_attributes_that_nobody_reads_change_nothing(monkeypatch):
    weights = [Value(float(k)) for k in range(3)]
    program = engine.lift(lambda x: sum(w * x for w in weights))
    program(2.0)
    monkeypatch.setattr(traces, "traced", None)  # nobody may trace again
    for t in range(3):
        for w in weights:
            w.m = w._colour = float(t)
        assert program(2.0) == 6.0


def test_a_class_of_ones_own_is_followed_from_a_captured_value(monkeypatch):
    v = Own(3.0)
    program = engine.lift(lambda x: x * v.scaled())
    assert program(10.0) == 60.0
    monkeypatch.setattr(Own, "scale", 3.0)
    assert program(10.0) == 90.0
    monkeypatch.setattr(Own, "scaled", lambda self: self * 7.0)
    assert program(10.0) == 210.0
