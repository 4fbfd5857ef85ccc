"""The modules that text for JAX finds under the names `jax`, `jax.numpy` and `jax.lax` while it is proven.

Every result is a new array; functions of numbers are NumPy's, which reach `Elements` by its own dispatch.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.lifting.verify.elements import Elements, lift
from engine.lifting.verify.field import Field
from engine.lifting.verify.field_numpy import FieldNumpy
from engine.lifting.verify.functions import maximum


class Changed:
    """``x.at[index]``: what makes changed copies of an array."""

    def __init__(self, array: Elements, index: Any = None) -> None:
        self.array, self.index = array, index

    def __getitem__(self, index: Any) -> Changed:
        return Changed(self.array, index)

    def add(self, value: Any) -> Elements:
        """Return a copy to whose elements something is added, to one as often as the index says."""
        result = self.array.copy()
        result.add_at(self.index, value)
        return result

    def set(self, value: Any) -> Elements:
        """Return a copy with other elements."""
        result = self.array.copy()
        result[self.index] = value
        return result

    def max(self, value: Any) -> Elements:
        """Return a copy whose elements are at least what the index gives them."""
        result = self.array.copy()
        values = lift(value, result.field)
        *lead, last = self.index if isinstance(self.index, tuple) else (self.index,)
        for k, place in enumerate(np.asarray(last).tolist()):
            at, source = (*lead, place), (*lead, k)
            result[at] = maximum(result[at], values[source])
        return result


class Traced(Elements):
    """An array as JAX has them."""

    __slots__ = ()

    def like(self, d: Any) -> Traced:
        """Return an array of the same field."""
        return Traced(d, self.field)

    @property
    def at(self) -> Changed:
        """As JAX's."""
        return Changed(self.like(np.broadcast_to(self.d, (*self.d.shape[:-1], self.field.points))))

    def sum(self, axis: Any = None) -> Elements:
        """As NumPy's."""
        return self._reduce("add", axis=_all(self, axis))

    def max(self, axis: Any = None) -> Elements:
        """As NumPy's."""
        return self._reduce("maximum", axis=_all(self, axis))


def _all(x: Any, axis: Any) -> Any:
    return tuple(range(x.ndim)) if axis is None else axis


class FieldJax(FieldNumpy):
    """`jax.numpy` over a field."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.inf = np.inf

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        if not isinstance(function, np.ufunc):
            return function
        return lambda *xs: function(*[self.numbers(x) for x in xs])

    def numbers(self, x: Any) -> Any:
        """Return anything as the numbers that it computes with."""
        return Traced(lift(x, self.field).d, self.field)

    def _own(self, x: Elements) -> Elements:
        return Traced(super()._own(x).d, self.field)

    def elements(self, shape: tuple[int, ...]) -> Elements:
        """Return an array of numbers that are nothing in particular."""
        return Traced(self.field.random(shape), self.field)

    def zeros(self, shape: Any, dtype: Any = None) -> Elements:
        """As NumPy's."""
        return Traced(super().zeros(shape).d, self.field)

    def zeros_like(self, x: Any, dtype: Any = None) -> Elements:
        """As NumPy's."""
        return self.zeros(tuple(x.shape))

    def where(self, condition: Any, x: Any, y: Any) -> Elements:
        """As NumPy's."""
        return Traced(super().where(condition, x, y).d, self.field)

    def sum(self, x: Any, axis: Any = None) -> Any:
        """As NumPy's."""
        return np.add.reduce(self.numbers(x), axis=_all(x, axis))

    def max(self, x: Any, axis: Any = None) -> Any:
        """As NumPy's."""
        return np.maximum.reduce(self.numbers(x), axis=_all(x, axis))

    def concatenate(self, xs: Sequence[Elements]) -> Elements:
        """As NumPy's."""
        shape = (sum([len(x) for x in xs]), *xs[0].shape[1:])
        joined, start = self.zeros(shape), 0
        for x in xs:
            joined[start : start + len(x)] = x
            start += len(x)
        return joined

    def moveaxis(self, x: Any, source: int, target: int) -> Any:
        """As NumPy's."""
        axes = [a for a in range(x.ndim) if a != source % x.ndim]
        axes.insert(target % x.ndim, source % x.ndim)
        return x.transpose(axes if isinstance(x, np.ndarray) else tuple(axes))

    def take_along_axis(self, x: Any, index: Any, axis: int, mode: str = "clip") -> Any:
        """As NumPy's."""
        if isinstance(x, np.ndarray):
            return np.take_along_axis(x, np.asarray(index), axis)
        at = np.broadcast_to(index, [n if a == axis else m for a, (n, m) in enumerate(zip(index.shape, x.shape))])
        wide = np.broadcast_to(np.asarray(at)[None, ..., None], (x.d.shape[0], *at.shape, x.d.shape[-1]))
        return x.like(np.take_along_axis(x.d, wide, axis + 1))

    def tensordot(self, a: Any, b: Any, axes: tuple[int, int]) -> Elements:
        """As NumPy's, over one axis of each."""
        a, b = self.numbers(a), self.numbers(b)
        a, b = self.moveaxis(a, axes[0], -1), self.moveaxis(b, axes[1], 0)
        product: Elements = a.reshape(-1, a.shape[-1]) @ b.reshape(len(b), -1)
        return product.reshape(*a.shape[:-1], *b.shape[1:])


def modules(field: Field) -> dict[str, Any]:
    """Return what text for JAX finds where it imports something."""
    numpy = FieldJax(field)

    def vmap(function: Callable[..., Elements]) -> Callable[..., Elements]:
        def mapped(*arrays: Any) -> Elements:
            rows = [function(*[a[k] for a in arrays]) for k in range(len(arrays[0]))]
            return numpy.concatenate([row.reshape(1, *row.shape) for row in rows])

        return mapped

    def dynamic_update_slice(x: Elements, part: Any, start: Sequence[int]) -> Elements:
        place = Traced(x.d, field).at[tuple([slice(i, i + n) for i, n in zip(start, part.shape)])]
        return place.set(part)

    lax = types.SimpleNamespace(stop_gradient=lambda x: x, erf=numpy.erf, dynamic_update_slice=dynamic_update_slice)
    return {"jax": types.SimpleNamespace(numpy=numpy, lax=lax, vmap=vmap)}
