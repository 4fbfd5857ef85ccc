"""Which steps are so small that Python's floats take less time than arrays: those of a few elements and no samples.

NumPy takes 300 to 500 ns to call, a float's operation 15 to 80, and moving a number to an array or out of one 40: a
step of a recurrence over a handful of numbers is written as an expression for each element.
"""

from __future__ import annotations

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Gather, Literal, Operand, Source
from engine.rules import RULES

MOST = 4  # elements, wherever they are
LINKED = 8  # elements, where all that is read are single numbers already
TOO_MANY = 2**62
MOVING = ("copy", "fill", "gather", "scatter", "sum", "ones_product", "max", "outer")


def scalar_steps(steps: Steps) -> frozenset[Step]:
    """Return the steps that are written as expressions of single numbers."""
    every = [*steps.forward, *steps.backward]
    # parts of the flat gradient lie in named ones too, and must be written in order
    flat = any(step.target.source.kind == "gradient" for step in every)
    scalar: set[Step] = set()
    numbers: set[Source] = set()  # that no array step has written, but for one number everywhere
    written: set[Source] = set()
    for step in every:
        target, width = step.target.source, _width(step)
        may_be = width <= LINKED and not (flat and target.kind != "value")
        if may_be and (width <= MOST or _is_linked(step, numbers)):
            scalar.add(step)
            if target not in written:
                numbers.add(target)
        elif step.op == "fill" and step.target.is_whole() and not target.batched:
            numbers.add(target)  # each of its elements is known
        else:
            numbers.discard(target)
        written.add(target)
    return frozenset(scalar)


def _width(step: Step) -> int:
    """Return how many elements a step writes or reads of one operand at most; too many where it is not of numbers."""
    target = step.operands[0] if step.op == "scatter" else step.target
    width = _count(target)
    if width > LINKED or step.fixed or not (step.op in MOVING or _is_rule(step.op)):
        return TOO_MANY
    return max([width, *map(_count, step.operands)])


def _is_linked(step: Step, numbers: set[Source]) -> bool:
    """Whether a small step is of single numbers that are there as such, and gives some to others."""
    read = [source for x in step.operands for source in x.sources if source.kind != "constant"]
    return step.target.source.kind == "value" and numbers.issuperset(read)


def _is_rule(op: str) -> bool:
    return op in RULES and not RULES[op].variadic


def _count(x: Operand) -> int:
    """Return how many numbers an operand is; too many where it is none of numbers."""
    if isinstance(x, Literal):
        return 0
    source = x.source
    if source.batched or source.kind == "index" or source.dtype == "int":
        return TOO_MANY
    if isinstance(x, Gather):
        return TOO_MANY if x.chosen is not None else x.index.size or TOO_MANY
    return x.size or TOO_MANY
