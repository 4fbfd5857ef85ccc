"""A step as an equation of whole arrays, in NumPy's words, axes and broadcasting: ``dz1 = dz2 @ W2.T * (1 - a1 * a1)``.

Every expression comes with the shape that it has, so that an axis which broadcasting does not put in by itself is
written. What no slice, reshaping or exchange of axes says has no such form; `index_form` says anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from engine.lifting.emit.views import part_of, tuple_text, view_pieces
from engine.lifting.emit.writer import reduced_axes
from engine.lifting.expr import SUFFIX, Expr, suffixed
from engine.lifting.index_arrays import affine
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Shape, Source, View

Inlined: TypeAlias = Mapping[Source, Expr]
SAMPLES = -1  # the length of the samples' axis, in a shape
WORDS = ("softmax", "logsumexp")
NOT_WHOLE = ("repeat", "segment_sum", "segment_max", "scatter")


class Array(NamedTuple):
    """An expression, and the shape that it has."""

    expr: Expr
    shape: Shape


def has_matrix_form(step: Step) -> bool:
    """Whether a step is an equation of whole arrays."""
    if step.starts is not None or (step.op in NOT_WHOLE and step.op != "scatter"):
        return False
    places = step.operands[0] if step.op == "scatter" else None
    if isinstance(places, Gather):
        return chosen_rows(places) is not None and all(map(_is_part, step.operands[1:]))
    target = step.target
    written = _is_part(target) and not target.overlaps() and (target.size == target.source.size or _is_cut(target))
    return written and all(map(_is_part, step.operands))


def _is_part(x: Operand) -> bool:
    """Whether an operand is said by slices, or by all of its array in another shape; not by slices of such a shape."""
    if isinstance(x, Gather):
        return chosen_rows(x) is not None
    if isinstance(x, Literal) or x.is_whole():
        return True
    pieces = view_pieces(x)
    return pieces is not None and not (len(pieces[0]) > 1 and pieces[0][0].startswith(".reshape"))


def _is_cut(target: View) -> bool:
    """Whether a part is written to as slices of its array, as that lies."""
    pieces = view_pieces(target.squeeze())
    return pieces is not None and all(piece.startswith("[") for piece in pieces[0])


# --- operands ------------------------------------------------------------------------------------------------------


def written_number(x: Literal) -> Expr:
    """Return a number as it is written: as the float that it is, or as the fraction that this is nearest to.

    >>> print(written_number(Literal(0.1)), written_number(Literal(-1.0 / 12.0)), written_number(Literal(1.0, -1)))
    0.1 -1 / 12 1 / N
    """
    value = _float(x.value)
    if not x.batch_power:
        return value
    return Expr(None, "divide" if x.batch_power < 0 else "multiply", (value, Expr("N")))


def _float(x: float) -> Expr:
    size = abs(float(x))
    if not size and math.copysign(1.0, x) < 0:
        return Expr("-0.0")
    text = f"{size:g}" if float(f"{size:g}") == size else repr(size)
    signed = Expr(None, "negative", (Expr(text),)) if math.copysign(1.0, x) < 0 else Expr(text)
    if len(text) > 8 and math.isfinite(size):
        fraction = Fraction(float(x)).limit_denominator(1000)
        if fraction.denominator == 1 and fraction == x:
            return Expr(f"{x:.0f}")
        if fraction.numerator / fraction.denominator == x:
            return Expr(None, "divide", (_float(float(fraction.numerator)), Expr(str(fraction.denominator))))
    return signed


def array_of(x: Operand, inlined: Inlined) -> Array:
    """Return an operand."""
    if isinstance(x, Literal):
        return Array(written_number(x), ())
    known = inlined.get(x.source, Expr(x.source.name))
    if x.source in inlined and is_number(x.source):
        return Array(known, ())
    if isinstance(x, Gather):
        return _rows(known, x)
    pieces = view_pieces(x)
    assert pieces is not None, x
    for piece in pieces[0]:
        known = suffixed(known, piece)
    return Array(known, (*_lead(x), *pieces[1]))


def _lead(x: View | Gather | Source) -> Shape:
    return (SAMPLES,) if x.batched else ()


def is_number(source: Source) -> bool:
    """Whether an array is one written_number, the value of whose equation is that and not an array."""
    return source.size == 1 and not source.batched


class Rows(NamedTuple):
    """Places that an index along the first axes says: a row per sample or position, an element of each row."""

    along: tuple[str | View, ...]  # of each leading axis: a written_number, ``arange(n)``, or chosen integers
    shape: Shape  # of the places: the axis of those, and whole axes behind it


def chosen_rows(x: Gather) -> Rows | None:
    """Return rows or elements that integers choose, if that is what a gather's places are.

    >>> from engine.lifting.index_arrays import as_view
    >>> from engine.lifting.views import Source
    >>> import numpy as np
    >>> table, t = Source("table", (5, 3), "parameter"), Source("t", (2,), "index")
    >>> rows = chosen_rows(Gather(table, (2, 3), np.array([[0, 1, 2], [0, 1, 2]]), View(t, (2, 3), 0, (1, 0)), 3))
    >>> len(rows.along), rows.shape
    (1, (2, 3))
    """
    as_affine = affine(x.index) if x.index.size else None
    if x.chosen is None or as_affine is None or (x.source.batched and x.shape):
        return None
    shape, axis = x.source.shape, _moved_axis(x)
    if axis is None:
        return None
    behind = shape[axis + 1 :]
    lead = x.shape[: len(x.shape) - len(behind)]
    wanted = tuple([math.prod(behind[k + 1 :]) for k in range(len(behind))])
    if x.shape[len(lead) :] != behind or tuple(as_affine[1][len(lead) :]) != wanted or len(lead) + x.chosen.batched > 1:
        return None
    if any(stride for n, stride in x.chosen.axes[len(lead) :] if n > 1) or len(x.chosen.shape) != len(x.shape):
        return None
    integers = View(x.chosen.source, x.chosen.shape[: len(lead)], x.chosen.offset, x.chosen.strides[: len(lead)])
    pieces = view_pieces(integers)
    index = _leading(x, axis, as_affine, lead, integers)
    return None if pieces is None or index is None else Rows(index, (*_lead(x), *lead, *behind))


def _moved_axis(x: Gather) -> int | None:
    steps = [math.prod(x.source.shape[a + 1 :]) for a in range(len(x.source.shape))]
    fitting = [a for a, (step, n) in enumerate(zip(steps, x.source.shape)) if step == x.stride and n > x.reach // step]
    return fitting[0] if fitting and x.stride > 0 else None


def _leading(
    x: Gather, axis: int, as_affine: tuple[int, Shape], lead: Shape, integers: View
) -> tuple[str | View, ...] | None:
    """Return the index along each axis up to the one along which integers choose."""
    shape, (offset, strides) = x.source.shape, as_affine
    steps = [math.prod(shape[a + 1 :]) for a in range(axis + 1)]
    first = [offset // step % n for step, n in zip(steps, shape)]
    if first[axis] or (lead and integers.size != math.prod(lead)):
        return None
    index: list[str | View] = [*map(str, first[:axis]), integers]
    if lead and strides[0]:
        if strides[0] not in steps[:axis] or (at := steps.index(strides[0])) != axis - 1:
            return None
        stop = first[at] + lead[0]
        if stop > shape[at]:
            return None
        index[at] = f"arange({first[at]}, {stop})" if first[at] else f"arange({stop})"
    elif lead and not any(stride for n, stride in integers.axes if n > 1) and lead != (1,):
        return None
    return ("arange(N)", *index) if x.source.batched else tuple(index)


def _rows(known: Expr, x: Gather) -> Array:
    rows = chosen_rows(x)
    assert rows is not None, x
    index = [i if isinstance(i, str) else str(array_of(i, {}).expr) for i in rows.along]
    return Array(suffixed(known, f"[{', '.join(index)}]"), rows.shape)


# --- shapes --------------------------------------------------------------------------------------------------------


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the shape that arrays have together.

    >>> broadcast([(SAMPLES, 3), (1,), ()])
    (-1, 3)
    """
    ndim = max(map(len, shapes), default=0)
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    return tuple([next((n for n in lengths if n != 1), 1) for lengths in zip(*padded)])


