"""While a function is traced, the numbers that a Value holds beside its own are none to compute with either.

``x.grad`` and ``x.pullback`` are slots, or a node would cost more. For as long as somebody traces, in whichever thread,
they are read through a property, which asks whoever traces in the reader's; the engine itself goes on reading them.
Gradients of captured Values are numbers where the surroundings follow them.

Where Values stand in for captured numbers, it is noted which of them are hashed: equal numbers are one key, Values are
each its own.

An attribute that a Value has not may be there in another call, so that it is noted which of them are asked for.
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
_TRACING: dict[object, tuple[str, ...]] = {}  # what is exchanged for each function that is being traced
_PLAIN = {**{name: Value.__dict__[name] for name in SLOTS}, "__hash__": object.__hash__, "__getattr__": None}


def _property(name: str) -> property:
    slot, into = _PLAIN[name], SLOTS[name]

    def read(value: Value) -> Any:
        if LOCAL.active is not None and not _asked_by_the_engine():
            LOCAL.active.leak(value, into)
        return slot.__get__(value)

    return property(read, slot.__set__)


def _hash(value: Value) -> int:
    if LOCAL.active is not None and not _asked_by_the_engine():
        LOCAL.active.told_apart(value)
    return object.__hash__(value)


def _getattr(value: Value, name: str) -> Any:
    """Note what is asked for in vain; Python's own protocols ask for much that nobody stores."""
    if LOCAL.active is not None and not name[:2] == "__" == name[-2:] and not _asked_by_the_engine():
        LOCAL.active.absent(value, name)
    return object.__getattribute__(value, name)  # refuses it in Python's words


def _asked_by_the_engine() -> bool:
    """Whether the caller's caller is the engine's own code."""
    return sys._getframe(2).f_code.co_filename.startswith(ENGINE)


_GUARDED = {**{name: _property(name) for name in SLOTS}, "__hash__": _hash, "__getattr__": _getattr}


@contextmanager
def sealed(hashes: bool = False) -> Iterator[None]:
    """Have gradients and local derivatives of Values refused to the function that is traced inside a ``with`` block.

    Parameters
    ----------
    hashes
        Whether hashes are noted as well.
    """
    token = object()
    with _LOCK:
        _TRACING[token] = (*SLOTS, "__getattr__", *["__hash__"] * hashes)
        _exchange()
    try:
        yield
    finally:
        with _LOCK:
            del _TRACING[token]
            _exchange()


def _exchange() -> None:
    """Have the class look as all who trace need it."""
    guarded = {name for names in _TRACING.values() for name in names}
    for name, plain in _PLAIN.items():
        descriptor = _GUARDED[name] if name in guarded else plain
        if Value.__dict__.get(name, plain) is descriptor:
            continue
        if descriptor is None:
            delattr(Value, name)
        else:
            setattr(Value, name, descriptor)
