"""Ctrl-C ends the command line in one line, from the first moment on.

Importing what training needs takes longer than a finger; until `nn.__main__` can catch an interrupt itself, a handler
says it and ends the process.  Where `nn` is imported by other programs nothing is touched.  This module is imported
first, and imports nothing that would take time.
"""

from __future__ import annotations

import os
import signal
import sys


def is_command_line() -> bool:
    """Return whether this process was started as ``liftgrad`` or ``python -m nn``."""
    if sys.argv[:1] == ["-m"]:  # what it is while the package of -m is imported
        return "nn" in sys.orig_argv[sys.orig_argv.index("-m") + 1 :][:1]
    return os.path.basename("".join(sys.argv[:1])) in ("liftgrad", "liftgrad.exe")


def end(*_: object) -> None:
    """End this process with one line; the handler of an interrupt that can lose nothing yet."""
    os.write(2, b"liftgrad: interrupted\n")
    os._exit(2)


def end_at_once() -> None:
    """Let Ctrl-C end this process in one line, where it is a command line whose interrupts are Python's own."""
    if is_command_line() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


end_at_once()
