"""The module that emitted text finds under the name `numpy` while it is proven.

Functions of numbers reach `Elements` by NumPy's own dispatch; written here is what makes arrays. `empty` gives garbage,
so that memory which is read before it is written shows; views reach nowhere outside their arrays.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.lifting.verify.elements import Elements, lift
from engine.lifting.verify.field import Field
from engine.lifting.verify.functions import FUNCTIONS as FUNCTIONS
from engine.lifting.verify.primes import U

NOWHERE = 2**40  # what memory for indices holds before it is written


class Count:
    """The number of samples: a size where shapes ask for one, exact where numbers are divided by it."""

    __hash__ = None  # type: ignore[assignment]
    __array_ufunc__ = None  # NumPy's numbers leave arithmetic with it to it

    def __init__(self, n: int, field: Field) -> None:
        self.n, self.field = n, field

    def exactly(self) -> int:
        """Return the number, as a field reads it."""
        return self.n

    def __index__(self) -> int:
        return self.n

    __int__ = __index__

    def __mul__(self, other: Any) -> Any:
        return self.n * other if isinstance(other, (int, np.integer)) else lift(self, self.field) * other

    def __rmul__(self, other: Any) -> Any:
        return other * self.n if isinstance(other, (int, np.integer)) else lift(self, self.field) * other

    def __truediv__(self, other: Any) -> Any:
        return lift(self, self.field) / other

    def __rtruediv__(self, other: Any) -> Any:
        return lift(other, self.field) / lift(self, self.field)

    def __pow__(self, power: int) -> Count:
        return Count(self.n**power, self.field)

    def __eq__(self, other: object) -> bool:
        return self.n == other


class Constant(np.ndarray):
    """A long constant array of floats that the text is handed."""

    field: Field

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        """As numbers."""
        return lift(np.asarray(self), self.field)


class FieldNumpy(types.ModuleType):
    """NumPy over a field."""

    def __init__(self, field: Field) -> None:
        super().__init__("numpy")
        self.field = field
        self.finite = True  # what is said of every number; a proof sees both
        tricks = types.SimpleNamespace(as_strided=self.as_strided)
        self.lib = types.SimpleNamespace(stride_tricks=tricks)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def elements(self, shape: tuple[int, ...]) -> Elements:
        """Return an array of numbers that are nothing in particular."""
        return Elements(self.field.random(shape), self.field)

    def constants(self, values: Sequence[np.ndarray]) -> tuple[Any, ...]:
        """Return the constants that a module is handed, those of floats as numbers."""
        return tuple([self._constant(v) if v.dtype.kind == "f" else v for v in values])

    def _constant(self, value: np.ndarray) -> Constant:
        array = value.view(Constant)
        array.field = self.field
        return array

    # --- what makes arrays -----------------------------------------------------------------------------------

    def empty(self, shape: Any, dtype: Any = float) -> Any:
        """Return garbage."""
        lengths = _lengths(shape)
        return np.full(lengths, NOWHERE) if np.dtype(dtype).kind == "i" else self.elements(lengths)

    def array(self, values: Any, dtype: Any = None) -> Any:
        """Return numbers where a type is named, else indices."""
        if dtype is None:
            return np.array(values)
        return self._own(lift(np.array(values, float), self.field))

    def _own(self, x: Elements) -> Elements:
        """Return a copy that can be written to."""
        shape = (self.field.levels, *x.shape, self.field.points)
        return Elements(np.broadcast_to(x.d, shape).copy(), self.field)

    def zeros(self, shape: Any, dtype: Any = None) -> Elements:
        """As NumPy's."""
        return Elements(np.zeros((self.field.levels, *_lengths(shape), self.field.points), U), self.field)

    def ones(self, shape: Any, dtype: Any = None) -> Elements:
        """As NumPy's."""
        return self.full(shape, Elements(self.field.plain.number(1.0), self.field))

    def full(self, shape: Any, value: Any, dtype: Any = None) -> Elements:
        """As NumPy's."""
        array = self.zeros(shape)
        array.fill(value)
        return array

    def arange(self, *limits: Any) -> np.ndarray:
        """As NumPy's, of a number of samples too."""
        return np.arange(*[int(n) for n in limits])

    def broadcast_to(self, x: Any, shape: Any) -> Any:
        """As NumPy's."""
        lengths = _lengths(shape)
        if not isinstance(x, Elements):
            return np.broadcast_to(x, lengths)
        d = x.d.reshape(x.d.shape[0], *(1,) * (len(lengths) - x.ndim), *x.d.shape[1:])
        return x.like(np.broadcast_to(d, (d.shape[0], *lengths, d.shape[-1])))

    def copyto(self, target: Any, x: Any, where: Any = True) -> None:
        """As NumPy's."""
        if not isinstance(target, Elements):
            np.copyto(target, x, where=where)
        elif where is True:
            target.write(x)
        else:
            mask = lift(where, self.field)
            target.write(x, self.field.truth(mask.d))

    def where(self, condition: Any, x: Any, y: Any) -> Elements:
        """As NumPy's."""
        return lift(condition, self.field).where(x, y)

    def isfinite(self, x: Any) -> np.bool_:
        """Answer for all numbers as the proof wants it: what is written for either is proven."""
        return np.bool_(self.finite)

    def erf(self, x: Any, out: Elements | None = None) -> Elements:
        """What text imports from `engine.error_function`, and of one number from `engine.scalar_forms`."""
        numbers = lift(x, self.field)
        result = numbers.call("erf", numbers)
        if out is not None:
            out.write(result)
        return result

    def as_strided(self, x: Any, shape: Any, strides: Sequence[int]) -> Any:
        """As NumPy's, but that a view which reaches outside is an error."""
        lengths = _lengths(shape)
        ends = [(n - 1) * s // x.itemsize for n, s in zip(lengths, strides)]
        before, after = _room(x)
        if sum([e for e in ends if e < 0]) < -before or sum([e for e in ends if e > 0]) > after:
            raise IndexError("a strided view reaches outside its array")
        if not isinstance(x, Elements):
            return np.lib.stride_tricks.as_strided(x, lengths, strides)
        unit = x.d.shape[-1] * x.d.itemsize
        steps = [x.d.strides[0], *[s // x.itemsize * unit for s in strides], x.d.itemsize]
        return x.like(np.lib.stride_tricks.as_strided(x.d, (x.d.shape[0], *lengths, x.d.shape[-1]), steps))


def _room(x: Any) -> tuple[int, int]:
    """Return how many elements lie before the first of a flat view in its memory, and after it."""
    lies: Any = x.d[0] if isinstance(x, Elements) else x
    unit = lies.itemsize * (lies.shape[-1] if isinstance(x, Elements) else 1)
    if x.ndim != 1 or lies.strides[0] != unit:
        raise IndexError("a strided view of what is not flat and contiguous")
    root = lies
    while isinstance(root.base, np.ndarray):
        root = root.base
    level = root.nbytes // (len(x.d) if isinstance(x, Elements) else 1)
    at = (lies.__array_interface__["data"][0] - root.__array_interface__["data"][0]) % level
    return at // unit, (level - at) // unit - 1


def _lengths(shape: Any) -> tuple[int, ...]:
    return tuple([int(n) for n in (shape if isinstance(shape, tuple) else (shape,))])
