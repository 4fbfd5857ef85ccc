"""Scalar steps, element by element: what each gives, of the numbers that it reads.

t = add(x, y)                  t_0 = x_0 + y_0; t_1 = x_1 + y_1
s = sum(t)                     s = t_0 + t_1
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from engine.lifting.emit.expressions import SingleNumber
from engine.lifting.emit.numpy_scalars import Scalars, called
from engine.lifting.ops import COMPARISONS, Step
from engine.lifting.views import Gather, Literal, Operand, Shape, Source, View


def write_steps(n: Scalars, steps: Sequence[Step]) -> None:
    """Write the lines of some steps, of either kind, into the current function."""
    for step in steps:
        if step in n.scalar:
            n.writer.announce(step)
            _WRITERS.get(step.op, _write_elements)(n, step)
        else:
            n.write_arrays(step)


@lru_cache(maxsize=4096)
def _places(shape: Shape, offset: int, strides: Shape, like: Shape = ()) -> tuple[int, ...]:
    """Return the flat places of a view's elements, repeated as broadcasting to a shape would."""
    at = View(Source("x", (2**62,), "value"), shape, offset, strides).positions()
    return tuple((np.broadcast_to(at, like) if like else at).reshape(-1).tolist())


def _elements(n: Scalars, x: Operand, like: Shape = ()) -> list[SingleNumber]:
    """Return an operand's elements; of one number, that."""
    if isinstance(x, Literal):
        return [n.literal(x)]
    if isinstance(x, Gather):
        return [n.element(x.source, k) for k in x.index.reshape(-1).tolist()]
    return [n.element(x.source, k) for k in _places(x.shape, x.offset, x.strides, like)]


def _set(n: Scalars, step: Step, numbers: Sequence[SingleNumber]) -> None:
    places = _places(step.target.shape, step.target.offset, step.target.strides)
    for k, number in zip(places, numbers if len(numbers) > 1 else [*numbers] * len(places)):
        n.set(step.target.source, k, number, step.accumulate)


def _write_one(n: Scalars, step: Step) -> None:
    target, source = step.target, step.target.source
    args = [n.element(x.source, x.offset) if isinstance(x, View) else n.literal(x) for x in step.operands]
    hint = called(source, target.offset)
    number = n.operate(step.op, tuple(args), hint)
    if step.op in COMPARISONS and source.dtype != "bool":
        number = n.operate("float", (number,), hint)
    n.set(source, target.offset, number, step.accumulate)


def _write_elements(n: Scalars, step: Step, op: str = "", like: Shape = ()) -> None:
    op, size, source = op or step.op, step.target.size, step.target.source
    if size == 1 and not like:  # most are
        return _write_one(n, step)
    columns = [_elements(n, x, like) for x in step.operands]
    full = [column if len(column) == size else column * size for column in columns]
    numbers = []
    for place, args in zip(_places(step.target.shape, step.target.offset, step.target.strides), zip(*full)):
        number = n.operate(op, args, called(source, place))
        if op in COMPARISONS and source.dtype != "bool":
            number = n.operate("float", (number,), called(source, place))
        numbers.append(number)
    _set(n, step, numbers)


def _write_moved(n: Scalars, step: Step) -> None:
    x = step.operands[0]
    numbers = _elements(n, x)
    if isinstance(x, View) and x.source.dtype == "bool" and step.target.source.dtype != "bool":
        numbers = [n.operate("float", (number,), number.hint) for number in numbers]
    _set(n, step, numbers)


def _write_outer(n: Scalars, step: Step) -> None:
    like = np.broadcast_shapes(step.operands[0].shape, step.operands[1].shape)
    _write_elements(n, step, "multiply", like)


def _write_reduced(n: Scalars, step: Step) -> None:
    x = step.view()
    axes = [a % len(x.shape) for a in step.axes] if x.shape else []
    order = [a for a in range(len(x.shape)) if a not in axes] + axes
    shape = tuple([x.shape[a] for a in order])
    flat = _places(shape, x.offset, tuple([x.strides[a] for a in order]))
    length = math.prod([x.shape[a] for a in axes])
    op = "maximum" if step.op == "max" else "add"
    numbers = []
    for row, first in enumerate(range(0, len(flat), length)):
        number, *rest = [n.element(x.source, k) for k in flat[first : first + length]]
        for other in rest:
            number = n.operate(op, (number, other), called(step.target.source, row))
        numbers.append(number)
    _set(n, step, numbers)


def _write_scattered(n: Scalars, step: Step) -> None:
    gather, g = step.gather(), _elements(n, step.operands[1])
    places = gather.index.reshape(-1).tolist()
    for k, number in zip(places, g if len(g) > 1 else g * len(places)):
        n.set(gather.source, k, number, step.accumulate)


_WRITERS: dict[str, Callable[[Scalars, Step], None]] = {
    "copy": _write_moved,
    "fill": _write_moved,
    "gather": _write_moved,
    "outer": _write_outer,
    "sum": _write_reduced,
    "ones_product": _write_reduced,
    "max": _write_reduced,
    "scatter": _write_scattered,
}
