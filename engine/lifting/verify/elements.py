"""Arrays of a field's numbers that take the place of NumPy's arrays: rules and emitted text run on them unaltered.

>>> from engine.lifting.verify.field import Field
>>> field = Field(seed=1, levels=2, points=2)
>>> x = Elements(field.random((3,)), field)
>>> same(x * x + x, x * (x + 1.0)), same(x / x, 1.0), same(x, x + 1.0), x.reshape(3, 1).T.shape
(True, True, False, (1, 3))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.lifting.verify.field import Field
from engine.lifting.verify.primes import Residues, U

FUNCTIONS: dict[str, Callable[..., Elements]] = {}  # a ufunc's name -> what it is in a field (filled by `functions`)


def _operator(name: str, *, reflected: bool = False) -> Callable[[Elements, Any], Elements]:
    """Return a function of NumPy's as an operator."""

    def operate(self: Elements, other: Any) -> Elements:
        x, y = self, lift(other, self.field)
        return FUNCTIONS[name](y, x) if reflected else FUNCTIONS[name](x, y)

    return operate


class Elements:
    """An array of a field's numbers; `d` has an axis for levels in front of its own, and one for points behind them."""

    __slots__ = ("d", "field")
    __hash__ = None  # type: ignore[assignment]
    itemsize = 8

    def __init__(self, d: Residues, field: Field) -> None:
        self.d, self.field = d, field

    @property
    def shape(self) -> tuple[int, ...]:
        """As NumPy's."""
        return self.d.shape[1:-1]

    @property
    def ndim(self) -> int:
        """As NumPy's."""
        return self.d.ndim - 2

    def __len__(self) -> int:
        return self.shape[0]

    def __bool__(self) -> bool:
        """Where a text asks whether a number is not zero, it goes the way that is right for any."""
        return False

    @property
    def shallow(self) -> Elements:
        """The same numbers without what exponents need."""
        return self.like(self.d[:1])

    def like(self, d: Residues) -> Elements:
        """Return an array of the same field."""
        return Elements(d, self.field)

    # --- NumPy's functions -----------------------------------------------------------------------------------

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, axis: Any = 0, dtype: Any = None, **_: Any
    ) -> Any:
        if method == "at":
            return inputs[0].add_at(inputs[1], inputs[2])
        if method == "__call__":
            function = FUNCTIONS.get(ufunc.__name__)
            arguments = [lift(x, self.field) for x in inputs]
            result = function(*arguments) if function else self.call(ufunc.__name__, *arguments)
        else:
            result = getattr(lift(inputs[0], self.field), f"_{method}")(ufunc.__name__, *inputs[1:], axis=axis)
        if out is None:
            return result
        if result.ndim > out[0].ndim or (method != "__call__" and out[0].shape != result.shape):
            raise ValueError(f"{ufunc.__name__} gives {result.shape}, its place is {out[0].shape}")
        out[0].write(result)
        return out[0]

    @staticmethod
    def call(op: str, *xs: Any) -> Elements:
        """Return what a function gives of which nothing is known."""
        field = next(x.field for x in xs if isinstance(x, Elements))
        return Elements(field.oracle(op, *aligned(*[lift(x, field) for x in xs])), field)

    def _reduce(self, name: str, *, axis: Any) -> Elements:
        axes = _axes(axis, self.ndim)
        if name == "add":
            return self.like(self.field.reduce(np.add.reduce(self.d, axes)))
        if len(axes) > 1:
            return self._reduce(name, axis=axes[-1] - 1)._reduce(name, axis=tuple([a - 1 for a in axes[:-1]]))
        (a,) = axes
        ranks = self.field.ranks(self.d)
        where = ranks.argmax(a - 1) if name == "maximum" else ranks.argmin(a - 1)
        at = np.broadcast_to(np.expand_dims(where, (0, a)), (len(self.d), *np.expand_dims(where, a - 1).shape))
        whole = np.broadcast_to(self.d, (len(self.d), *ranks.shape))
        return self.like(np.take_along_axis(whole, at, a).squeeze(a))

    def _reduceat(self, name: str, starts: Any, *, axis: int) -> Elements:
        a = axis % self.ndim + 1
        if name == "add":
            return self.like(self.field.reduce(np.add.reduceat(self.d, starts, a)))
        ends = [*starts[1:], self.d.shape[a]]
        runs = [self.like(self.d.take(range(i, j), a))._reduce(name, axis=a - 1) for i, j in zip(starts, ends)]
        return self.like(np.stack([run.d for run in runs], a))

    def add_at(self, index: Any, value: Any) -> None:
        """Add to elements, to one as often as the index says."""
        place = self[index]
        (d,) = aligned(value if isinstance(value, Elements) else lift(value, self.field), ndim=place.d.ndim)
        np.add.at(self.d, (slice(None), *_tuple(index)), np.broadcast_to(d, place.d.shape))
        self.field.reduce(self.d)

    # --- places ----------------------------------------------------------------------------------------------

    def write(self, value: Any, mask: np.ndarray | None = None) -> None:
        """Overwrite all, or where a mask (of this shape and points) holds."""
        (d,) = aligned(lift(value, self.field), ndim=self.d.ndim)
        while d.ndim > self.d.ndim and d.shape[1] == 1:
            d = d[:, 0]
        if mask is None:
            self.d[...] = d[: len(self.d)]
        else:
            np.copyto(self.d, d[: len(self.d)], where=np.broadcast_to(mask, self.d.shape))

    def __getitem__(self, key: Any) -> Elements:
        if key.__class__ is np.ndarray:
            return self.like(self.d.take(key, 1))
        at = (slice(None), *_tuple(key))
        return self.like(self.d[at])

    def __setitem__(self, key: Any, value: Any) -> None:
        mask = mask_of(key)
        if mask is None:
            place = (slice(None), *_tuple(key))
            (d,) = aligned(lift(value, self.field), ndim=self.d[place].ndim)
            self.d[place] = d[: len(self.d)]
            return
        if key.shape != self.shape[: key.ndim]:
            raise IndexError(f"a boolean index of shape {key.shape} for an array of shape {self.shape}")
        self.write(value, mask.reshape(*key.shape, *(1,) * (self.ndim - key.ndim), mask.shape[-1]))

    fill = write

    def copy(self) -> Elements:
        """As NumPy's."""
        return self.like(self.d.copy())

    def item(self, *place: int) -> Elements:
        """Return one number, which stays as it is when the array changes."""
        return self.reshape(-1)[place[0] if place else 0].copy()

    def tolist(self) -> list[Elements]:
        """Return the numbers of a vector, each as it is now."""
        return [self[k].copy() for k in range(len(self))]

    def astype(self, dtype: Any) -> Elements:
        """Return the array itself: numbers are exact."""
        return self

    def reshape(self, *shape: Any) -> Elements:
        """As NumPy's."""
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return self.like(self.d.reshape(self.d.shape[0], *[int(n) for n in wanted], self.d.shape[-1]))

    def transpose(self, *axes: Any) -> Elements:
        """As NumPy's."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple) else axes
        return self.like(self.d.transpose(0, *[a + 1 for a in order], self.d.ndim - 1))

    @property
    def T(self) -> Elements:
        """As NumPy's."""
        return self.transpose(*range(self.ndim - 1, -1, -1))

    def take(self, index: Any, axis: int | None = None, out: Elements | None = None, mode: str = "raise") -> Elements:
        """As NumPy's, but that no index may reach outside."""
        flat, at = self.reshape(-1) if axis is None else self, np.asarray(index)
        if at.size and at.min() < 0:
            raise IndexError(f"take of index {at.min()}")
        result = self.like(flat.d.take(at, (axis or 0) + 1))
        if out is None:
            return result
        if out.shape != result.shape:
            raise ValueError(f"take gives {result.shape}, its place is {out.shape}")
        out.write(result)
        return out

    def dot(self, other: Any, out: Any = None) -> Any:
        """As NumPy's."""
        result = self @ lift(other, self.field)
        if out is None:
            return result
        if out.shape != result.shape or not _c_ordered(out.d):
            raise ValueError("dot writes into a C-ordered array of the result's shape only")
        out.write(result)
        return out

    # --- operators -------------------------------------------------------------------------------------------

    __add__ = __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", reflected=True)
    __mul__ = __rmul__ = _operator("multiply")
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", reflected=True)
    __pow__, __rpow__ = _operator("power"), _operator("power", reflected=True)
    __matmul__ = _operator("matmul")
    __lt__, __gt__ = _operator("less"), _operator("less", reflected=True)
    __le__, __ge__ = _operator("less_equal"), _operator("less_equal", reflected=True)
    __eq__, __ne__ = _operator("equal"), _operator("not_equal")  # type: ignore[assignment]
    __and__, __or__ = _operator("multiply"), _operator("maximum")  # of conditions, which are 0 and 1

    def __neg__(self) -> Elements:
        return subtract(self.like(np.zeros((len(self.d), *(1,) * (self.d.ndim - 1)), U)), self)

    def __iadd__(self, other: Any) -> Elements:
        return self._changed(self + other)

    def __isub__(self, other: Any) -> Elements:
        return self._changed(self - other)

    def _changed(self, result: Elements) -> Elements:
        if result.d.shape[-1] != self.d.shape[-1]:  # what was the same at all points is a number, and no memory
            return result
        self.write(result)
        return self

    def where(self, x: Any, y: Any) -> Elements:
        """Choose, for each element and point."""
        chosen = aligned(lift(x, self.field), lift(y, self.field), ndim=self.d.ndim)
        n = max(d.ndim for d in chosen)
        truth = self.field.truth(self.d)
        return self.like(np.where(truth.reshape((1,) * (n - truth.ndim) + truth.shape), *aligned_to(chosen, n)))


