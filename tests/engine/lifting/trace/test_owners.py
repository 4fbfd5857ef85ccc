"""Classes and modules: the attributes that code names are followed, and no others."""

from __future__ import annotations

import os
import types

from engine import Value
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
