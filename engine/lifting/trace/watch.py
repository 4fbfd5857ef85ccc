"""What watches a function while it is traced: branches become guards, leaks of numbers are refused.

A branch on a comparison of Values is noted with the line it is on and the way it went.  A lifted program computes
those comparisons again for every call: a function is traced anew where one goes the other way, a batched
program says which row it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.array import array
from engine.errors import TraceError
from engine.lines import place, said, user_line
from engine.tracing import GRADIENT, READ, WRITTEN
from engine.value import Value
from engine.watching.context import variable_of

FROZEN = "so its value would be frozen into the lifted program"
ONCE = "which happens once, while the function is traced, and not at each call"
OTHERWISE = (
    FROZEN,
    "Use the engine's functions (engine.exp, not math.exp), lists or np.zeros(n, dtype=object) for what np.zeros(n) "
    "would hold, engine.where(...) to choose between values, or engine.stop_gradient(x) if a constant is meant.",
)
WAYS_OUT = {  # what a Value was turned into: what would come of it, and what to do instead
    "a bool": (FROZEN, "Compare it (x != 0), and choose with engine.where(condition, a, b)."),
    "a place to store a number (by .data = ...)": (
        ONCE,
        "Set it outside; a constant inside is engine.stop_gradient(x).",
    ),
    WRITTEN: (ONCE, "Call push outside the function."),
    READ: (FROZEN, "Call the program itself inside, program(...), which computes with Values, and differentiate that."),
    "gradients (by .backward())": (
        ONCE,
        "Use engine.grad inside; a constant is engine.stop_gradient(x).",
    ),
    "gradients (by ._backward())": (ONCE, "Use engine.grad inside; a constant is engine.stop_gradient(x)."),
    GRADIENT: (FROZEN, "Use engine.grad inside; of a captured Value, pass the gradient as an input."),
    "its local derivatives (by .pullback)": (FROZEN, "Differentiate inside it with engine.grad."),
    "its local derivatives (by ._local_grads)": (FROZEN, "Differentiate inside it with engine.grad."),
    "a rounded number (by round())": (
        FROZEN,
        "Round outside the function what the program returns, or as NumPy does, x.round(n).",
    ),
    "a pickle": (FROZEN, "Copy it with copy.deepcopy(x), or pickle it outside the function."),
    "what find_nan says of its numbers": (
        FROZEN,
        "Call engine.find_nan outside, on what the function returns for Values.",
    ),
}
INTEGER = (
    FROZEN,
    "An integer input chooses with engine.select(table, i); pass sizes as Python ints outside the inputs.",
)


class Guard(NamedTuple):
    """A comparison that decided a branch, the way it went, and the line it is on."""

    condition: Value
    outcome: bool
    line: str
    certifies: bool = False  # it compares again what numbers decided, so that others do not ask the same there


@dataclass
class Recording:
    """The active trace: it collects guards, and names the line that lets a number leak."""

    names: dict[Value, str] = field(default_factory=dict)
    guards: list[Guard] = field(default_factory=list)
    branched: set[Value] = field(default_factory=set)  # the conditions of these
    lines: dict[tuple[str, int], str] = field(default_factory=dict)  # of branches, as they are said
    limits: dict[int, int] = field(default_factory=dict)  # input array -> size of the smallest table it indexes
    gradients: frozenset[Value] = frozenset()  # captured Values of which a gradient that changes is noticed
    refused: Exception | None = None  # what was refused first, which a function must not catch and go on from
    asked: list[Value] = field(default_factory=list)  # of which more than their arithmetic was asked
    absences: dict[tuple[int, str], Value] = field(default_factory=dict)  # attributes that Values were asked for
    choosing: bool = False  # where an algorithm could branch: it serves a batch, or has had many branches

    def leak(self, value: Value, into: str) -> None:
        """Refuse to turn a traced Value into a plain number."""
        self.asked.append(value)
        if into == GRADIENT and value in self.gradients:
            return
        name = self.names.get(value) or str(value.label) or variable_of(value)
        name = name or (f"a result of {value.op}" if value.parents else "a Value")
        chooses = isinstance(value, Index) and into in ("an int", "a float", "a float (by .data)")
        outcome, cure = INTEGER if chooses else WAYS_OUT.get(into, OTHERWISE)
        error = TraceError(f"'{name}' was turned into {into} in {user_line()}, {outcome}. {cure}")
        self.refused = self.refused or error
        raise error

    def depends(self, value: Value) -> bool:
        """Whether a Value may be another in the next call: any may, since what the function reads may change."""
        return True

    def told_apart(self, value: Value) -> None:
        """Note that a Value was told from others, or from a number, by its text or its hash."""
        self.asked.append(value)

    def absent(self, value: Value, name: str) -> None:
        """Note that a Value was asked for an attribute that it has not: the function may go on without."""
        self.absences[id(value), name] = value

    def branch(self, condition: Value, *, certifies: bool = False) -> bool:
        """Note the way a branch goes; or that what was decided goes the same way again."""
        outcome = condition._data != 0.0
        if condition not in self.branched:
            self.branched.add(condition)
            at = place()
            if at not in self.lines:
                self.lines[at] = said(at)
            self.guards.append(Guard(condition, outcome, self.lines[at], certifies))
        return outcome


class Index(Value):
    """An integer input while a function is traced: it chooses from tables, and computes as a number."""

    __slots__ = ("argument", "recording")
    argument: int
    recording: Recording

    def choose_from(self, table: Sequence[Any]) -> Any:
        """Return the entry (or the row) of `table` that this integer says, in every call anew."""
        length = len(table)
        if not length:
            raise IndexError("select from an empty table. Give it at least one entry.")
        known = self.recording.limits.get(self.argument, length)
        self.recording.limits[self.argument] = min(known, length)
        if not 0 <= self._data < length:
            error = IndexError(
                f"select: index {int(self._data)} is outside a table of {length} entries (0 to {length - 1})."
            )
            self.recording.refused = self.recording.refused or error
            raise error
        if isinstance(table[0], (list, tuple, np.ndarray)):
            row = [self.choose_from(column) for column in zip(*table)]
            return array(row) if isinstance(table, np.ndarray) else row
        return Value.select([*table, self])

    def __index__(self) -> int:
        self.recording.leak(self, "an int")
        raise AssertionError("a leak always raises")
