"""Views as expressions: ``z1[:, :16]``, ``s1[:, None]``, ``W1.T``, printed from what a view is of its array.

Every view is found to be, if it can be, the array reshaped, a box cut out of it, its axes in another order, and new
axes where the view repeats or has length one.  Each of these is a piece of the text, the same for NumPy and for JAX.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from engine.lifting.views import Shape, Source, View, contiguous


@dataclass(frozen=True)
class Part:
    """What a view is of its array.

    Attributes
    ----------
    dims
        The shape that the array is given, for one sample.
    start, sizes
        Where the box begins along each axis of `dims`, and how long it is.
    along
        The axis of the view that runs along each axis of `dims`; None where the view stays at one place.
    """

    dims: tuple[int, ...]
    start: tuple[int, ...]
    sizes: tuple[int, ...]
    along: tuple[int | None, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """The view's axes that are the array's, in the array's order; the others are new."""
        return tuple([a for a in self.along if a is not None])


def part_of(view: View) -> Part | None:
    """Return what a view is of its array; None if it steps through it in another way.

    >>> from engine.lifting.views import Source
    >>> part_of(View(Source("z", (4, 6), "value"), (3, 4), 3, (1, 6)))
    Part(dims=(4, 6), start=(0, 3), sizes=(4, 3), along=(1, 0))
    """
    return _part(view.source.shape, view.shape, view.offset, view.strides)


@lru_cache(maxsize=4096)  # most views are of small arrays, each like many others
def _part(array: Shape, shape: Shape, offset: int, strides: Shape) -> Part | None:
    for dims in (array, _refined(math.prod(array), shape, strides)):
        along = None if dims is None else _along(shape, strides, dims)
        if dims is None or along is None:
            continue
        start = tuple([int(i) for i in np.unravel_index(offset, dims)]) if dims else ()
        sizes = tuple([1 if a is None else shape[a] for a in along])
        if all(first + n <= length for first, n, length in zip(start, sizes, dims)):
            return Part(dims, start, sizes, along)
    return None


