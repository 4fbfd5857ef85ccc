"""Files that are written whole or not at all.

>>> from tempfile import mkdtemp
>>> target = Path(mkdtemp()) / "note.txt"
>>> write(target, b"whole")
>>> target.read_bytes()
b'whole'
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(target: Path, content: bytes) -> None:
    """Write a whole file or nothing."""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    except OSError as error:
        raise type(error)(f"Cannot write {target}: {error.strerror}; choose another folder.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise type(error)(f"Cannot write {target}: {error.strerror}; choose another name.") from None
