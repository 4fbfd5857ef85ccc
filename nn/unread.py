"""Output that nobody reads any more, as after ``| head``: a command that keeps its results elsewhere goes on."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO


@contextmanager
def dropped() -> Iterator[None]:
    """Drop what is printed once its reader has gone, in place of an error in the midst of the work."""
    with redirect_stdout(_Lasting(sys.stdout)):
        yield


class _Lasting(io.TextIOBase):
    """A stream that goes nowhere after its reader has gone."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text, or drop it."""
        try:
            self.stream.write(text)
        except BrokenPipeError:
            self._drop()
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, unless the stream is closed: whoever drops this one flushes it, however late."""
        try:
            if not self.stream.closed:
                self.stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)
