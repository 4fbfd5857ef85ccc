"""Which trace of a function a call is of: each that was tried rules out others, by the branch that went another way.

Traces of one structure of inputs are paths in a tree of branches, since what a function asks next depends on the
answers so far. A trace whose branches went as they should up to one leaves those that share these answers and differ
there.

>>> import engine
>>> def steps(x):
...     return x if x < 1.0 else x * x if x < 2.0 else x**3
>>> program = engine.lift(steps, verify=False)
>>> program(0.5), program(1.5), program(2.5)
(0.5, 2.25, 15.625)
>>> third, second, first = next(iter(program.specialisations.values()))
>>> search = Search()
>>> search.rule_out(first, 0)
>>> [search.allows(trace) for trace in (first, second, third)]
[False, True, True]
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.lifting.run.executable import Specialisation


class Search:
    """What is known of a call's branches by the traces that were tried."""

    def __init__(self) -> None:
        self._begins: dict[bool, bytes] = {}  # how the ways must begin, where algorithms choose and where they branch
        self._tried: list[Specialisation] = []

    def rule_out(self, tried: Specialisation, at: int) -> None:
        """Note that a trace's guards held up to one, which went the other way."""
        answers = tried.way[:at] + bytes([not tried.way[at]])
        self._begins[tried.choosing] = answers[: tried.asked_alike]
        self._tried.append(tried)

    def allows(self, other: Specialisation) -> bool:
        """Whether a trace may be the one, by what the tried ones have shown."""
        begins = self._begins.get(other.choosing, b"")
        return other.way.startswith(begins) and not any(other is tried for tried in self._tried)

    def next_of(self, known: Sequence[Specialisation], latest: Specialisation | None) -> Specialisation | None:
        """Return the trace to try next, the one that ran last before others; None if there is none."""
        if latest is not None and any(v is latest for v in known) and self.allows(latest):
            return latest
        return next((v for v in tuple(known) if self.allows(v)), None)
