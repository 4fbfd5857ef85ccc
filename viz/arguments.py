"""Reading a command line whose errors are one line."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn


class UsageError(ValueError):
    """A command line that cannot be meant; the message names the command, and says what to change."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises where argparse's own prints its usage and ends the process.

    >>> Parser(prog="draw").parse_args(["--nonsense"])
    Traceback (most recent call last):
    viz.arguments.UsageError: draw: unrecognized arguments: --nonsense (draw --help lists what there is)
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False} | options)

    def error(self, message: str) -> NoReturn:
        """Raise the error as one line."""
        raise UsageError(f"{self.prog}: {' '.join(message.split())} ({self.prog} --help lists what there is)")
