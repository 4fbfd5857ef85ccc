"""How a call may go and how it went: the next one of its kind goes the same way without asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine.lifting.run.executable import Buffers, Specialisation
from engine.lifting.run.search import Search
from engine.lifting.trace.inputs import Array

CallKind: TypeAlias = "tuple[tuple[tuple[int, ...], str, bool] | None, ...]"
DEFAULT = "default"  # of what is differentiated by: the parameters, or where there are none the first input
MOST = 8  # kinds that are remembered, as many as there are sizes with buffers of their own


class CallPlan(NamedTuple):
    """What runs a call: a trace, its functions with buffers, for how many samples, and by what it differentiates."""

    specialisation: Specialisation
    buffers: Buffers
    n: int
    wrt: str


class PossibleTrace(NamedTuple):
    """A trace that may be that of a call; the call's arrays and number of samples; what is known of its branches."""

    specialisation: Specialisation
    arrays: list[Array]
    n: int
    search: Search


def call_kind(inputs: Sequence[Any]) -> CallKind:
    """Return shape, type and layout of each input; None of one that is no array.

    >>> call_kind([np.zeros((2, 3)), 1.0])
    (((2, 3), 'd', True), None)
    """
    return tuple([(x.shape, x.dtype.char, x.flags.c_contiguous) if x.__class__ is np.ndarray else None for x in inputs])


class Plans:
    """The plans of calls whose inputs need no looking: contiguous arrays of plain numbers.

    Where the function branches, the way that it went last is tried first.
    """

    def __init__(self) -> None:
        self.known: dict[CallKind, CallPlan] = {}

    def take(self, kind: CallKind, wrt: str = DEFAULT) -> CallPlan | None:
        """Return the plan for a kind of inputs and derivatives, its buffers held.

        None if there is none, or another thread has them.
        """
        plan = self.known.get(kind)
        return plan if plan is not None and wrt in (DEFAULT, plan.wrt) and plan.buffers.take() else None

    def remember(self, kind: CallKind, plan: CallPlan) -> None:
        """Keep a plan, if inputs of its kind are all of one structure."""
        plain = all(x is not None and x[1] in "dl" and x[2] for x in kind)
        if plain and len(plan.specialisation.specs) == len(kind):
            if len(self.known) >= MOST:
                self.known.pop(next(iter(self.known)), None)
            self.known[kind] = plan
