"""Views as NumPy expressions: ``z1[:, :16]``, ``s1[:, None]``, ``W1.T``; each is tried before it is used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.lifting.ir import View, contiguous


def view_text(name: str, view: View, exact: bool = False) -> str:
    """Return the expression for a view of the array called `name`; axes of stride 0 are left to broadcasting.

    `exact` keeps leading axes of length one, which a matrix product counts and broadcasting does not need.

    >>> from engine.lifting.ir import Source
    >>> s = Source("z", (4, 6), "value", batched=True)
    >>> view_text("z", View(s, (4, 3), 3, (6, 1)))
    'z[:, :, 3:]'
    >>> view_text("W", View(Source("W", (4, 6), "parameter"), (6, 4), 0, (1, 6)))
    'W.T'
    """
    if view.is_whole():
        return name
    for dims in (view.source.shape, _refined(view)):
        if dims is not None:
            text = _indexed(name, view, dims, exact)
            if text is not None and _is_right(name, text, view):
                return text
    return _strided(name, view)


def _refined(view: View) -> tuple[int, ...] | None:
    """Return the source's shape split where the view's strides need it, or None."""
    size = view.source.size
    edges = {1, size}
    for n, stride in zip(view.shape, view.strides):
        if stride > 0 and n > 1:
            edges |= {stride} | ({stride * n} if size % (stride * n) == 0 else set())
    ordered = sorted(edges)
    if any(b % a for a, b in zip(ordered, ordered[1:])):
        return None
    return tuple(b // a for a, b in reversed(list(zip(ordered, ordered[1:]))))


def _owners(view: View, dims: tuple[int, ...]) -> dict[int, int] | None:
    """Return which axis of the view runs along each axis of `dims`, or None if one runs along none."""
    steps = contiguous(dims)
    owner: dict[int, int] = {}
    for axis, (n, stride) in enumerate(zip(view.shape, view.strides)):
        if n == 1 or stride == 0:
            continue
        fits = [a for a, s in enumerate(steps) if s == stride and dims[a] >= n and a not in owner]
        if not fits:
            return None
        owner[fits[0]] = axis
    return owner


@dataclass(frozen=True)
class Box:
    """The part of an array that a view is: the array's shape, where the part starts, how long it is along each axis.

    `order` holds the view's axes (those longer than one) in the array's order.
    """

    dims: tuple[int, ...]
    start: tuple[int, ...]
    sizes: tuple[int, ...]
    order: tuple[int, ...]


def box(view: View) -> Box | None:
    """Return the box that a view without repetition is in its source, reshaped if need be; None if it is none.

    >>> from engine.lifting.ir import Source
    >>> box(View(Source("z", (4, 6), "value"), (3, 4), 3, (1, 6)))
    Box(dims=(4, 6), start=(0, 3), sizes=(4, 3), order=(1, 0))
    """
    for dims in (view.source.shape, _refined(view)):
        owner = None if dims is None else _owners(view, dims)
        if dims is None or owner is None:
            continue
        start = tuple([int(i) for i in np.unravel_index(view.offset, dims)]) if dims else ()
        sizes = tuple([view.shape[owner[a]] if a in owner else 1 for a in range(len(dims))])
        part = np.arange(view.source.size).reshape(dims)[tuple([slice(i, i + n) for i, n in zip(start, sizes)])]
        if part.size == math.prod(view.shape) and np.array_equal(np.sort(view.positions(), None), np.sort(part, None)):
            return Box(dims, start, sizes, tuple([owner[a] for a in sorted(owner)]))
    return None


def _indexed(name: str, view: View, dims: tuple[int, ...], exact: bool) -> str | None:
    """Return `name` reshaped to `dims`, sliced, turned and with new axes; None if that cannot give the view."""
    start = np.unravel_index(view.offset, dims) if dims else ()
    owner = _owners(view, dims)
    if owner is None:
        return None
    index = []
    for a, size in enumerate(dims):
        first = int(start[a])
        if a not in owner:
            index.append(str(first))
            continue
        last = first + view.shape[owner[a]]
        if last > size:
            return None
        index.append(f"{first or ''}:{last if last < size else ''}")
    batch = view.source.batched
    text = name
    if dims != view.source.shape:
        text += f".reshape({', '.join(map(str, (('N',) if batch else ()) + dims))})"
    while index and index[-1] == ":":
        index.pop()
    if index and not owner and not batch:
        index.append("...")  # an array of no axes, which can be written to, in place of a number
    if index:
        text += f"[{', '.join(([':'] if batch else []) + index)}]"
    return _axes(text, [owner[a] for a in sorted(owner)], view, exact)


def _axes(text: str, order: list[int], view: View, exact: bool) -> str | None:
    """Turn the axes into the view's order and put new ones where the view repeats or has length one."""
    batch = view.source.batched
    if order != sorted(order):
        places = [sorted(order).index(a) for a in order]
        turn = [places.index(k) for k in range(len(order))]
        if turn == [1, 0] and not batch:
            text += ".T"
        else:
            axes = ([0] if batch else []) + [t + batch for t in turn]
            text += f".transpose({', '.join(map(str, axes))})"
    present = set(order)
    if len(present) == len(view.shape):
        return text
    marks = [":" if a in present else "None" for a in range(len(view.shape))]
    while marks and marks[-1] == ":":
        marks.pop()
    if not batch and not exact:
        while marks and marks[0] == "None":
            marks.pop(0)  # broadcasting puts leading axes there by itself
        if not marks:
            return text
    return text + f"[{', '.join(([':'] if batch else []) + marks)}]"


def _strided(name: str, view: View) -> str:
    batch = view.source.batched
    shape = tuple_text([*(["N"] if batch else []), *view.shape])
    strides = tuple_text([*([view.source.size] if batch else []), *view.strides])
    return f"strided({name}, {view.offset}, {shape}, {strides})"


def tuple_text(items: Sequence[object]) -> str:
    """Return a tuple as Python writes it.

    >>> tuple_text(["N"]), tuple_text([2, 3]), tuple_text([])
    ('(N,)', '(2, 3)', '()')
    """
    return f"({', '.join(map(str, items))}{',' if len(items) == 1 else ''})"


def _is_right(name: str, text: str, view: View) -> bool:
    """Whether the expression, run on an array of positions, gives the view's positions."""
    batch = view.source.batched
    n = 2 if batch else 1
    array = np.arange(n * view.source.size).reshape(((n,) if batch else ()) + view.source.shape)
    try:
        got = eval(text, {name: array, "N": n})  # text of our own, on an array of our own
        shape = ((n,) if batch else ()) + view.shape
        if got.ndim > len(shape):
            return False
        got = np.broadcast_to(got, shape)
    except (IndexError, ValueError):
        return False
    want = view.positions()
    return bool((got == (np.stack([want + k * view.source.size for k in range(n)]) if batch else want)).all())
