"""Ctrl-C before anything is imported: one line and status 2; and no handler where `nn` is a library."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from nn.command_line import at_once


@pytest.mark.parametrize(
    ("argv", "started", "is_ours"),
    [
        (["-m"], ["python", "-m", "nn", "demo"], True),
        (["-m"], ["python", "-m", "viz"], False),
        (["/usr/bin/liftgrad", "train"], ["python", "/usr/bin/liftgrad"], True),
        (["my_script.py"], ["python", "my_script.py"], False),
        ([], ["python"], False),
    ],
)
def test_which_process_is_the_command_line(monkeypatch, argv, started, is_ours):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", started)
    assert at_once.is_command_line() == is_ours


def test_a_handler_of_somebody_else_s_stays(monkeypatch):
    monkeypatch.setattr(at_once, "is_command_line", lambda: True)
    before = signal.signal(signal.SIGINT, mine := lambda *_: None)
    try:
        at_once.end_at_once()
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_end_is_one_line_and_status_2():
    ended = subprocess.run(
        [sys.executable, "-c", "from nn.command_line import at_once; at_once.end()"], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (2, "liftgrad: interrupted\n", "")
