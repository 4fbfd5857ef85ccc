"""Which line of its author's code is running: what messages about a function point at."""

from __future__ import annotations

import functools
import linecache
import os
import sys
import sysconfig
from types import FrameType

import numpy as np

ENGINE = os.path.dirname(os.path.abspath(__file__)) + os.sep
OURS = tuple([os.path.join(os.path.dirname(os.path.dirname(ENGINE)), name) + os.sep for name in ("nn", "viz")])
NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
STANDARD = sysconfig.get_path("stdlib") + os.sep
INSTALLED = ("site-packages", "dist-packages")  # inside the standard library's folder, but not of it


def place() -> tuple[str, int]:
    """Return the file and the number of the innermost line outside the engine, NumPy and Python's library."""
    frame = author(sys._getframe(1))
    return frame.f_code.co_filename, frame.f_lineno


def said(place: tuple[str, int]) -> str:
    """Return a place as "file.py:17 'text of the line'"."""
    file, line = place
    text = linecache.getline(file, line).strip()
    return f"{os.path.basename(file)}:{line}" + (f" '{text}'" if text else "")


def user_line() -> str:
    """Return "file.py:17 'text of the line'" for the line that `place` finds.

    >>> user_line().split(":")[0]
    '<doctest engine.lines.user_line[0]>'
    """
    return said(place())


def outside_engine() -> int:
    """Return how many frames up the caller of the engine is, for a warning to name its line."""
    frame, up = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
        frame, up = frame.f_back, up + 1
    return up


def author(innermost: FrameType) -> FrameType:
    """Return the innermost frame of a file that is no library's; where all are, the innermost outside the engine."""
    frame: FrameType | None = innermost
    while frame is not None and is_looked_through(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is not None:
        return frame
    frame = innermost
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
        frame = frame.f_back
    return frame


@functools.lru_cache(maxsize=1024)
def is_looked_through(file: str) -> bool:
    """Whether a file is a library's: of the engine, of NumPy, of Python; or a text that was lifted."""
    if file.startswith(("<frozen", "<lifted", "<__array_function__")):  # the last is how NumPy 1 hands on to it
        return True
    path = os.path.abspath(file)
    standard = path.startswith(STANDARD) and not path[len(STANDARD) :].startswith(INSTALLED)
    return standard or path.startswith((ENGINE, NUMPY))