def with_shape(x: Array, shape: Shape) -> Array:
    """Return an array in a shape that it has but for axes of length one, or that it is repeated in."""
    if x.shape == shape:
        return x
    if _without_ones(x.shape) == _without_ones(shape):
        return placed_as(x, shape)
    lengths = Expr(tuple_text(["N" if n == SAMPLES else n for n in shape]))
    return Array(Expr(None, "broadcast_to", (x.expr, lengths)), shape)


def _without_ones(shape: Shape) -> Shape:
    return tuple([n for n in shape if n != 1])


def _text(shape: Shape) -> str:
    return ", ".join("N" if n == SAMPLES else str(n) for n in shape)


def _all_of(x: Operand, inlined: Inlined) -> Array:
    """Return an operand with all of its axes, which a product or a sum counts."""
    read = array_of(x, inlined)
    return read if isinstance(x, Literal) else with_shape(read, (*_lead(x), *x.shape))


# --- the right side ------------------------------------------------------------------------------------------------


def right_side(step: Step, inlined: Inlined) -> Array:
    """Return what a step computes, with the shape of its target or of what is broadcast to that."""
    if step.op in ("product", "ragged_product", "batched_product"):
        return _product(_all_of(step.operands[0], inlined), _all_of(step.operands[1], inlined))
    if step.op == "summed_product":
        return _summed(step, inlined)
    if step.op in ("sum", "max", *WORDS):
        return _reduced(step, inlined)
    if step.op == "outer":
        return _outer(step, inlined)
    values = step.operands[1:] if step.op == "scatter" else step.operands
    shape = step.gather().shape if step.op == "scatter" else step.target.shape
    arrays = [array_of(_aligned(x, shape), inlined) for x in values]
    together = broadcast([x.shape for x in arrays])
    exprs = [x.expr for x in arrays]
    if step.op in ("copy", "fill", "gather", "scatter"):
        return arrays[0]
    if step.op == "square":
        return Array(Expr(None, "power", (exprs[0], Expr("2"))), together)
    op = "power" if step.op == "power_constant" else step.op
    return Array(Expr(None, op, (*exprs, *[written_number(Literal(x)) for x in step.fixed])), together)


