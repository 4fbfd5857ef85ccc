"""One step as a line, for a picture's box: its operation on its operands by name, transposed or not, and no more.

Room is short there, so that parts of arrays and axes that broadcasting puts in are not said; `formulas` says them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.lifting.emit.views import part_text
from engine.lifting.emit.writer import reduced_axes
from engine.lifting.expr import Expr, show, suffixed, without_sign
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View

Inlined: TypeAlias = Mapping[Source, Expr]
Behind: TypeAlias = Callable[[View], str]


def formula(step: Step, inlined: Inlined | None = None, behind: Behind = part_text) -> str:
    """Return a step as a line of mathematics: ``z1 = X @ W1``.

    Parameters
    ----------
    step, inlined
        The step, and what is written in place of some results.
    behind
        What is written behind the name of an array for a view of it.
    """
    known = inlined or {}
    if step.op == "scatter":
        read, added = (_operand(x, known, behind) for x in step.operands)
        positive = without_sign(added)
        return f"{show(read)} += {show(added)}" if positive is None else f"{show(read)} -= {show(positive)}"
    sign = "+=" if step.accumulate else "="
    place = behind(step.target) if step.target.size < step.target.source.size else ""
    return f"{step.target.source.name}{place} {sign} {show(expression(step, known, behind))}"


def operand_text(x: Operand, behind: Behind = part_text) -> str:
    """Return an operand as mathematics."""
    return show(_operand(x, {}, behind))


def transposition(view: View) -> str:
    """Return what is written behind the name of an array where room is short: whether a view of it is transposed."""
    return ".T" if len(view.shape) == 2 and view.is_transposed() and 0 not in view.strides else ""


def expression(step: Step, inlined: Inlined, behind: Behind = part_text) -> Expr:
    """Return the right side of a step."""
    xs = [_operand(x, inlined, behind) for x in step.operands]
    match step.op:
        case "product" | "ragged_product" | "batched_product":
            return Expr.call("matmul", *xs)
        case "summed_product":
            return Expr.call("matmul", suffixed(xs[0], ".T"), xs[1])
        case "outer":
            return Expr(None, "outer" if all(map(_is_vector, step.operands)) else "multiply", tuple(xs))
        case "copy" | "fill" | "gather":
            return xs[0]
        case "sum" | "max":
            return suffixed(xs[0], f".{step.op}({_axis(step)})")
        case "square":
            return Expr(None, "power", (xs[0], Expr("2")))
        case "power_constant":
            return Expr(None, "power", (xs[0], _number(step.fixed[0])))
    return Expr(None, step.op, (*xs, *map(_number, step.fixed)))


def _axis(step: Step) -> str:
    """Return the axes that a step reduces as an argument; counted from the end but for the first, nothing for all."""
    x = step.view()
    axes, ndim = reduced_axes(step), len(x.shape) + x.batched
    if len(axes) == ndim:
        return ""
    counted = [axis and axis - ndim for axis in axes]
    return f"axis={counted[0] if len(counted) == 1 else tuple(counted)}"


def _operand(x: Operand, inlined: Inlined, behind: Behind) -> Expr:
    if isinstance(x, Literal):
        number, op = _number(x.value), "divide" if x.batch_power < 0 else "multiply"
        return Expr(None, op, (number, Expr("N"))) if x.batch_power else number
    known = inlined.get(x.source, Expr(x.source.name))
    if isinstance(x, Gather):
        return suffixed(known, f"[{x.chosen.source.name if x.chosen else '...'}]")
    text = behind(x)
    return suffixed(known, text) if text else known


def _is_vector(x: Operand) -> bool:
    """Whether an operand has one axis, the samples' counted and those of broadcasting not."""
    return isinstance(x, View) and x.batched + sum([n > 1 and bool(s) for n, s in x.axes]) == 1


def _number(x: float) -> Expr:
    positive = Expr(f"{abs(x):g}")
    return Expr(None, "negative", (positive,)) if math.copysign(1.0, x) < 0 else positive
