"""Ctrl-C while a command runs: one exception, once, between two files and not within one, and quiet after it."""

from __future__ import annotations

import _thread
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nn.command_line.at_once import end

SOON = 0.01  # seconds after which an interrupt that was lost comes again
AGAIN = 1.0  # seconds in which further ones are the same


class Interrupted(KeyboardInterrupt):
    """An interrupt, with what was kept in its message."""


def raise_once() -> None:
    """Let Ctrl-C raise KeyboardInterrupt where it ended the process until now; what follows at once is the same one."""
    if signal.getsignal(signal.SIGINT) is end:
        _Waiting.raised = -math.inf
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
    """How many files are being written, whether an interrupt came meanwhile, and when one was raised."""

    files = 0
    came = False
    raised = -math.inf


def _raise(*_: object) -> None:
    now = time.monotonic()
    if now - _Waiting.raised < AGAIN:
        return
    _Waiting.raised = now
    if _Waiting.files:
        _Waiting.came = True
        return
    raise KeyboardInterrupt


def _raise_again(lost: Any) -> None:
    """Repeat an interrupt that came while an object was freed, where Python can raise nothing."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    _Waiting.raised = -math.inf
    again = threading.Timer(SOON, _thread.interrupt_main)
    again.daemon = True
    again.start()