def _c_ordered(d: Residues) -> bool:
    """Whether an array lies as NumPy's `dot` wants its place to: row after row, without gaps."""
    step = d.itemsize * d.shape[-1]
    for n, stride in zip(d.shape[-2:0:-1], d.strides[-2:0:-1]):
        if n > 1 and stride != step:
            return False
        step *= n
    return True


def lift(x: Any, field: Field) -> Elements:
    """Return anything as an array of a field's numbers."""
    if isinstance(x, Elements):
        return x
    if isinstance(x, (float, int)) and not isinstance(x, bool):
        return Elements(field.number(x), field)
    if hasattr(x, "exactly"):
        return Elements(field.number(x.exactly()), field)
    if isinstance(x, list):
        return Elements(np.stack(np.broadcast_arrays(*aligned(*[lift(each, field) for each in x])), 1), field)
    a = np.asarray(x)
    return Elements(field.floats(a) if a.dtype.kind == "f" else field.integers(a), field)


def aligned(*xs: Elements, ndim: int = 0) -> list[Residues]:
    """Return the residues of arrays with axes of length one put in, so that they broadcast as the arrays do."""
    ds = [x.d for x in xs]
    first, last = ds[0], ds[-1]
    if len(ds) < 3 and first.ndim == last.ndim >= ndim and len(first) == len(last):
        return ds
    return aligned_to(ds, max([ndim, *[d.ndim for d in ds]]))


