"""While a function is traced, the numbers that a Value holds beside its own are none to compute with either.

``x.grad`` and ``x.pullback`` are slots, or a node would cost more. For as long as somebody traces, in whichever thread,
they are read through a property, which asks whoever traces in the reader's; the engine itself goes on reading them.
Gradients of captured Values are numbers where the surroundings follow them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.lines import ENGINE
from engine.tracing import GRADIENT, LOCAL
from engine.value import Value

SLOTS = {"grad": GRADIENT, "pullback": "its local derivatives (by .pullback)"}
_LOCK = threading.Lock()
_TRACING: list[object] = []  # one entry for each function that is being traced
_PLAIN = {name: Value.__dict__[name] for name in SLOTS}


def _property(name: str) -> property:
    slot, into = _PLAIN[name], SLOTS[name]

    def read(value: Value) -> Any:
        if LOCAL.active is not None and not sys._getframe(1).f_code.co_filename.startswith(ENGINE):
            LOCAL.active.leak(value, into)
        return slot.__get__(value)

    return property(read, slot.__set__)


_GUARDED = {name: _property(name) for name in SLOTS}


@contextmanager
def sealed() -> Iterator[None]:
    """Have gradients and local derivatives of Values refused to the function that is traced inside a ``with`` block."""
    token = object()
    with _LOCK:
        _TRACING.append(token)
        if len(_TRACING) == 1:
            _exchange(_GUARDED)
    try:
        yield
    finally:
        with _LOCK:
            _TRACING.remove(token)
            if not _TRACING:
                _exchange(_PLAIN)


def _exchange(descriptors: dict[str, Any]) -> None:
    for name, descriptor in descriptors.items():
        setattr(Value, name, descriptor)
