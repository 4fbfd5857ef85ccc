"""Arrays as the compiler sees them: sources, strided views and gathers of them, numbers.

A view has NumPy's vocabulary, on shapes and strides alone, and it never has an axis for the samples:

>>> W = Source("W", (2, 3), "parameter").view
>>> print(W.T, W.T.shape, W[1].shape, W[:, 1:].shape)
W[0; (1, 3)] (3, 2) (3,) (2, 2)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.lifting.distinct import count_distinct
from engine.lifting.quickly_made import quickly_made
from engine.watching.origin import Origin

Indices: TypeAlias = npt.NDArray[np.int64]
Shape: TypeAlias = "tuple[int, ...]"


@quickly_made
@dataclass(frozen=True, eq=False)
class Source:
    """Something that holds an array: a parameter, an input, a constant, or the result of a step.

    `shape` is that of one sample; a batched source has one more, leading axis. A source is itself and no other: names
    are chosen last, for people, and say nothing.
    """

    name: str
    shape: Shape
    kind: str  # "value", "constant", "input", "index", "parameters", "parameter", "gradient" (flat), "slot" (of inputs)
    batched: bool = False
    value: npt.NDArray[Any] | None = None  # of a constant
    dtype: str = "float"  # "float", "bool" or "int"
    role: str = ""  # "z" of a pre-activation, "a" of an activation
    of: Source | None = None  # what this is the cotangent of
    follows: Source | None = None  # what this is a sum of, on the same line: z1 = X @ W1 + b1
    origin: Origin | None = None  # where a result comes from, where that was asked for
    size: int = field(init=False, repr=False)  # number of elements of one sample

    def __post_init__(self) -> None:
        self.__dict__["size"] = math.prod(self.shape)

    def called(self, name: str, **more: Any) -> Source:
        """Return the same array under another name; faster than `dataclasses.replace`."""
        source = object.__new__(Source)
        source.__dict__.update(self.__dict__, name=name, **more)
        return source

    @property
    def view(self) -> View:
        """The view of everything, as it lies."""
        return _view(self, self.shape, 0, contiguous(self.shape))


@quickly_made
@dataclass(frozen=True, eq=False)
class View:
    """Strided elements of a source: element (i, j, ...) is at offset + i * strides[0] + j * strides[1] + ..."""

    source: Source
    shape: Shape
    offset: int
    strides: Shape
    sources: tuple[Source, ...] = field(init=False, repr=False)  # what is read: the source

    def __post_init__(self) -> None:
        self.__dict__["sources"] = (self.source,)
        _stay_inside(self)

    @property
    def batched(self) -> bool:
        """Whether there is a leading batch axis."""
        return self.source.batched

    @property
    def size(self) -> int:
        """Number of elements of one sample."""
        return math.prod(self.shape)

    # --- where the elements are --------------------------------------------------------------------------------

    def positions(self) -> Indices:
        """Return the flat position in the source of every element, in this view's shape."""
        at = np.full(self.shape, self.offset, dtype=np.int64)
        for axis, (size, stride) in enumerate(zip(self.shape, self.strides)):
            at += np.arange(size, dtype=np.int64).reshape([-1 if a == axis else 1 for a in range(at.ndim)]) * stride
        return at

    def span(self) -> tuple[int, int]:
        """Return the first and last element of the source that this reaches."""
        low = high = self.offset
        for n, stride in zip(self.shape, self.strides):
            end = stride * (n - 1)
            if end > 0:
                high += end
            else:
                low += end
        return low, high

    def is_contiguous(self) -> bool:
        """Whether the elements follow one another in the source."""
        usual = contiguous(self.shape)
        return self.strides == usual or all(n == 1 or a == b for n, a, b in zip(self.shape, self.strides, usual))

    def is_whole(self) -> bool:
        """Whether this is all of the source, in its own shape."""
        return not self.offset and self.shape == self.source.shape and self.is_contiguous()

    def is_transposed(self) -> bool:
        """Whether the last axis is the slower one in the source."""
        return self.shape[-1] > 1 and self.shape[-2] > 1 and abs(self.strides[-1]) > abs(self.strides[-2])

    def overlaps(self) -> bool:
        """Whether two elements are one in the source, as in sliding windows."""
        reached = 0  # by the axes of smaller strides: an axis that steps over all of that meets nothing twice
        for stride, n in sorted([(abs(stride), n) for n, stride in self.axes if n > 1]):
            if stride <= reached:
                return not all_distinct(self.positions())
            reached += stride * (n - 1)
        return False

    # --- other views of the same elements ----------------------------------------------------------------------

    @property
    def T(self) -> View:
        """The view with its last two axes exchanged."""
        return self._with([*self.axes[:-2], self.axes[-1], self.axes[-2]])

    @property
    def axes(self) -> list[tuple[int, int]]:
        """Length and stride of each axis."""
        return list(zip(self.shape, self.strides))

    def _with(self, axes: Sequence[tuple[int, int]]) -> View:
        """Return the same elements, or some of them, along other axes."""
        shape, strides = zip(*axes) if axes else ((), ())
        return _view(self.source, shape, self.offset, strides)

    def squeeze(self, axis: int | None = None) -> View:
        """Drop all axes of length one, or that one."""
        if axis is not None:
            axis %= len(self.shape)
            return self._with([*self.axes[:axis], *self.axes[axis + 1 :]])
        return self._with([a for a in self.axes if a[0] > 1]) if 1 in self.shape else self

    def expand_dims(self, axis: int) -> View:
        """Put in an axis of length one; -1 puts it last."""
        axis %= len(self.shape) + 1
        return self._with([*self.axes[:axis], (1, 0), *self.axes[axis:]])

    def broadcast_to(self, shape: Shape) -> View:
        """Repeat along axes of length one."""
        return View(self.source, shape, self.offset, tuple([0 if n == 1 else s for n, s in self.axes]))

    def reshape(self, shape: Shape) -> View:
        """Return the elements in another shape: axes of length one come and go, contiguous ones are cut anew.

        Raises
        ------
        ValueError
            If only a copy has that shape.
        """
        if shape == self.shape:
            return self
        strides = iter([stride for n, stride in self.axes if n > 1])
        if [n for n in shape if n > 1] == [n for n in self.shape if n > 1]:
            return self._with([(n, next(strides) if n > 1 else 0) for n in shape])
        if not self.is_contiguous() or math.prod(shape) != self.size:
            raise ValueError(f"{self} of shape {self.shape} is no view of shape {shape}; copy it first.")
        return self._with(list(zip(shape, contiguous(shape))))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> View:
        """Return a part: numbers drop an axis, slices (without steps) shorten one."""
        indices = index if isinstance(index, tuple) else (index,)
        offset, axes = self.offset, []
        for at, (n, stride) in zip(indices, self.axes):
            start, stop, _ = (at if isinstance(at, slice) else slice(at, at + 1)).indices(n)
            offset += start * stride
            axes += [(stop - start, stride)] if isinstance(at, slice) else []
        axes += self.axes[len(indices) :]
        return View(self.source, tuple([n for n, _ in axes]), offset, tuple([stride for _, stride in axes]))

    def unrepeated(self) -> tuple[View, Shape]:
        """Drop the axes along which elements repeat: the rest, and which axes of the squeezed view were dropped."""
        if 1 not in self.shape and 0 not in self.strides:
            return self, ()
        axes = self.squeeze().axes
        repeated = tuple([a for a, (_, stride) in enumerate(axes) if stride == 0])
        return self._with([axis for a, axis in enumerate(axes) if a not in repeated]), repeated

    def on(self, source: Source, shift: int = 0) -> View:
        """Return the same places of another source, or as many elements further."""
        if shift or source.shape != self.source.shape:
            return View(source, self.shape, self.offset + shift, self.strides)
        return _view(source, self.shape, self.offset, self.strides)  # it stays inside as this does

    def __str__(self) -> str:
        return self.source.name if self.is_whole() else f"{self.source.name}[{self.offset}; {self.strides}]"


