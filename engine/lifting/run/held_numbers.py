"""The numbers that captured Values hold: read again where any Value was set since, and held at others for a while.

>>> w = Value(2.0)
>>> held = HeldNumbers([w])
>>> with held.at([3.0]):
...     held.read()
array([3.])
>>> held.read(), w.data
(array([2.]), 2.0)
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from struct import pack_into
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.number import LATEST_SETTING
from engine.value import Value

_LOCK = threading.RLock()  # of who sets Values, or reads all of some; whoever else asks waits until they are put back


class HeldNumbers:
    """Values in an order, and their numbers.

    Parameters
    ----------
    values
        The Values.
    """

    def __init__(self, values: Sequence[Value] = ()) -> None:
        self.values = list(values)
        self._known: tuple[Any, npt.NDArray[np.float64]] = (None, np.zeros(0))  # as of which setting, and what

    def read(self) -> npt.NDArray[np.float64]:
        """Return the numbers, in memory of their own."""
        with _LOCK:
            latest = LATEST_SETTING[0]
            if self._known[0] is not latest:
                fresh = np.empty(len(self.values))
                pack_into(f"{len(fresh)}d", fresh.data, 0, *[value._data for value in self.values])
                self._known = (latest, fresh)
            numbers: npt.NDArray[np.float64] = self._known[1].copy()
        return numbers

    def set(self, numbers: Iterable[float]) -> None:
        """Set the Values; also while a function is watched, which then sees these numbers."""
        with _LOCK:
            for value, number in zip(self.values, numbers):
                value._data = number
            LATEST_SETTING[0] = object()

    @contextmanager
    def at(self, numbers: Iterable[float]) -> Iterator[None]:
        """Have the Values hold some numbers inside a ``with``, and those of before after it."""
        with _LOCK:
            before = [value._data for value in self.values]
            self.set(numbers)
            try:
                yield
            finally:
                self.set(before)

    def __getstate__(self) -> dict[str, Any]:
        return {"values": self.values, "_known": (None, np.zeros(0))}
