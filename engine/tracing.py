"""Which trace, if any, is recording in this thread: the one piece of state that Values look at.

`engine.lift` sets it while it runs a user's function; `engine.value` consults it where a Value would turn
into a plain number or a branch.  Each thread has its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.value import Value


class Trace(Protocol):
    """What a recording must answer to the Values it watches."""

    def leak(self, value: Value, into: str) -> None:
        """Raise, since `value` was about to become a plain `into` (a float, an int ...)."""

    def branch(self, condition: Value) -> bool:
        """Note the way a branch went, and return it."""


class _Local(threading.local):
    active: Trace | None = None


LOCAL = _Local()


@contextmanager
def recording(trace: Trace | None) -> Iterator[None]:
    """Make `trace` the active one inside a ``with`` block, whatever happens in it."""
    outer, LOCAL.active = LOCAL.active, trace
    try:
        yield
    finally:
        LOCAL.active = outer