def _refined(size: int, shape: Shape, strides: Shape) -> Shape | None:
    """Return an array's shape split where a view's strides need it, or None."""
    edges = {1, size}
    for n, stride in zip(shape, strides):
        if stride > 0 and n > 1:
            edges |= {stride} | ({stride * n} if size % (stride * n) == 0 else set())
    ordered = sorted(edges)
    if any(b % a for a, b in zip(ordered, ordered[1:])):
        return None
    return tuple(b // a for a, b in reversed(list(zip(ordered, ordered[1:]))))


def _along(shape: Shape, strides: Shape, dims: Shape) -> tuple[int | None, ...] | None:
    """Return which axis of a view runs along each axis of `dims`, or None if one runs along none."""
    along: list[int | None] = [None] * len(dims)
    for axis, (n, stride) in enumerate(zip(shape, strides)):
        if n == 1 or stride == 0:
            continue
        steps = zip(contiguous(dims), dims)
        fits = [a for a, (step, length) in enumerate(steps) if step == stride and length >= n and along[a] is None]
        if not fits:
            return None
        along[fits[0]] = axis
    return tuple(along)


def view_text(name: str, view: View, exact: bool = False, use: Callable[[str], str] = str) -> str | None:
    """Return the expression for a view of the array called `name`, or None where only its strides or indices say it.

    Axes of stride 0 are left to broadcasting. `exact` keeps leading axes of length one, which a matrix product counts
    and broadcasting does not need; `use` is told of the number of samples, where the text mentions it.

    >>> from engine.lifting.views import Source
    >>> s = Source("z", (4, 6), "value", batched=True)
    >>> view_text("z", View(s, (4, 3), 3, (6, 1)))
    'z[:, :, 3:]'
    >>> view_text("W", View(Source("W", (4, 6), "parameter"), (6, 4), 0, (1, 6)))
    'W.T'
    """
    if view.is_whole():
        return name
    shape, offset, strides = view.shape, view.offset, view.strides
    behind, mentions_samples = _behind(view.source.shape, view.source.batched, shape, offset, strides, exact)
    if mentions_samples:
        use("N")
    return None if behind is None else name + behind


@lru_cache(maxsize=4096)
def _behind(
    array: Shape, batched: bool, shape: Shape, offset: int, strides: Shape, exact: bool
) -> tuple[str | None, bool]:
    """Return what stands behind an array's name for a view of it, and whether that mentions the number of samples."""
    view, used = View(Source("", array, "value", batched), shape, offset, strides), set[str]()

    def use(name: str) -> str:
        used.add(name)
        return name

    part = part_of(view)
    if part is not None:
        return _cut(part, view, use) + _new_axes(part, view, exact), bool(used)
    stretch = _stretch(view)
    behind = None if stretch is None else view_text(stretch.source.name, stretch, exact, use)
    return behind, bool(used)


def _stretch(view: View) -> View | None:
    """Return a view of a flat array as one of the stretch that it lies in, called by where that is; None if it cannot.

    >>> from engine.lifting.views import Source
    >>> view_text("w", View(Source("w", (11,), "parameters"), (3, 2), 4, (1, 3)))
    'w[4:10].reshape(2, 3).T'
    """
    source, start = view.source, view.offset
    size = math.prod([n for n, stride in view.axes if stride])
    if view.batched or len(source.shape) != 1 or view.span() != (start, start + size - 1):
        return None
    part = replace(source, name=f"[{start or ''}:{start + size}]", shape=(size,))
    stretch = View(part, view.shape, 0, view.strides)
    return stretch if part_of(stretch) is not None else None


def view_pieces(view: View) -> tuple[list[str], Shape] | None:
    """Return what is written behind an array's name for a view of it, piece by piece, and the shape of one sample.

    Axes of stride 0 have length one, and are not there where broadcasting puts them in by itself; None where only
    strides or indices say what a view is.

    >>> from engine.lifting.views import Source
    >>> view_pieces(View(Source("z", (4, 6), "value", batched=True), (3, 2, 4), 3, (1, 0, 6)))
    (['[:, :, 3:]', '.transpose(0, 2, 1)', '[:, :, None]'], (3, 1, 4))
    """
    if view.is_whole():
        return [], view.shape
    part = part_of(view)
    if part is None:
        return None
    cut = [_reshaped(part, view, str), _box(part, view.batched).replace(", ...]", "]"), _ordered(part, view.batched)]
    shape = tuple([n if a in part.order else 1 for a, n in enumerate(view.shape)])
    if not view.batched:
        leading = next((a for a in range(len(shape)) if a in part.order), len(shape))
        shape = shape[leading:]
    return [piece for piece in (*cut, _new_axes(part, view, False)) if piece], shape


def part_text(view: View) -> str:
    """Return what is written behind the name of an array for a view of it, but for axes that broadcasting puts in.

    >>> from engine.lifting.views import Source
    >>> part_text(View(Source("W", (4, 1), "parameter"), (1, 4), 0, (0, 1)))
    '[:, 0]'
    """
    part = part_of(view)
    return "[...]" if part is None else _cut(part, view, str).replace(", ...]", "]")


def _cut(part: Part, view: View, use: Callable[[str], str]) -> str:
    """Return the reshaping, the slices and the exchange of axes that make a part of an array."""
    return _reshaped(part, view, use) + _box(part, view.batched) + _ordered(part, view.batched)


def _reshaped(part: Part, view: View, use: Callable[[str], str]) -> str:
    """Return the reshaping of the array, if the part is cut from another shape than its own."""
    if part.dims == view.source.shape:
        return ""
    return f".reshape({', '.join([*([use('N')] if view.batched else []), *map(str, part.dims)])})"


def _box(part: Part, batched: bool) -> str:
    """Return the slices and places that cut the box out."""
    index = []
    for axis, first, size, length in zip(part.along, part.start, part.sizes, part.dims):
        last = first + size
        index.append(str(first) if axis is None else f"{first or ''}:{last if last < length else ''}")
    while index and index[-1] == ":":
        index.pop()
    if index and not part.order and not batched:
        index.append("...")  # an array of no axes, which can be written to, in place of a number
    return f"[{', '.join([':'] * batched + index)}]" if index else ""


def _ordered(part: Part, batched: bool) -> str:
    """Return the exchange of axes that puts them into the view's order."""
    order, wanted = part.order, sorted(part.order)
    if list(order) == wanted:
        return ""
    axes = [order.index(a) for a in wanted]
    if axes == [1, 0] and not batched:
        return ".T"
    return f".transpose({', '.join(map(str, [0] * batched + [a + batched for a in axes]))})"


def _new_axes(part: Part, view: View, exact: bool) -> str:
    """Return the index that puts an axis of length one where the view repeats, or has that length."""
    marks = [":" if a in part.order else "None" for a in range(len(view.shape))]
    if "None" not in marks:
        return ""
    while marks and marks[-1] == ":":
        marks.pop()
    if not view.batched and not exact:
        while marks and marks[0] == "None":
            marks.pop(0)  # broadcasting puts leading axes there by itself
    return f"[{', '.join([':'] * view.batched + marks)}]" if marks else ""


def tuple_text(items: Sequence[object]) -> str:
    """Return a tuple as Python writes it.

    >>> tuple_text(["N"]), tuple_text([2, 3]), tuple_text([])
    ('(N,)', '(2, 3)', '()')
    """
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"
