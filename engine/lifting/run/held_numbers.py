"""The numbers that captured Values hold: while a function runs at others, whoever asks for theirs here waits.

>>> w = Value(2.0)
>>> with holding([w], [3.0]):
...     numbers_held([w])
[3.0]
>>> w.data
2.0
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from engine.value import Value

_LOCK = threading.RLock()  # of who has Values hold other numbers for a while


def numbers_held(values: Iterable[Value]) -> list[float]:
    """Return the Values' numbers."""
    with _LOCK:
        return [value._data for value in values]


def set_numbers(values: Iterable[Value], numbers: Iterable[float]) -> None:
    """Set the Values' numbers; also while a function is watched, which then sees these."""
    with _LOCK:
        for value, number in zip(values, numbers):
            value._data = number


@contextmanager
def holding(values: Sequence[Value], numbers: Iterable[float]) -> Iterator[None]:
    """Have the Values hold some numbers inside a ``with``, and those of before after it."""
    with _LOCK:
        before = numbers_held(values)
        set_numbers(values, numbers)
        try:
            yield
        finally:
            set_numbers(values, before)
