"""Steps -> Steps: a cotangent that others are added to is a new result with each.

a = x * y; a += b        ->   a = x * y; a' = a + b

What is written once can be looked through; `allocate` has both live in one array, as before.
"""

from __future__ import annotations

from dataclasses import replace

from engine.lifting.ir import Steps, with_sources
from engine.lifting.ops import Step
from engine.lifting.views import Source, View


def in_single_assignment(steps: Steps) -> Steps:
    """Return the steps, in whose backward ones no array is added to as a whole but the caller's."""
    latest: dict[Source, Source] = {}
    backward: list[Step] = []
    for original in steps.backward:
        [step] = with_sources([original], latest) if latest else [original]
        if _adds_to_all(step):
            before = step.target.source
            after = before.called(before.name)
            latest |= {source: after for source, now in latest.items() if now is before} | {before: after}
            step = step.but(op="add", target=after.view, operands=(before.view, *step.operands), accumulate=False)
        backward.append(step)
    return replace(steps, backward=backward)


def _adds_to_all(step: Step) -> bool:
    x, target = step.operands[0], step.target
    is_addition = step.op == "copy" and step.accumulate and target.source.kind == "value" and target.is_whole()
    return is_addition and isinstance(x, View) and x.shape == target.shape and x.source is not target.source