def _aligned(x: Operand, shape: Shape) -> Operand:
    """Return an operand with the axes of its step's result."""
    if isinstance(x, View) and len(_without_ones(x.shape)) == len(_without_ones(shape)):
        return x.reshape(shape)
    return x


def _product(a: Array, b: Array) -> Array:
    shape = (*broadcast([a.shape[:-2], b.shape[:-2]]), *a.shape[-2:-1], *b.shape[-1:])
    if len(a.shape) == 1 or len(b.shape) == 1:
        shape = (*a.shape[:-1], *b.shape[-1:]) if len(b.shape) > 1 else a.shape[:-1]
        shape = (*b.shape[:-2], *b.shape[-1:]) if len(a.shape) == 1 and len(b.shape) > 1 else shape
    return Array(Expr(None, "matmul", (a.expr, b.expr)), shape)


def _summed(step: Step, inlined: Inlined) -> Array:
    """P.T @ Q summed over the samples, whose rows are one long axis where each has one."""
    p, q = step.view(0), step.view(1)
    if p.batched and q.batched and p.shape[0] == 1:
        a, b = _all_of(p.squeeze(0), inlined), _all_of(q.squeeze(0), inlined)
        return Array(Expr(None, "matmul", (suffixed(a.expr, ".T"), b.expr)), (a.shape[1], b.shape[1]))
    a, b = _all_of(p.T, inlined), _all_of(q, inlined)
    product = Expr(None, "matmul", (a.expr, b.expr))
    return Array(suffixed(product, ".sum(axis=0)"), (p.shape[-1], q.shape[-1]))


