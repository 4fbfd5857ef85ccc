"""Somebody's Python file as a module, and what to say of an exception that it raised."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from nn.checking.limits import relieve
from nn.diagnosis.asked import LONGEST, RaisedError
from nn.files import encoding_of


class CheckError(ValueError):
    """A file cannot be checked: it cannot be read or run, or its settings or functions are not what is expected."""


class _Source(SourceFileLoader):
    """Loads a Python file also where its text is UTF-16, as PowerShell's ``>`` writes it; keeps no compiled copy."""

    def get_data(self, path: str) -> bytes:
        raw = super().get_data(path)
        encoding = encoding_of(raw)
        return raw if encoding.startswith("utf-8") else raw.decode(encoding).encode("utf-8")

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Write nothing beside a file that is somebody else's."""


def loaded(path: str | Path, name: str = "checked_backpropagation") -> ModuleType:
    """Return a file as a module.

    Raises
    ------
    CheckError
        If it is not a Python file, or cannot be run; whatever it raises, Ctrl-C's exception too.
    """
    if not Path(path).is_file():
        raise CheckError(f"{path}: is no file.")
    if Path(path).suffix != ".py":
        raise CheckError(f"{path}: is no Python file (its name should end in .py).")
    where = str(Path(path).resolve())
    spec = importlib.util.spec_from_loader(name, _Source(name, where))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses and pickles look for it
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise CheckError(blamed(error, path, "cannot be run:")) from error
    return module


@contextmanager
def folder_on_path(path: str | Path) -> Iterator[None]:
    """Put a file's folder first on the path as long as it runs, as if it had been started."""
    folder = str(Path(path).resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def blamed(error: BaseException, path: str | Path, what: str) -> str:
    """Return one line that names an exception and the last line of the file that led to it."""
    error = _itself(error)
    if isinstance(error, MemoryError):
        relieve()
    lines = _lines(error, path)
    number = error.lineno if isinstance(error, SyntaxError) else (lines[-1] if lines else None)
    place = f"{path}, line {number}" if number else str(path)
    message = _message(error)
    return f"{place}: {what} {type(error).__name__}" + (f": {message}" if message else "")


def raised_in(error: BaseException, path: str | Path) -> bool:
    """Whether a line of a file led to an exception."""
    return bool(_lines(_itself(error), path))


def _itself(error: BaseException) -> BaseException:
    """Return what a function of the file raised: its line says more here than what it was called with."""
    return error.__cause__ if isinstance(error, RaisedError) and error.__cause__ is not None else error


def _lines(error: BaseException, path: str | Path) -> list[int | None]:
    file = str(Path(path).resolve())
    return [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]


def _message(error: BaseException) -> str:
    """Return an exception's message on one line, if it can say it."""
    try:
        text = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    except Exception:  # a class of the file's own
        return ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
