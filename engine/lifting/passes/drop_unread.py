"""Steps -> Steps, without those whose results nobody reads.

g1 = cos(z1); db = dz1        nothing reads g1: only the second is left
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.lifting.ir import Steps
from engine.lifting.ops import Step
from engine.lifting.views import Source


def drop_unread(steps: Steps) -> Steps:
    """Keep what the caller gets, the value, conditions and gradients, and what these are computed from."""
    read = {source for x in steps.roots for source in x.sources}
    backward = _read_later(steps.backward, read)
    return replace(steps, forward=_read_later(steps.forward, read), backward=backward)


def _read_later(steps: Sequence[Step], read: set[Source]) -> list[Step]:
    """Return the steps that write what is read after them, or what is the caller's; what these read is added."""
    needed = []
    for step in reversed(steps):
        if step.target.source.kind != "value" or step.target.source in read:
            read.update([source for x in step.operands for source in x.sources])
            needed.append(step)
    return needed[::-1]
