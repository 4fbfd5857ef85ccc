"""Check files in processes of their own, with limits: nothing that a file does ends the run, or passes for a verdict.

A file is its author's program.  It may loop, print, wait for input, start processes, end itself (`os._exit(0)`), crash,
or be killed.  This guards against mistakes, not against malice: a file may do whatever its user may.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from nn.checking.checks import Check, checks, reference_checked
from nn.checking.limits import ENVIRONMENT, limit
from nn.checking.loading import CheckError

# The current folder is not on its path, so that a file there is never taken for a module of ours or of Python's.
START = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import json, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path[:] = json.loads(sys.argv.pop(1))
from nn.checking.apart import answer
answer(*sys.argv[1:])
"""
SHOWN = 20_000  # bytes of what a file prints that are kept
TIMEOUT = "timeout"
GRACE = 2.0  # seconds that output may lag behind the end of its process


@dataclass(frozen=True)
class Allowance:
    """What a file may use.

    Attributes
    ----------
    seconds
        By the clock.
    memory
        In MiB, where the system can limit it.
    """

    seconds: float = 30.0
    memory: int = 2048


@dataclass(frozen=True)
class Outcome:
    """What was found in a file.

    Attributes
    ----------
    file
        Its path, as it was given.
    checks
        The verdict on each function, in the file's order; at least one.
    seconds
        How long its process took.
    output
        The beginning of what it printed.
    printed
        How many bytes it printed.
    """

    file: str
    checks: tuple[Check, ...]
    seconds: float = 0.0
    output: str = ""
    printed: int = 0

    @property
    def ok(self) -> bool:
        """Whether all gradients are right."""
        return all(check.ok for check in self.checks)

    @property
    def first(self) -> Check:
        """The first check that is not right, or the first."""
        return next((check for check in self.checks if not check.ok), self.checks[0])


@dataclass
class Runs:
    """Processes that check files, several at a time.

    Attributes
    ----------
    reference
        What files are judged by; None if by themselves.
    limits
        What each may use.
    at_once
        How many run at a time.
    running, stopped
        The processes, and whether they have been ended.
    """

    reference: str | Path | None = None
    limits: Allowance = Allowance()
    at_once: int = 1
    running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    stopped: bool = False

    def outcomes(self, files: Sequence[str | Path]) -> Iterator[Outcome]:
        """Yield what is found in each file, in their order; whatever ends this early ends the processes too."""
        self.stopped = False
        with ThreadPoolExecutor(self.at_once) as pool:
            coming = [pool.submit(self.outcome, path) for path in files]
            try:
                for future in coming:
                    yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self.stopped = True
                for process in list(self.running):
                    _end(process)

    def outcome(self, path: str | Path) -> Outcome:
        """Run one file."""
        return self._run("file", path)

    def check_reference(self) -> None:
        """Run the reference by itself.

        Raises
        ------
        CheckError
            If nothing can be judged by it.
        """
        if self.reference is not None:
            outcome = self._run("reference", self.reference)
            if not outcome.ok:
                raise CheckError(outcome.first.message)

    def _run(self, what: str, path: str | Path) -> Outcome:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            answers, began = Path(folder) / "answers", time.monotonic()
            process = self._started(what, path, answers)
            assert process.stdout is not None
            output = Output(process.stdout)
            how = self._waited_for(process)
            output.join(GRACE)
            lines = answers.read_bytes().splitlines() if answers.exists() else []
        checks = tuple(_answered(lines, how, path, self.limits))
        return Outcome(str(path), checks, time.monotonic() - began, output.text, output.size)

    def _started(self, what: str, path: str | Path, answers: Path) -> subprocess.Popen[bytes]:
        processor = self.limits.seconds * (os.cpu_count() or 1) + 1.0
        words = [what, os.fspath(path), os.fspath(self.reference or ""), answers, self.limits.memory, processor]
        sys.stdout.flush()
        process = subprocess.Popen(
            [sys.executable, "-c", START, json.dumps(sys.path), *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,  # on POSIX: with all that it starts, it is one group, and Ctrl-C is not its own
        )
        self.running.add(process)
        if self.stopped:  # between two looks at what is running
            _end(process)
        return process

    def _waited_for(self, process: subprocess.Popen[bytes]) -> str:
        """Return how a process ended, when it has; nothing that it started goes on."""
        try:
            return _how(process.wait(self.limits.seconds))
        except subprocess.TimeoutExpired:
            return TIMEOUT
        finally:
            _end(process)
            self.running.discard(process)


class Output(threading.Thread):
    """What a process prints, read to its end so that it never waits, and kept as far as anybody would look."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe, self._kept, self.size = pipe, b"", 0
        self.start()

    def run(self) -> None:
        """Read until the pipe is closed."""
        with contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._pipe.fileno(), 1 << 16):
                self.size += len(chunk)
                self._kept += chunk[: max(0, SHOWN - len(self._kept))]
            self._pipe.close()

    @property
    def text(self) -> str:
        """What is kept."""
        return self._kept.decode("utf-8", "backslashreplace")


def answer(what: str, path: str, reference: str, answers: str, memory: str, processor: str) -> None:
    """Check a file in this process, write down each verdict as it comes, and end the process."""
    sys.argv = [path]
    author = os.getpid()
    limit(int(memory), float(processor))
    with open(answers, "a", encoding="utf-8") as book:
        for verdict in _reference(path) if what == "reference" else checks(path, reference or None):
            if os.getpid() != author:  # a process that the file has split off
                os._exit(0)
            line = {"running": verdict} if isinstance(verdict, str) else {"check": verdict.data()}
            print(json.dumps(line, default=float), file=book, flush=True)
        print(json.dumps({"done": True}), file=book, flush=True)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or exchanged, by the file
            stream.flush()
    os._exit(0)  # threads that the file has left running do not keep it


def _reference(path: str) -> Iterator[Check]:
    try:
        reference_checked(path)
    except CheckError as error:
        yield Check("", "error", str(error))
    else:
        yield Check("", "right")


def _answered(lines: Sequence[bytes], how: str, path: str | Path, limits: Allowance) -> Iterator[Check]:
    """Yield the verdicts that a process has written down, and how it ended if that was before its time."""
    running, answers = "", [line for line in map(_read, lines) if line]
    for line in answers:
        running = line.get("running", "" if "check" in line else running)
        if "check" in line:
            yield Check.of(line["check"])
    if not any("done" in line for line in answers):
        where = f" in {running}()" if running else ""
        if how == TIMEOUT:
            yield Check(running, TIMEOUT, f"{path}: took longer than {limits.seconds:g} seconds{where}; it was ended.")
        else:
            what = f"ended its process ({how}){where} before its gradients were judged; take out what does."
            yield Check(running, "ended", f"{path}: {what}")


def _read(line: bytes) -> dict[str, Any]:
    """Return a line of answers; nothing if the process ended within it."""
    try:
        read: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return read


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, at once."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _how(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
