"""Tapes of functions, and their numbers, operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import Value
from engine.lifting.straight.tape import Tape, tape
from engine.lifting.trace.record import record
from engine.rules import RULES


def tape_of(fn: Callable[[list[Value]], Any], n: int) -> tuple[Tape, list[float]]:
    """Return the tape of a function of n numbers, and these."""
    w = [Value(0.3 + 0.01 * k) for k in range(n)]
    trace = record([fn(w)], {})
    position = {v: k for k, v in enumerate(w)}
    return tape(trace, np.array([position[v] for v in trace.parameters]), n, []), [v.data for v in w]


def numbers_on(known: Tape, cells: Sequence[float]) -> list[float]:
    """Return the number in each slot of a tape."""
    slots = [*cells, *known.constants.tolist()]
    for code, start in zip(known.codes.tolist(), known.starts.tolist()):
        kind = known.kinds[code]
        xs = [slots[k] for k in known.reads[start : start + kind.arity]]
        rule = RULES[kind.op]
        slots.append(rule.scalar(xs) if rule.variadic else rule.scalar(*xs, *kind.fixed))
    return slots
