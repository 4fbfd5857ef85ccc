"""One writer a file: a second process that would write the same checkpoint is told so.

The system drops the lock when its process ends, however it ends; the empty file that carries it may stay behind.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nn.command_line.interrupts import delayed
from nn.files import OutputError

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_writer(path: str | Path | None) -> Iterator[None]:
    """Be the only one who writes a file, as long as the context lasts; None is no file, and needs nothing.

    Raises
    ------
    OutputError
        If somebody else is, or the lock cannot be made.
    """
    if path is None:
        yield
        return
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name[:40]}.lock")
    handle = None
    try:
        with delayed():
            handle = _locked(path, beside)
        yield
    finally:
        if handle is not None:
            with delayed():
                _release(handle, beside)


def _locked(path: str | Path, beside: Path) -> int:
    while True:
        try:
            handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another folder.") from None
        try:
            _lock(handle)
        except (BlockingIOError, PermissionError):
            os.close(handle)
            raise OutputError(
                f"{path}: another training is writing it; wait until it ends, or choose another name."
            ) from None
        except OSError:  # a file system without locks
            return handle
        if _is_still_there(handle, beside):
            return handle
        os.close(handle)  # its last owner removed it between our opening and locking it


def _is_still_there(handle: int, beside: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(beside))
    except FileNotFoundError:
        return False


def _release(handle: int, beside: Path) -> None:
    if sys.platform != "win32":
        beside.unlink(missing_ok=True)  # while it is still locked, so that nobody else's is removed
    os.close(handle)
    if sys.platform == "win32":
        with suppress(PermissionError):  # somebody else has it by now
            beside.unlink(missing_ok=True)
