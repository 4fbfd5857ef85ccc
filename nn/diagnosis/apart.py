"""Check a file in a process of its own: what ends that process without a verdict has not passed.

The file is its author's program and may end itself (`os._exit(0)`), crash, or be killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from nn.diagnosis.script import CheckError, check_file

# The current folder is not on its path, so that a file there is never taken for a module of ours or of Python's.
START = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import json, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path[:] = json.loads(sys.argv.pop(1))
from nn.diagnosis.apart import answer
answer(*sys.argv[1:])
"""


def verdict(path: str | Path) -> tuple[bool, str]:
    """Return whether a file's gradients are right, and the diagnosis in words.

    Raises
    ------
    CheckError
        If the file cannot be checked, or ends its process before it is judged.
    """
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "verdict.json"
        sys.stdout.flush()
        command = [sys.executable, "-c", START, json.dumps(sys.path), os.fspath(path), str(where)]
        done = subprocess.run(command, check=False)
        if not where.exists():
            how = _how(done.returncode)
            raise CheckError(f"{path}: ended its process ({how}) before its gradients were judged; take out what does.")
        answered = json.loads(where.read_text(encoding="utf-8"))
    if "error" in answered:
        raise CheckError(answered["error"])
    return bool(answered["ok"]), str(answered["text"])


def answer(path: str, where: str) -> None:
    """Check a file in this process, and write the verdict."""
    sys.argv = [path]
    try:
        diagnosis = check_file(path)
        answered = {"ok": diagnosis.ok, "text": str(diagnosis)}
    except (ValueError, OSError, ImportError) as error:
        answered = {"error": str(error)}
    written = Path(f"{where}.part")
    written.write_text(json.dumps(answered), encoding="utf-8")
    written.replace(where)


def _how(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
