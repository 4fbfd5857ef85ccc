"""Which files are meant: those that are named, and all Python files in the folders that are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nn.checking.loading import CheckError


def submissions(paths: Sequence[str], reference: str | None = None) -> list[str]:
    """Return the files of a command line, each once; in a folder those of its folders too, by name.

    What begins with a dot or an underscore is left out of folders, and so is the reference.

    Raises
    ------
    CheckError
        If there is no such file, or no Python file in a folder.
    """
    files: dict[str, str] = {}
    for path in paths:
        for file in _within(path, reference) if Path(path).is_dir() else [path]:
            files.setdefault(os.path.realpath(file), file)
    if len(files) > 1:
        missing = [file for file in files.values() if not Path(file).is_file()]
        if missing:
            raise CheckError(f"{missing[0]}: is no file.")
    return list(files.values())


def _within(folder: str, reference: str | None) -> list[str]:
    submitted = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        files = [os.path.join(place, name) for name in sorted(names) if name.endswith(".py") and name[0] not in "._"]
        submitted += [
            file for file in files if reference is None or os.path.realpath(file) != os.path.realpath(reference)
        ]
    if not submitted:
        raise CheckError(f"{folder}: is a folder without Python files.")
    return submitted