def _outer(step: Step, inlined: Inlined) -> Array:
    """Every element of one by every element of the other."""
    a, b = (array_of(x, inlined) for x in step.operands)
    shape = broadcast([a.shape, b.shape])
    vectors = [_without_ones(x.shape) for x in (a, b)]
    if [len(x) for x in vectors] == [1, 1] and _without_ones(shape) == vectors[0] + vectors[1] and a.shape[-1:] == (1,):
        views = [step.view(k).squeeze() for k in (0, 1)]
        x, y = (array_of(view, inlined) for view in views)
        if [x.shape, y.shape] == vectors:
            return Array(Expr(None, "outer", (x.expr, y.expr)), vectors[0] + vectors[1])
    return Array(Expr(None, "multiply", (a.expr, b.expr)), shape)


def _reduced(step: Step, inlined: Inlined) -> Array:
    """A sum or a maximum over axes, counted from the end but for the first; or a word for several operations."""
    x, axes = _all_of(step.view(), inlined), reduced_axes(step)
    counted = [axis and axis - len(x.shape) for axis in axes]
    along = "" if len(axes) == len(x.shape) else f"axis={counted[0] if len(counted) == 1 else tuple(counted)}"
    rest = tuple([n for a, n in enumerate(x.shape) if a not in axes])
    if step.op not in WORDS:
        turned = x.expr.op == SUFFIX and x.expr.leaf == ".T" and len(x.shape) == 2 and len(axes) == 1
        if turned:  # each row of a matrix that lies on its side is a column
            return Array(suffixed(x.expr.args[0], f".{step.op}(axis={1 - axes[0] and -1})"), rest)
        return Array(suffixed(x.expr, f".{step.op}({along})"), rest)
    word = Expr(None, step.op, (x.expr, *([Expr(along)] if along else [])))
    return Array(word, x.shape if step.op == "softmax" else rest)


# --- the left side -------------------------------------------------------------------------------------------------


def placed(x: Array, target: View) -> Array:
    """Return the value of a whole source, of what a step computes for a view of all of it."""
    source, wanted = target.source, (*_lead(target), *target.source.shape)
    if is_number(source):
        return placed_as(x, ())
    rest = target.squeeze()
    x = with_shape(x, (*_lead(target), *target.shape)) if _without_ones(x.shape) != (*_lead(target), *rest.shape) else x
    if rest.is_contiguous():
        return placed_as(x, wanted)
    part = part_of(rest)
    assert part is not None, target
    x = with_shape(x, (*_lead(target), *rest.shape))
    axes = [0] * target.batched + [a + target.batched for a in part.order]
    turned = ".T" if axes == [1, 0] else f".transpose({', '.join(map(str, axes))})"
    shape = tuple([x.shape[a] for a in axes])
    return placed_as(Array(suffixed(x.expr, turned), shape), wanted) if source.shape else x


def placed_as(x: Array, shape: Shape) -> Array:
    """Return the same elements, in order, in another shape."""
    while x.expr.op == SUFFIX and x.shape != shape and _only_adds_axes(x.expr.leaf):
        marks = x.expr.leaf[1:-1].split(", ")
        marks += [":"] * (len(x.shape) - len(marks))
        x = Array(x.expr.args[0], tuple([n for n, mark in zip(x.shape, marks) if mark == ":"]))
    if x.shape == shape:
        return x
    piece = f".reshape({_text(shape)})" if shape else f"[{', '.join('0' for _ in x.shape)}]"
    return Array(suffixed(x.expr, piece), shape)


def _only_adds_axes(piece: str) -> bool:
    """Whether an index puts in axes of length one and does no more."""
    return "None" in piece and set(piece[1:-1].split(", ")) <= {":", "None"}


def left_side(step: Step) -> Array:
    """Return the part of an array that a step writes."""
    if step.op == "scatter":
        return _rows(Expr(step.target.source.name), step.gather())
    return array_of(step.target.squeeze(), {})
