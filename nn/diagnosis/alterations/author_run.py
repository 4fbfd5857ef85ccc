"""A run of an author's function on recorded arrays: where it begins, and which numbers it takes out of the record.

>>> with read_numbers() as read:
...     note_read(ArrayStep([2.0]))
>>> len(read)
1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from nn.diagnosis.alterations.step import ArrayStep

_READ: ContextVar[list[ArrayStep] | None] = ContextVar("read", default=None)


@contextmanager
def read_numbers() -> Iterator[list[ArrayStep]]:
    """Collect, while this is open, the steps whose number is taken out by `float`: what it decides is not followed."""
    read: list[ArrayStep] = []
    before = _READ.set(read)
    try:
        yield read
    finally:
        _READ.reset(before)


def note_read(step: ArrayStep) -> None:
    """Note that the number of a step is taken out of the record."""
    read = _READ.get()
    if read is not None:
        read.append(step)


def run_author(f: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns: the calls that lead to a step are looked at as far as this one."""
    return f(*arguments)
