"""While a function is traced its Values' gradients are no numbers; afterwards, and elsewhere, they are slots again."""

from __future__ import annotations

import threading

import pytest

import engine
from engine import Value
from engine.lifting.trace.sealed import _GUARDED, SLOTS, sealed
from engine.lifting.trace.watch import Recording
from engine.tracing import recording

PLAIN = {name: Value.__dict__[name] for name in SLOTS}


def plain():
    return {name: Value.__dict__[name] for name in SLOTS} == PLAIN


@pytest.mark.parametrize("name", SLOTS)
def test_what_is_refused_inside(name):
    x = Value(1.0, "x")
    with sealed(), recording(Recording()), pytest.raises(engine.TraceError, match="'x' was turned into"):
        getattr(x, name)
    assert plain()


def test_it_is_as_ever_where_nobody_traces():
    x = Value(1.0)
    with sealed():
        x.grad = 3.0
        assert x.grad == 3.0
        read = []
        with recording(Recording()):
            thread = threading.Thread(target=lambda: read.append(x.grad))
            thread.start()
            thread.join()
        assert read == [3.0]


def test_several_that_trace_at_once_are_sealed_until_the_last_ends():
    with sealed():
        with sealed():
            assert not plain()
        assert not plain()
    assert plain()


def test_an_error_inside_unseals_too():
    with pytest.raises(ZeroDivisionError), sealed():
        raise ZeroDivisionError
    assert plain()


def test_the_engine_itself_goes_on_reading():
    x = Value(2.0)
    with sealed():
        (x * x).backward()
    assert x.grad == 4.0


def test_nodes_are_made_past_what_guards_them(monkeypatch):
    x, refuse = Value(2.0), property(lambda value: 1 / 0, lambda value, number: 1 / 0)
    monkeypatch.setitem(_GUARDED, "grad", refuse)
    with sealed():
        made = [x * x, 1.0 - x, x**2, engine.total([x, 3.0, x]), Value.constant(1.0), Value(1.0), engine.exp(x)]
        with pytest.raises(ZeroDivisionError):
            _ = x.grad
    assert [node.grad for node in made] == [0.0] * len(made)
