"""One active trace a thread, put back whatever happens."""

from __future__ import annotations

import threading

import pytest

import engine
from engine.tracing import LOCAL, depends, recording


def test_the_outer_trace_is_put_back_after_an_exception():
    outer, inner = object(), object()
    with recording(outer):
        with pytest.raises(KeyError), recording(inner):
            assert LOCAL.active is inner
            raise KeyError
        assert LOCAL.active is outer
    assert LOCAL.active is None


def test_threads_have_traces_of_their_own():
    seen = []
    with recording(object()):
        thread = threading.Thread(target=lambda: seen.append(LOCAL.active))
        thread.start()
        thread.join()
    assert seen == [None]


def assert_equal(x, y):
    assert x == y


def test_who_watches_is_asked_what_a_value_depends_on():
    x, w = engine.Value(2.0), engine.Value(3.0)
    assert not depends(x)
    engine.grad(lambda x: x * (assert_equal([depends(x), depends(x * w), depends(w)], [True, True, False]) or 1.0))(2.0)
    engine.lift(lambda x: x * (assert_equal([depends(x), depends(w)], [True, True]) or w))(2.0)
