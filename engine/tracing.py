"""Who, if anyone, is watching the Values of this thread: the one piece of state that Values look at.

`engine.lift` records the function that it runs, and the transforms watch the function that they differentiate.  A Value
consults them where it would turn into a plain number (`watch`) or into a branch (`active`).  Each thread has its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.differentiating import Differentiation
    from engine.value import Value

# what a Value is turned into, where more than one module says so
GRADIENT = "the number of its gradient (by .grad)"
READ = "a float (by value_and_grad or pull of a lifted program)"
WRITTEN = "a place to store a number (by push of a lifted program)"


class Watch(Protocol):
    """What refuses that a Value becomes a plain number where that number would stand for it."""

    def leak(self, value: Any, into: str) -> None:
        """Raise, if `value` must not become a plain `into` (a float, an int ...)."""

    def depends(self, value: Any) -> bool:
        """Whether `value` may change with what is being traced or differentiated."""


class Trace(Watch, Protocol):
    """What a recording must answer as well.

    Attributes
    ----------
    choosing
        Whether an algorithm should choose by `engine.where` where it could branch: one program serves many inputs.
    """

    choosing: bool

    def branch(self, condition: Value, *, certifies: bool = False) -> bool:
        """Note the way a branch went, and return it."""

    def told_apart(self, value: Any) -> None:
        """Note that a Value was told from others, or from a number, by its text or its hash."""

    def absent(self, value: Any, name: str) -> None:
        """Note that a Value was asked for an attribute that it has not."""


class Onlooker:
    """A watch that refuses nothing: programs that are called meanwhile go through the scalar engine, as in a trace."""

    choosing = False

    def leak(self, value: Any, into: str) -> None:
        """Let numbers be read."""

    def depends(self, value: Any) -> bool:
        """Let copies be made."""
        return False

    def told_apart(self, value: Any) -> None:
        """Let texts and hashes be asked for."""

    def absent(self, value: Any, name: str) -> None:
        """Let attributes be asked for."""


class _Local(threading.local):
    active: Trace | None = None  # who records a function that is being lifted
    watch: Watch | None = None  # who watches: that recording, or a transform


LOCAL = _Local()
DIFFERENTIATED: list[Differentiation] = []  # what is being differentiated, in whichever thread


def refuse(value: Any, into: str) -> None:
    """Ask who watches this thread, and who differentiates in another, whether a Value may become a plain `into`."""
    if LOCAL.watch is not None:
        LOCAL.watch.leak(value, into)
    for watch in tuple(DIFFERENTIATED):
        watch.refuse(value, into)


def depends(value: Any) -> bool:
    """Whether a function is being watched that a Value may change with: traced, or differentiated by it."""
    return LOCAL.watch is not None and LOCAL.watch.depends(value)


def refuse_where_lifted(value: Any, into: str) -> None:
    """Refuse to a function that is being lifted, if one is, what depends on a Value's number."""
    if LOCAL.active is not None:
        LOCAL.active.leak(value, into)


@contextmanager
def recording(trace: Trace | None) -> Iterator[None]:
    """Make `trace` the active one inside a ``with`` block, whatever happens in it."""
    outer = LOCAL.active, LOCAL.watch
    LOCAL.active = LOCAL.watch = trace
    try:
        yield
    finally:
        LOCAL.active, LOCAL.watch = outer


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Let `watch` see every Value that becomes a plain number inside a ``with`` block."""
    outer, LOCAL.watch = LOCAL.watch, watch
    try:
        yield
    finally:
        LOCAL.watch = outer
