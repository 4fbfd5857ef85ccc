"""Which steps are so small that Python's floats take less time than arrays: those of a few elements and no samples.

NumPy takes 300 to 500 ns to call, a float's operation 15 to 80: a step of a recurrence over a handful of numbers is
written as an expression for each element, and arrays are met where other steps need them.
"""

from __future__ import annotations

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Operand, View
from engine.rules import RULES

MOST = 4  # elements
MOVING = ("copy", "fill", "gather", "scatter", "sum", "ones_product", "max", "outer")


def scalar_steps(steps: Steps) -> frozenset[Step]:
    """Return the steps that are written as expressions of single numbers."""
    every = [*steps.forward, *steps.backward]
    # parts of the flat gradient lie in named ones too, and must be written in order
    flat = any(step.target.source.kind == "gradient" for step in every)
    return frozenset([step for step in every if is_small(step) and not (flat and step.target.source.kind != "value")])


def is_small(step: Step) -> bool:
    """Whether a step is of single numbers, and few of them."""
    if step.fixed or not (step.op in MOVING or _is_rule(step.op)):
        return False
    written = step.operands[0] if step.op == "scatter" else step.target
    return all(map(_are_few, (written, *step.operands)))


def _is_rule(op: str) -> bool:
    return op in RULES and not RULES[op].variadic


def _are_few(x: Operand) -> bool:
    if isinstance(x, Literal):
        return True
    if x.source.batched or x.source.kind == "index" or x.source.dtype == "int":
        return False
    return x.size <= MOST if isinstance(x, View) else x.chosen is None and x.index.size <= MOST