def aligned_to(ds: list[Residues], n: int) -> list[Residues]:
    """Put axes of length one behind that of the levels, and leave out the levels that one of the arrays lacks."""
    levels = min([len(d) for d in ds])
    return [d[:levels] if d.ndim >= n else d[:levels].reshape(levels, *(1,) * (n - d.ndim), *d.shape[1:]) for d in ds]


def mask_of(key: Any) -> np.ndarray | None:
    """Return which elements a boolean index chooses, at every point; None for any other index."""
    if isinstance(key, Elements):
        return key.field.truth(key.d)
    return key[..., None] if isinstance(key, np.ndarray) and key.dtype == bool else None


def same(x: Any, y: Any) -> bool:
    """Whether two results agree at level 0."""
    return not differing(x, y).any()


def differing(x: Any, y: Any) -> np.ndarray:
    """Return which elements of two results differ at some point."""
    field = (x if isinstance(x, Elements) else y).field
    a, b = aligned(lift(x, field), lift(y, field))
    wrong: np.ndarray = (a[0] != b[0]).any(axis=-1)
    return wrong


def add(x: Elements, y: Elements) -> Elements:
    """Sum."""
    return x.like(x.field.add(*aligned(x, y)))


def subtract(x: Elements, y: Elements) -> Elements:
    """Difference."""
    return x.like(x.field.subtract(*aligned(x, y)))


def multiply(x: Elements, y: Elements) -> Elements:
    """Product."""
    return x.like(x.field.multiply(*aligned(x, y)))


def divide(x: Elements, y: Elements) -> Elements:
    """Quotient; 0 where the divisor is 0."""
    return multiply(x, x.like(x.field.reciprocal(y.d)))


def matmul(x: Elements, y: Elements) -> Elements:
    """Product of matrices; a vector is a row on the left, a column on the right."""
    row, column = x.ndim == 1, y.ndim == 1
    a = np.moveaxis(x.d[:, None] if row else x.d, -1, 1)
    b = np.moveaxis(y.d[:, :, None] if column else y.d, -1, 1)
    n = max(a.ndim, b.ndim)
    a, b = (v.reshape(*v.shape[:2], *(1,) * (n - v.ndim), *v.shape[2:]) for v in (a, b))
    d = np.moveaxis(x.field.matmul(a, b), 1, -1)
    d = d[..., 0, :] if column else d
    return x.like(d[:, 0] if row else d)


FUNCTIONS.update({"add": add, "subtract": subtract, "multiply": multiply, "divide": divide, "matmul": matmul})


def _axes(axis: Any, n: int) -> tuple[int, ...]:
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not n and axes == (0,):
        return ()  # NumPy lets an array of no axes be summed over its first
    return tuple([a % n + 1 for a in axes])


def _tuple(key: Any) -> tuple[Any, ...]:
    """Return an index of the array's own axes, which leaves that of the points alone."""
    key = key if isinstance(key, tuple) else (key,)
    return (*key, slice(None)) if any(k is Ellipsis for k in key) else key