def _view(source: Source, shape: Shape, offset: int, strides: Shape) -> View:
    """Return a view that is known to stay inside its source, as one that was checked does; most views are such."""
    view = object.__new__(View)
    held = view.__dict__
    held["source"], held["sources"] = source, (source,)
    held["shape"], held["offset"], held["strides"] = shape, offset, strides
    return view


@quickly_made
@dataclass(frozen=True, eq=False)
class Gather:
    """Elements of a source picked by an index array; `chosen` says how an integer input moves the index.

    Element m is at index[m] + stride * chosen[m], where `chosen` is a view of an integer input.
    """

    source: Source
    shape: Shape
    index: Indices
    chosen: View | None = None
    stride: int = 0
    distinct: bool = False  # whether no two elements can be the same
    reach: int = 0  # how far `chosen` can move an element from its index

    def __post_init__(self) -> None:
        _stay_inside(self)

    def span(self) -> tuple[int, int]:
        """Return the first and last element of the source that this can reach."""
        return int(self.index.min()) + min(0, self.reach), int(self.index.max()) + max(0, self.reach)

    @property
    def batched(self) -> bool:
        """Whether there is a leading batch axis."""
        return self.source.batched or (self.chosen is not None and self.chosen.batched)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is read: the source, and the integers that choose from it."""
        return (self.source,) if self.chosen is None else (self.source, self.chosen.source)

    @property
    def rearranges(self) -> bool:
        """Whether every element of the source is read once, at the same place whatever the inputs are."""
        return self.chosen is None and self.distinct and self.index.size == self.source.size

    def on(self, source: Source) -> Gather:
        """Return the same places of another source."""
        return replace(self, source=source)

    def __str__(self) -> str:
        return f"{self.source.name}[gather]"


@quickly_made
@dataclass(frozen=True)
class Literal:
    """One number, written out; `batch_power` 1 or -1 multiplies or divides it by the batch's size."""

    value: float
    batch_power: int = 0
    batched: bool = False
    shape: Shape = ()
    sources: tuple[Source, ...] = ()

    def __str__(self) -> str:
        base = repr(self.value)
        return base if not self.batch_power else f"{base} / N" if self.batch_power < 0 else f"{base} * N"


Operand: TypeAlias = "View | Gather | Literal"


def _stay_inside(x: View | Gather) -> None:
    """Refuse what reaches outside its source: no text is written that could read or write there."""
    if 0 in x.shape:
        return
    low, high = x.span() if x.shape or isinstance(x, Gather) else (x.offset, x.offset)
    if not 0 <= low <= high < x.source.size:
        raise IndexError(
            f"A view of {x.source.name} reaches from element {low} to {high} of {x.source.size}. "
            "This is an error in liftgrad; please report it with the function that was lifted."
        )


@lru_cache(maxsize=4096)
def contiguous(shape: Shape) -> Shape:
    """Return the strides, in elements, of a C-ordered array: (12, 4, 1) of shape (2, 3, 4)."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return tuple(strides)


def all_distinct(index: Indices) -> bool:
    """Whether no two entries are the same."""
    return count_distinct(index) == index.size
