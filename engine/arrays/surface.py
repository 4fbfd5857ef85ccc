"""The methods of ndarray that no protocol of NumPy's reaches, as an array of Values has them.

Most are the NumPy function of their name, which the table knows; the others (reshape, take, ravel ...) only move
elements, and are right as they are.

>>> from engine.arrays.array import array
>>> x = array([3.0, 1.0, 2.0])
>>> x.sum(), x.astype(bool).tolist(), x.real is x
(6.0, [True, True, True], True)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.array import OF_ONE_NAME, ValueArray, answer, on_function, wrapped
from engine.arrays.elements import holds
from engine.arrays.loops import over_arrays
from engine.arrays.plain import objects, settled
from engine.arrays.table import refuse_function
from engine.conditions import Condition

METHODS: dict[str, Any] = {}
"""The name of a method or attribute -> what an array of Values has there."""


def _of_one_name(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__, method.__doc__ = name, f"Return what `numpy.{name}` of this array is."
    return method


METHODS.update({name: _of_one_name(name) for name in OF_ONE_NAME})


def _method(f: Callable[..., Any]) -> Callable[..., Any]:
    METHODS[f.__name__] = f
    return f


@_method
def sort(self: Any, axis: int = -1, kind: Any = None, order: Any = None, **options: Any) -> None:
    """Sort in place."""
    self[...] = np.sort(self, axis=axis)


@_method
def partition(self: Any, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
    """Sort in place, which is a partition too."""
    self[...] = np.partition(self, kth, axis=axis)


@_method
def clip(self: Any, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:
    """Hold between bounds, of which each may be left out."""
    return np.clip(self, min, max, out=out, **options)


@_method
def compress(self: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """Return slices where a condition holds."""
    return np.compress(condition, self, axis=axis, out=out)


@_method
def astype(self: Any, dtype: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a copy as floats, which Values are, or whether each is not 0 as bools.

    Raises
    ------
    TypeError
        If the type is another: Values are float64.
    """
    kind = np.dtype(dtype)
    if kind in (np.dtype(object), np.dtype(float)):
        return self.copy()
    if kind == np.dtype(bool):
        return wrapped(settled(over_arrays(holds, 1)(objects(self))))
    return refuse_function(
        f"ndarray.astype({kind})",
        "Values are float64; choose with engine.where, or pass engine.stop_gradient(x) as numbers.",
    )


METHODS["real"] = property(lambda self: self, doc="The array itself: Values are real.")
METHODS["imag"] = property(lambda self: np.zeros(self.shape), doc="Zeros.")

for _name, _attribute in METHODS.items():
    setattr(ValueArray, _name, _attribute)


def _asked_of_a_ufunc(self: Condition, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    return answer(ufunc, method, inputs, options)


def _asked_of_a_function(self: Condition, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return on_function(function, args, kwargs)


# One comparison is asked as an array of them is.
Condition.__array_ufunc__ = _asked_of_a_ufunc
Condition.__array_function__ = _asked_of_a_function
