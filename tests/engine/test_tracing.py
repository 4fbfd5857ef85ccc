"""One active trace a thread, put back whatever happens."""

from __future__ import annotations

import threading

import pytest

from engine.tracing import LOCAL, recording


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
