"""The number of a Value: read, set and converted, where nobody who watches needs the Value itself instead."""

from __future__ import annotations

import math
import numbers
from typing import Any, cast

import numpy as np

from engine.arguments import described
from engine.operands import is_value
from engine.tracing import DIFFERENTIATED, LOCAL, refuse, refuse_where_lifted

LATEST_SETTING: list[object] = [object()]
"""Another object whenever a Value's number was set: who has read many knows whether to read them again."""


def as_float(data: Any, what: str = "Value") -> float:
    """Return one real number as a float; beyond the range of floats it is infinite.

    Raises
    ------
    TypeError
        If it is anything else; the message begins with `what`.
    """
    if data.__class__ is int or isinstance(data, (numbers.Real, np.bool_)):  # the second takes ten times as long
        try:
            return float(data)
        except OverflowError:  # an integer beyond the range of floats
            return math.inf if cast(int, data) > 0 else -math.inf
    if isinstance(data, np.ndarray) and data.ndim == 0 and data.dtype.kind in "biuf":
        return float(data)
    cures = {
        str: "Convert it with float(...) first.",
        complex: "Values are real; pass its .real or its .imag.",
        type(None): "A missing number cannot be differentiated; leave it out or pass 0.0.",
    }
    cure = cures.get(type(data), "Make one Value per number, for instance [Value(x) for x in xs].")
    if is_value(data):
        cure = "It is a Value already; use it as it is, or .data for its number."
    raise TypeError(f"{what} needs one real number; got {described(data)}. {cure}")


class Number:
    """What a Value has of a number; its own calculus is in its operators."""

    __slots__ = ("_data",)
    _data: float

    @property
    def data(self) -> float:
        """The number; it may be set, for instance by an optimiser."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a float (by .data)")
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a place to store a number (by .data = ...)")
        self._data = data if data.__class__ is float else as_float(data)
        LATEST_SETTING[0] = object()  # after it was set

    def item(self) -> float:
        """Return the number as a Python float."""
        return self.__float__()

    def __float__(self) -> float:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "a float")
        return self._data

    def __int__(self) -> int:
        if LOCAL.watch is not None or DIFFERENTIATED:
            refuse(self, "an int")
        return int(self._data)

    def __bool__(self) -> bool:
        refuse_where_lifted(self, "a bool")
        return self._data != 0.0
