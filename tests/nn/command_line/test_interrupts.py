"""Ctrl-C is one line at any moment, and loses at most the epoch under way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from long_run import shortened

import nn
from nn.__main__ import main
from nn.command_line import interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
ROOT = Path(__file__).resolve().parents[3]


def interrupted(arguments, after, ready=None, times=1):
    """Start a command, interrupt it so long after it is ready, and return its status and what it says."""
    command = [sys.executable, "-m", "nn", *arguments]
    start = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while ready is not None and not ready() and start.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(after)
    for _ in range(times):
        start.send_signal(signal.SIGINT)
        time.sleep(0.003)
    _, error = start.communicate(timeout=60)
    return start.returncode, error


@pytest.mark.parametrize(("after", "times"), shortened([(0.0, 1), (0.05, 3), (0.3, 1)], 2))
def test_an_interrupt_keeps_the_last_whole_epoch(tmp_path, after, times):
    checkpoint, save = tmp_path / "checkpoint", tmp_path / "model"
    arguments = ["train", "--data", "digits", "--hidden", "8", "--epochs", "100000", "--batch", "400"]
    arguments += ["--checkpoint", str(checkpoint), "--save", str(save)]
    status, error = interrupted(arguments, after, checkpoint.exists, times)
    assert status == 2
    assert error.count("\n") == 1, error
    assert error.startswith(f"liftgrad train: interrupted; --resume goes on from {checkpoint}")
    assert set(os.listdir(tmp_path)) <= {"checkpoint", "model"}
    assert main([*arguments[:5], "--epochs", "1", *arguments[7:11], "--resume"]) == 0


@pytest.mark.parametrize("module", shortened(["numpy", "graphviz", "safetensors", "tqdm"], 2))
def test_an_interrupt_while_everything_is_still_imported(tmp_path, module):
    (tmp_path / f"{module}.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    command = [sys.executable, "-m", "nn", "train", "--data", "xor"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "liftgrad: interrupted\n")


def test_what_was_learnt_is_saved_where_there_is_no_checkpoint(tmp_path, monkeypatch, capsys):
    fit = nn.fit

    def cut_short(model, X, T, **how):
        fit(model, X, T, **(how | {"epochs": 1, "progress": False}))
        raise KeyboardInterrupt

    monkeypatch.setattr(nn, "fit", cut_short)
    save = tmp_path / "model"
    assert main(["train", "--data", "xor", "--save", str(save)]) == 2
    assert capsys.readouterr().err == f"liftgrad train: interrupted; what was learnt so far is in {save}\n"
    assert save.exists()


def test_an_untrained_network_replaces_nothing(tmp_path, monkeypatch, capsys):
    save = tmp_path / "model"
    assert main(["train", "--data", "xor", "--epochs", "1", "--save", str(save)]) == 0
    content = save.read_bytes()
    capsys.readouterr()

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn, "fit", stop)
    assert main(["train", "--data", "xor", "--save", str(save), "--force"]) == 2
    assert capsys.readouterr().err == "liftgrad train: interrupted\n"
    assert save.read_bytes() == content


def test_interrupts_of_other_programs_are_left_alone():
    program = "import signal, nn; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_second_interrupt_does_not_disturb_the_first(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, interrupts.end)
        interrupts.raise_once()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # nothing happens
    finally:
        signal.signal(signal.SIGINT, before)
        monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)


def test_an_interrupt_waits_until_a_file_is_whole(tmp_path):
    program = """
import os, signal, sys
from nn import files
from nn.command_line import interrupts
signal.signal(signal.SIGINT, interrupts.end)
interrupts.raise_once()
replace = os.replace
def interrupted(*names):
    signal.raise_signal(signal.SIGINT)
    replace(*names)
os.replace = interrupted
try:
    files.write_atomically(sys.argv[1], b"whole")
except KeyboardInterrupt:
    print("after it")
"""
    command = [sys.executable, "-c", program, str(tmp_path / "file")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("after it\n", "")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"whole"]


def test_an_interrupt_that_a_destructor_swallows_comes_again():
    program = """
import signal, sys, time
from nn.command_line import interrupts
signal.signal(signal.SIGINT, interrupts.end)
interrupts.raise_once()
class Swallows:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
try:
    Swallows()
    time.sleep(10)
except KeyboardInterrupt:
    print("again")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("again\n", "")
