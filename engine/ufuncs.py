"""NumPy's protocols of a Value: ``np.tanh(v)``, ``np.float64(2) * v`` and ``np.stack([v, w])`` are what they say.

>>> import numpy as np
>>> from engine import Value
>>> np.tanh(Value(0.0)).op, np.absolute(Value(-1.0)).op, np.less(Value(1.0), 2.0)
('tanh', 'abs', True)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays.array import answer, on_function
from engine.arrays.elements import as_element
from engine.arrays.loops import stand_in
from engine.operands import NUMBERS, is_value


def _is_number(x: Any) -> bool:
    return is_value(x) or isinstance(x, NUMBERS)


class Ufuncs:
    """What NumPy asks a Value: what it asks an array of Values."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Do what a ufunc does, by the rules."""
        if method == "__call__" and not kwargs:
            known = stand_in(ufunc.__name__)
            if known is not None and all(map(_is_number, inputs)):
                return known.element(*map(as_element, inputs))
        return answer(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Do what a NumPy function does, as the table says."""
        return on_function(func, args, kwargs)
