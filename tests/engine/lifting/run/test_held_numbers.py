"""Numbers that captured Values hold: read again when any was set, held for a while, waited for by others, put back."""

from __future__ import annotations

import pickle
import threading

import pytest

from engine import Value
from engine.lifting.run.held_numbers import HeldNumbers


def test_numbers_come_back_also_when_something_fails():
    held = HeldNumbers([Value(1.0), Value(2.0)])
    with pytest.raises(KeyError), held.at([5.0, 6.0]):
        assert held.read().tolist() == [5.0, 6.0]
        raise KeyError
    assert held.read().tolist() == [1.0, 2.0]


def test_another_thread_sees_none_of_it():
    held, seen = HeldNumbers([Value(1.0)]), []
    reader = threading.Thread(target=lambda: seen.append(held.read().tolist()))
    held.read()
    with held.at([5.0]):
        reader.start()
        reader.join(0.05)
        assert seen == []
    reader.join()
    assert seen == [[1.0]]


@pytest.mark.parametrize("number", [3.0, 3, float("nan"), -0.0])
def test_whoever_sets_a_value_is_noticed(number):
    values = [Value(1.0), Value(2.0)]
    held, other = HeldNumbers(values), HeldNumbers(values[:1])
    assert held.read().tolist() == [1.0, 2.0]
    values[1].data = number
    assert str(held.read().tolist()) == str([1.0, float(number)])
    values[1].data += 1.0
    assert str(held.read()[1]) == str(float(number) + 1.0)
    other.set([7.0])
    assert held.read()[0] == 7.0


def test_what_is_read_is_memory_of_its_own():
    held = HeldNumbers([Value(1.0)])
    held.read()[0] = 9.0
    assert held.read().tolist() == [1.0]


def test_a_pickle_reads_its_own_values():
    held = HeldNumbers([Value(1.0)])
    held.read()
    again = pickle.loads(pickle.dumps(held))
    again.values[0].data = 4.0
    assert (again.read().tolist(), held.read().tolist()) == ([4.0], [1.0])
