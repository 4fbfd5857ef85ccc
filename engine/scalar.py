"""What a Value answers of what is asked of NumPy's scalars: its shape, the sum of its one number, its whole part.

Attributes are the class's and methods functions, so that a node holds nothing more for them.

>>> import math
>>> from engine import Value
>>> x = Value(2.5)
>>> x.shape, x.dtype, x.mean() is x, x.T is x, x.std().data, x.reshape(1, 1).shape
((), dtype('O'), True, True, 0.0, (1, 1))
>>> divmod(x, 1.0), math.floor(x), math.ceil(x)
((Value(2.0, grad=0.0, op='floor_divide'), Value(0.5, grad=0.0, op='remainder')), 2, 3)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.array import as_array
from engine.tracing import depends

ONE = np.float64(1.0)  # what says which options a scalar's methods take, and which axes it has


def _of_one(name: str, result: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a method of one number whose options decide nothing; NumPy refuses those that it does not take."""

    def method(self: Any, *axis: Any, dtype: Any = None, **options: Any) -> Any:
        if len(axis) > 1:
            raise TypeError(f"{name} of a Value takes its axis by position; name the other options.")
        needless = {key: x for key, x in options.items() if key in DECIDING and x is not None and x is not True}
        if dtype is not None and np.dtype(dtype) not in FLOATS:
            needless["dtype"] = np.dtype(dtype)
        if needless:
            named = ", ".join([f"{key}={x}" for key, x in needless.items()])
            raise TypeError(f"{name}({named}) of a Value is not defined: it is one float64 number. Leave that out.")
        getattr(ONE, name)(*axis, **options)
        return result(self)

    method.__name__, method.__qualname__ = name, f"Scalar.{name}"
    method.__doc__ = f"Return what `{name}` is of one number, as of a NumPy scalar."
    return method


DECIDING = ("out", "initial", "where", "mean")
FLOATS = (np.dtype(float), np.dtype(object))


def _itself(name: str) -> Callable[..., Any]:
    return _of_one(name, lambda self: self)


def _vector(name: str) -> Callable[..., Any]:
    return _of_one(name, lambda self: as_array(self).reshape(1))


def _truth(name: str) -> Callable[..., Any]:
    return _of_one(name, lambda self: self != 0.0)


class Scalar:
    """What a Value has of a NumPy scalar; its calculus is in its operators."""

    __slots__ = ()

    shape: tuple[()] = ()
    strides: tuple[()] = ()
    ndim = 0
    size = 1
    itemsize = nbytes = 8
    dtype = np.dtype(object)  # by which NumPy's own functions compute on, and make no float of what they computed

    T = real = property(lambda self: self, doc="The Value itself: it is one real number.")
    imag = property(lambda self: 0.0, doc="0.0: Values are real.")

    sum, prod, mean, max, min = map(_itself, ("sum", "prod", "mean", "max", "min"))
    conj, conjugate, squeeze, transpose, tolist = map(_itself, ("conj", "conjugate", "squeeze", "transpose", "tolist"))
    cumsum, cumprod, ravel, flatten = map(_vector, ("cumsum", "cumprod", "ravel", "flatten"))
    argmax, argmin = _of_one("argmax", lambda self: 0), _of_one("argmin", lambda self: 0)
    any, all = map(_truth, ("any", "all"))

    def var(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, **options: Any) -> Any:
        """Return 0.0, which is flat, or NaN where the number is not finite or no degree of freedom is left."""
        ddof = options.pop("correction", ddof)
        deviation = self.mean(axis, dtype=dtype, out=out, **options).stop_gradient()
        return (deviation - deviation) / max(1.0 - ddof, 0.0)

    std = var

    def round(self, decimals: int = 0, out: None = None) -> Any:
        """Round as NumPy does, halves to even, to so many decimals; the derivative is 0."""
        x: Any = self
        scale = 10.0 ** abs(decimals)
        if not decimals:
            return x.rint()
        return (x * scale).rint() / scale if decimals > 0 else (x / scale).rint() * scale

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """Return an array of that shape which holds this Value, or the Value itself where the shape is ()."""
        array = as_array(self).reshape(*shape, **options)
        return array if array.ndim else self

    def copy(self, order: str = "C") -> Any:
        """Return a copy of the node, as `copy.copy` does."""
        node: Any = self
        return node.__copy__()

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Return the Value itself as a float, or whether it is not 0 as a bool.

        Raises
        ------
        TypeError
            If the type is another: Values are float64.
        """
        if np.dtype(dtype) in FLOATS:
            return self
        if np.dtype(dtype) == np.dtype(bool):
            return self.any()
        raise TypeError(
            f"a Value cannot become {np.dtype(dtype)}: Values are float64. Round it with np.floor or np.rint, compare "
            "it, or pass float(engine.stop_gradient(x)) on as a number."
        )

    def is_integer(self: Any) -> bool:
        """Whether the number is a whole one."""
        return float(self).is_integer()

    def as_integer_ratio(self: Any) -> tuple[int, int]:
        """Return the number as a fraction."""
        return float(self).as_integer_ratio()

    # --- Python's math ------------------------------------------------------------------------------------------

    def __floor__(self) -> Any:
        """Return a whole number as Python does; where a function is being watched, a node, whose derivative is 0."""
        x: Any = self
        return x.floor() if depends(x) else math.floor(float(x))

    def __ceil__(self) -> Any:
        x: Any = self
        return x.ceil() if depends(x) else math.ceil(float(x))

    def __trunc__(self) -> Any:
        x: Any = self
        return x.trunc() if depends(x) else int(x)

    def __divmod__(self, other: Any) -> Any:
        x: Any = self
        return x // other, x % other

    def __rdivmod__(self, other: Any) -> Any:
        x: Any = self
        return other // x, other % x
