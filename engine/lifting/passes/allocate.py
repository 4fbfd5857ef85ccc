"""Which array each result lives in: one of its own, or that of an operand which nobody reads again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Literal, Source, View
from engine.rules import RULES

LONG = 200  # steps of a program whose arrays are given away


def allocate(steps: Steps, scalar: frozenset[Step] = frozenset()) -> dict[Source, Source]:
    """Return for each result the one whose array it shares; its own, where it has one to itself.

    A step's result takes the place of an operand of the same shape that is read here for the last time. An activation
    keeps an array of its own, so that it can be told from its pre-activation. What `scalar` steps give, single
    numbers, has an array, its own, only if an array step reads it. In a long program, whose arrays together are larger
    than a processor's cache, an array that nobody reads again is that of a later result.
    """
    every = (*steps.forward, *steps.backward)
    last = last_readings(steps)
    idle = _Idle(every, scalar, last)
    arrays: dict[Source, Source] = {}
    for now, step in enumerate(every):
        result = step.target.source
        if result.kind == "value" and result not in arrays and step not in scalar:
            free = _replaceable(step, last, now)
            arrays[result] = arrays.get(free[0], free[0]) if free else idle.take(result)
            idle.holder[arrays[result]] = result
        if idle.wanted:
            idle.release(step, now, arrays)
    return arrays


class _Idle:
    """Arrays whose results nobody reads or writes any more; those of single numbers are not among them."""

    def __init__(self, every: Sequence[Step], scalar: frozenset[Step], last: dict[Source, int]) -> None:
        self.wanted = len(every) > LONG
        self.single = {s for step in scalar for x in (step.target, *step.operands) for s in x.sources}
        self.over = self._over(every, last) if self.wanted else {}  # by which step all is read and written
        self.holder: dict[Source, Source] = {}  # the latest result in each array
        self.arrays: dict[Hashable, list[Source]] = defaultdict(list)

    def _over(self, every: Sequence[Step], last: dict[Source, int]) -> dict[Source, int]:
        over = {step.target.source: now for now, step in enumerate(every)}
        return over | {source: max(now, over.get(source, 0)) for source, now in last.items()}

    def take(self, result: Source) -> Source:
        """Return an idle array for a result, or its own."""
        like = self.arrays[_kind(result)] if self.wanted and result.role != "a" and result not in self.single else []
        return like.pop() if like else result

    def release(self, step: Step, now: int, arrays: dict[Source, Source]) -> None:
        """Take back the arrays of what a step reads or writes last."""
        over = self.over
        for source in [s for x in (step.target, *step.operands) for s in x.sources if over.get(s) == now]:
            array = arrays.get(source)
            if array is not None and self.holder.get(array) is source and source not in self.single:
                del self.holder[array]
                self.arrays[_kind(array)].append(array)


def _kind(x: Source) -> Hashable:
    return (x.shape, x.batched, x.dtype)


def _replaceable(step: Step, last: dict[Source, int], now: int) -> list[Source]:
    """Return the operands that a step reads last, and may overwrite element by element with its result."""
    result, rule = step.target.source, RULES.get(step.op)
    if rule is None or rule.variadic or not step.target.is_whole() or result.role == "a":
        return []
    operands = step.operands[1:] if step.op == "where" else step.operands  # a condition is read last
    return [
        x.source
        for x in operands
        if isinstance(x, View) and last[x.source] == now and _alike(x.source, result) and x.is_whole()
    ]


def _alike(x: Source, y: Source) -> bool:
    return x.kind == "value" and _kind(x) == _kind(y)


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
