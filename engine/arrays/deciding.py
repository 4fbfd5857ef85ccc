"""What an algorithm decides by the numbers of now (a pivot, an order), and how a lifted program knows that it holds.

Eagerly a decision is a comparison of floats.  While a function is lifted it is certified: the program compares again,
and is traced anew where the decision would be another.  Where one program must serve many inputs (a batch, a function
of many branches) an algorithm that can chooses by `engine.where` instead, which every input makes afresh.

>>> from engine import Value
>>> constant(Value(2.0)), holds_now(Value(2.0) < 3.0), choosing()
(2.0, True, False)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.arrays.elements import as_element, inverted, primal
from engine.conditions import Condition
from engine.functions import stop_gradient, total
from engine.operands import is_value
from engine.tracing import LOCAL


def constant(x: Any) -> Any:
    """Return what a number is, of which no derivative is taken: a float, or in a trace a node that can be compared."""
    if LOCAL.active is None or not is_value(x):
        return primal(as_element(x))
    return stop_gradient(x)


def holds_now(condition: Any) -> bool:
    """Whether a comparison holds at this moment, which whoever asks certifies."""
    return bool(primal(condition.node) if isinstance(condition, Condition) else condition)


def choosing() -> bool:
    """Whether a decision is to stay in the program as a choice, since one program serves many inputs."""
    return LOCAL.active is not None and LOCAL.active.choosing


def certify(conditions: Sequence[Any]) -> None:
    """Let the program that is being traced compare again, at every call, what was decided: one guard for all."""
    if LOCAL.active is None or not any(isinstance(c, Condition) for c in conditions):
        return
    as_now = [c if holds_now(c) else inverted(c) for c in conditions]
    all_hold = total([as_element(c) for c in as_now]) == float(len(as_now))
    LOCAL.active.branch(all_hold.node, certifies=True)
