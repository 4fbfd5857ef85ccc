"""Files: text in whichever Unicode a program wrote it, and results that are written whole or not at all."""

from __future__ import annotations

import codecs
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from nn.command_line.interrupts import delayed

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


OTHER_KINDS = (  # what files that are no text begin with, and what is to be done with them
    (b"\x1f\x8b", "is compressed; unpack it first (gunzip)"),
    (b"BZh", "is compressed; unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "is compressed; unpack it first (unxz)"),
    (b"PK\x03\x04", "is a zip archive or a workbook; unpack it, or save its sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is a workbook; save its sheet as CSV"),
    (b"PAR1", "is a Parquet file; write it as CSV"),
)


class DataError(ValueError):
    """A file is not what it should be; the message says which file, where in it, and what was expected."""


class OutputError(OSError):
    """A result cannot be written where it should go; the message says why, and what to do."""


def read_bytes(path: str | Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError as error:  # a NUL in the name
        raise DataError(f"{str(path)!r}: is no name of a file ({error}).") from None


def read_text(path: str | Path) -> str:
    """Return the text of a file: UTF-8, or UTF-16 as spreadsheets and PowerShell write it, without its byte-order mark.

    Raises
    ------
    DataError
        If it cannot be read, or is no text; with the line.
    """
    raw = read_bytes(path)
    for beginning, what in OTHER_KINDS:
        if raw.startswith(beginning):
            raise DataError(f"{path}: {what}.")
    encoding = encoding_of(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        kind = encoding.removesuffix("-sig").upper()
        way_out = "save the file as UTF-8 (in Excel: 'CSV UTF-8')"
        raise DataError(f"{path}: byte {error.start} is not {kind} text (line {line}); {way_out}.") from None
    if "\0" in text:
        raise DataError(f"{path}:{text[: text.index(chr(0))].count(chr(10)) + 1}: holds a NUL; it is no text.")
    return text


def encoding_of(raw: bytes) -> str:
    """Return the encoding of a text, by its byte-order mark or, without one, by where its zero bytes are.

    >>> [encoding_of("a,b".encode(name)) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")]
    ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be']
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark) and not _is_plain(raw[len(mark) :], encoding):
            return encoding
    beginning = raw[:1000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 4 * beginning[first::2].count(0) > len(beginning) and not beginning[1 - first :: 2].count(0):
            return encoding
    return "utf-8"


def _is_plain(raw: bytes, encoding: str) -> bool:
    """Return whether bytes said to be UTF-16 or UTF-32 are none: every letter of plain text would have a zero."""
    return encoding in ("utf-16", "utf-32") and raw.isascii() and b"\0" not in raw


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file through a temporary one beside it, so that a failure loses nothing.

    A new file has the mode that the user's mask gives; one that is there keeps its own, and a link is followed.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with delayed():
        _write(path, Path(os.path.realpath(path)), content)


def _write(path: str | Path, target: Path, content: bytes) -> None:
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except OSError as error:
        _removed(temporary)
        why = error.strerror or error
        raise OutputError(f"{path}: cannot be written ({why}); what was there is as it was.") from None
    except BaseException:
        _removed(temporary)
        raise


def check_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None] = ()) -> None:
    """Refuse, before anything is computed, a result that could not be written at the end, or would land on an input.

    Parameters
    ----------
    outputs
        Where results go; None where there is none.
    inputs
        The files that are read.

    Raises
    ------
    OutputError
        Naming the first of them.
    """
    taken = [Path(path) for path in inputs if path is not None]
    for output in (path for path in outputs if path is not None):
        path = Path(output)
        if not str(output):
            raise OutputError("'' is no name of a file.")
        if any(_same(path, other) for other in taken):
            raise OutputError(f"{path}: is read or written already by this command; choose another name for it.")
        check_writable(path)
        taken.append(path)


def check_unwritten(path: str | Path | None, *, force: bool = False) -> None:
    """Refuse to replace a file, unless that is asked for.

    Raises
    ------
    OutputError
        If there is one.
    """
    if path is not None and not force and Path(path).exists():
        raise OutputError(f"{path}: is there already; --force replaces it.")


def check_writable(path: str | Path) -> None:
    """Refuse a file that cannot be written: its folder is missing or closed, or something else has its name.

    Raises
    ------
    OutputError
        Saying which of them it is.
    """
    target = Path(os.path.realpath(path))
    if not target.name:
        raise OutputError(f"{str(path)!r}: is no name of a file.")
    if not target.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {target.parent}; make it first, or choose another.")
    if target.exists() and not target.is_file():
        what = "is a folder" if target.is_dir() else "is no ordinary file"
        raise OutputError(f"{path}: {what}; give the name of a file.")
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"{path}: is write-protected; choose another name.")
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
        os.close(handle)
        os.unlink(temporary)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another folder.") from None


def _mode(target: Path) -> int:
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return os.path.realpath(a) == os.path.realpath(b)


def _removed(temporary: str) -> None:
    if temporary:
        Path(temporary).unlink(missing_ok=True)
