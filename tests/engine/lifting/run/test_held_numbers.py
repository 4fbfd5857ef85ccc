"""Numbers that captured Values hold for a while: seen by who asked, waited for by others, and put back."""

from __future__ import annotations

import threading

import pytest

from engine import Value
from engine.lifting.run.held_numbers import holding, numbers_held, set_numbers


def test_numbers_come_back_also_when_something_fails():
    values = [Value(1.0), Value(2.0)]
    with pytest.raises(KeyError), holding(values, [5.0, 6.0]):
        assert numbers_held(values) == [5.0, 6.0]
        raise KeyError
    assert numbers_held(values) == [1.0, 2.0]


def test_another_thread_sees_none_of_it():
    value, seen = Value(1.0), []
    reader = threading.Thread(target=lambda: seen.append(numbers_held([value])))
    with holding([value], [5.0]):
        reader.start()
        reader.join(0.05)
        assert seen == []
    reader.join()
    assert seen == [[1.0]]


def test_numbers_are_set():
    value = Value(1.0)
    set_numbers([value], [3.0])
    assert value.data == 3.0
