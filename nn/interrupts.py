"""Ctrl-C ends the command line in one line, from the first moment on.

Importing what training needs takes longer than a finger; until `nn.__main__` can catch an interrupt itself, a handler
says it and ends the process.  Where `nn` is imported by other programs nothing is touched.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STATUS = 2


class Interrupted(KeyboardInterrupt):
    """An interrupt, with what was kept in its message."""


def is_command_line() -> bool:
    """Return whether this process was started as ``liftgrad`` or ``python -m nn``."""
    if sys.argv[:1] == ["-m"]:  # what it is while the package of -m is imported
        return "nn" in sys.orig_argv[sys.orig_argv.index("-m") + 1 :][:1]
    return bool(sys.argv) and Path(sys.argv[0]).stem == "liftgrad"


def end_at_once() -> None:
    """Let Ctrl-C end this process in one line, where it is a command line that can lose nothing yet."""
    if is_command_line() and _is_ordinary():
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, as Python has it."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


def _is_ordinary() -> bool:
    in_main = threading.current_thread() is threading.main_thread()
    return in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _end(*_: Any) -> None:
    os.write(2, b"liftgrad: interrupted\n")
    os._exit(STATUS)


end_at_once()
