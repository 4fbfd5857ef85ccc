"""The command line: what it prints, and the status it ends with."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nn
from nn.__main__ import main


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["train", "--data", "nowhere.csv"],
            "liftgrad train: nowhere.csv: is there neither as a file nor as a data set; use digits, moons, xor",
        ),
        (["train", "--data", "xor", "--lr", "0"], "liftgrad train: lr must be a number above 0; got 0.0."),
        (
            ["compare", "--load", "nowhere"],
            "liftgrad compare: nowhere: cannot be read (No such file or directory).",
        ),
        (["train", "--data", "."], "liftgrad train: .: no t10k-images-idx3-ubyte"),
    ],
)
def test_errors_are_one_line_and_status_2(argv, message, capsys):
    assert main(argv) == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_what_reads_the_output_may_stop(tmp_path):
    command = f"{sys.executable} -m nn check --template | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_an_interrupt_is_status_2(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn, "fit", stop)
    assert main(["train", "--data", "xor"]) == 2
    assert capsys.readouterr().err == "liftgrad train: interrupted\n"


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "nn", "--help"], capture_output=True, text=True, check=True)
    assert "demo" in done.stdout
