"""Which array each result lives in: one of its own, or that of an operand which nobody reads again."""

from __future__ import annotations

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source, View
from engine.rules import RULES


def allocate(steps: Steps, scalar: frozenset[Step] = frozenset()) -> dict[Source, Source]:
    """Return for each result the one whose array it shares; its own, where it has one to itself.

    A step's result takes the place of an operand of the same shape that is read here for the last time. An activation
    keeps an array of its own, so that it can be told from its pre-activation. What `scalar` steps give, single
    numbers, has an array, its own, only if an array step reads it.
    """
    last = last_readings(steps)
    arrays: dict[Source, Source] = {}
    for now, step in enumerate((*steps.forward, *steps.backward)):
        result = step.target.source
        if result.kind == "value" and result not in arrays and step not in scalar:
            free = [x for x in _replaceable(step) if last[x] == now]
            arrays[result] = arrays.get(free[0], free[0]) if free else result
    return arrays


def _replaceable(step: Step) -> list[Source]:
    """Return the operands that a step may overwrite element by element with its result."""
    result, rule = step.target.source, RULES.get(step.op)
    if rule is None or rule.variadic or not step.target.is_whole() or result.role == "a":
        return []
    operands = step.operands[1:] if step.op == "where" else step.operands  # a condition is read last
    return [x.source for x in operands if isinstance(x, View) and x.is_whole() and _alike(x.source, result)]


def _alike(x: Source, y: Source) -> bool:
    return x.kind == "value" and (x.shape, x.batched, x.dtype) == (y.shape, y.batched, y.dtype)


def renamed(steps: Steps) -> dict[Source, Source]:
    """Return for each result the one whose variable it is, where no array can be written to twice.

    What is a sum on the same line takes over the variable of what it adds to: ``z1 = jnp.add(z1, b1)``.
    """
    last = last_readings(steps)
    variables: dict[Source, Source] = {}
    for now, step in enumerate((*steps.forward, *steps.backward)):
        result = step.target.source
        if result.kind == "value" and result not in variables:
            first = result.follows
            continues = first is not None and first in variables and last.get(first) == now
            variables[result] = variables[first] if continues and first is not None else result
    return variables


def last_readings(steps: Steps) -> dict[Source, int]:
    """Return the number of the step that reads each source last, counting forward then backward."""
    last: dict[Source, int] = {}
    for now, step in enumerate((*steps.forward, *steps.backward)):
        for x in step.operands:
            if not isinstance(x, Literal):
                last[x.source] = now
        if not step.target.is_whole():
            last[step.target.source] = max(last.get(step.target.source, 0), now + 1)
    never = len(steps.forward) + len(steps.backward) + 1  # what is returned is read by the caller
    return last | {root.source: never for root in steps.roots if isinstance(root, View)}
