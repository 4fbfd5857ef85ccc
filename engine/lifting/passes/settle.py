"""Steps -> Steps: which results are booleans, and which are integers; all others are floats.

c1 = less(z1, 0); t1 = where(c1, ...)      c1 is a boolean: all that reads it takes it for a condition
i1 = copy(k); picked1 = gather(W[i1])      i1 is an integer: it chooses
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.lifting.ir import Steps
from engine.lifting.ops import COMPARISONS, Step
from engine.lifting.views import Gather, Literal, Operand, Source


def settle(steps: Steps) -> Steps:
    """Give the results of comparisons and of copied integers the type that their readers take them for."""
    types = _integers(steps.forward) | _booleans(steps.forward, steps.roots[0])
    return steps.with_sources({source: replace(source, dtype=dtype) for source, dtype in types.items()})


def _booleans(steps: Sequence[Step], value: Operand) -> dict[Source, str]:
    """Return the results that only conditions are read from.

    NumPy's sum of two booleans is a boolean, and its exponential of one has three digits: elsewhere they are numbers.
    """
    conditions = _conditions(steps)
    numbers = set() if isinstance(value, Literal) else {value.source}
    for step in reversed(steps):
        gathered = step.op == "gather" and step.target.source not in numbers
        combined = step.op != "gather" and step.op not in COMPARISONS and step.target.source in conditions
        for k, x in enumerate(step.operands):
            if not (gathered or combined or (step.op == "where" and k == 0) or isinstance(x, Literal)):
                numbers.add(x.source)
    types: dict[Source, str] = {}
    for step in steps:
        x, target = step.operands[0], step.target.source
        of_booleans = step.op == "gather" and not isinstance(x, Literal) and x.source in types
        if (step.op in COMPARISONS or of_booleans) and target not in numbers:
            types[target] = "bool"
    return types


def _conditions(steps: Sequence[Step]) -> set[Source]:
    """Return what holds comparisons, and what is combined of such alone: no cotangent goes through these."""
    conditions: set[Source] = set()
    numbers: set[Source] = set()
    for step in steps:
        operands = [x.source for x in step.operands if not isinstance(x, Literal)]
        combines = step.op in ("multiply", "maximum", "copy", "gather")
        combines |= step.op == "subtract" and len(operands) < len(step.operands)
        logical = step.op in COMPARISONS or (combines and all(x in conditions and x not in numbers for x in operands))
        (conditions if logical else numbers).add(step.target.source)
    return conditions - numbers


def _integers(steps: Sequence[Step]) -> dict[Source, str]:
    """Return the copies of integer inputs that choose."""
    choosing: set[Source] = set()
    types: dict[Source, str] = {}
    for step in reversed(steps):
        if step.target.source in choosing:
            types[step.target.source] = "int"
            choosing |= {x.source for x in step.operands if not isinstance(x, Literal)}
        choosing |= {x.chosen.source for x in step.operands if isinstance(x, Gather) and x.chosen is not None}
    return types
