"""A program as matrix formulas: steps -> expressions, where what is read only once is written where it is read.

    z1 = X @ W1 + b1;  a1 = tanh(z1)  ...  dz1 = dz2 @ W2.T * (1 - a1 * a1);  dW1 = X.T @ dz1

These are the batch equations BP1b-BP4b of note 000, found by the machine in a graph of scalars.  Axes that broadcasting
puts in are left out, as in the notes; all else is NumPy.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from engine.lifting.emit.views import part_text
from engine.lifting.emit.writer import reduced_axes
from engine.lifting.expr import Expr, show, suffixed
from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source, View

Inlined: TypeAlias = Mapping[Source, Expr]
Behind: TypeAlias = Callable[[View], str]

DEEPEST = 40  # operations inside one another in a formula: of a longer chain, nobody reads one line


def formulas(steps: Steps) -> str:
    """Return the forward formulas, an empty line, and the backward ones.

    Parameters
    ----------
    steps
        Array operations under their names, products by their kind.
    """
    once = _read_once(steps)
    inlined: dict[Source, Expr] = {}
    depths: dict[Source, int] = {}
    return "\n\n".join(["\n".join(_lines(part, once, inlined, depths)) for part in (steps.forward, steps.backward)])


def _lines(
    steps: Sequence[Step], once: set[Source], inlined: dict[Source, Expr], depths: dict[Source, int]
) -> list[str]:
    lines = []
    for step in steps:
        if step.op == "fill" and step.operands[0] == Literal(0.0):
            continue
        depth = 1 + max([depths.get(source, 0) for x in step.operands for source in x.sources], default=0)
        if step.target.source in once and depth < DEEPEST:
            inlined[step.target.source], depths[step.target.source] = expression(step, inlined), depth
        else:
            lines.append(formula(step, inlined))
    return lines


def _read_once(steps: Steps) -> set[Source]:
    """Return the results that are written where they are read: all of one, once, by one step."""
    everything = [*steps.forward, *steps.backward]
    read = Counter(x.source for step in everything for x in step.operands if not isinstance(x, Literal))
    returned = {x.source for x in steps.roots if not isinstance(x, Literal)}
    written = Counter(step.target.source for step in everything)
    continued = {step.target.source.follows for step in everything}
    return {
        source
        for source, whole in {step.target.source: step.target.size for step in everything}.items()
        if read[source] == written[source] == 1
        and whole == source.size
        and source not in returned
        and (source in continued or not _in_the_notes(source))
    }


def _in_the_notes(source: Source) -> bool:
    """Whether this is a quantity of the notes, which has a line of its own: z, a, or dz."""
    return bool(source.role) or (source.of is not None and source.of.role == "z")


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
        positive = _without_sign(added)
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


def _without_sign(expr: Expr) -> Expr | None:
    """Return a product or quotient that begins with a sign without it; None if it begins with none."""
    if expr.op == "negative":
        return expr.args[0]
    first = _without_sign(expr.args[0]) if expr.op in ("multiply", "divide") else None
    return None if first is None else Expr(None, expr.op, (first, expr.args[1]))


def expression(step: Step, inlined: Inlined, behind: Behind = part_text) -> Expr:
    """Return the right side of a step."""
    xs = [_operand(x, inlined, behind) for x in step.operands]
    match step.op:
        case "product" | "batched_product":
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
