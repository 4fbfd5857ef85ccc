"""Ctrl-C while a command runs: one exception, once, between two files and not within one, and quiet after it."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nn.at_once import end

SOON = 0.01  # seconds after which an interrupt that was lost comes again


class Interrupted(KeyboardInterrupt):
    """An interrupt, with what was kept in its message."""


def raise_once() -> None:
    """Let Ctrl-C raise KeyboardInterrupt where it ended the process until now, and ignore it after that."""
    if signal.getsignal(signal.SIGINT) is end:
        signal.signal(signal.SIGINT, _raise)
        sys.unraisablehook = _raise_again


@contextmanager
def ignored() -> Iterator[None]:
    """Let nothing interrupt what is saved and said after an interrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def delayed() -> Iterator[None]:
    """Let an interrupt of the command line wait until a file is whole, and nothing beside it is left."""
    _Waiting.files += 1
    try:
        yield
    finally:
        _Waiting.files -= 1
        if _Waiting.came and not _Waiting.files:
            _Waiting.came = False
            raise KeyboardInterrupt


class _Waiting:
    """How many files are being written, and whether an interrupt came meanwhile."""

    files = 0
    came = False


def _raise(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _Waiting.files:
        _Waiting.came = True
        return
    raise KeyboardInterrupt


def _raise_again(lost: Any) -> None:
    """Repeat an interrupt that came while an object was freed, where Python can raise nothing."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    signal.signal(signal.SIGINT, _raise)
    again = threading.Timer(SOON, _thread.interrupt_main)
    again.daemon = True
    again.start()
