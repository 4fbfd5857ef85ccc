"""The steps that are being made, in order; and whether those are made too that depend on no leaf.

>>> with taping(whole=True) as tape:
...     current().steps.append(ArrayStep([1.0, 2.0]))
>>> len(tape.steps), current().steps
(1, [])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from nn.diagnosis.alterations.step import ArrayStep


@dataclass
class Tape:
    """What is written while a function runs.

    Attributes
    ----------
    is_whole
        Whether comparisons and constants are steps as well: what is computed from numbers alone.
    steps
        All that were made.
    read
        Those whose number was taken out of the record by `float`: what it decided is not followed.
    """

    is_whole: bool = False
    steps: list[ArrayStep] = field(default_factory=list)
    read: list[ArrayStep] = field(default_factory=list)


_CURRENT: ContextVar[Tape | None] = ContextVar("tape", default=None)


def current() -> Tape:
    """Return the tape that is written on, or one that nobody reads."""
    return _CURRENT.get() or Tape()


@contextmanager
def taping(whole: bool = False) -> Iterator[Tape]:
    """Write on a tape of its own while this is open."""
    tape = Tape(whole)
    before = _CURRENT.set(tape)
    try:
        yield tape
    finally:
        _CURRENT.reset(before)


def run_author(f: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns: the calls that lead to a step are looked at as far as this one."""
    return f(*arguments)
