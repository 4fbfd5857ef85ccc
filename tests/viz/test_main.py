"""The command prints, draws, and says in a line or three what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import viz
from viz.__main__ import main


def run(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(Path(viz.__file__).parents[1])}
    command = [sys.executable, "-m", "viz", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_the_command_prints_and_draws(tmp_path):
    done = run("tanh(w*x + b)", "w=0.5", "x=2", "b=-1", "-o", "neuron.svg", cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "tanh(w*x + b) = 0.0",
        "  d/dw = 2.0",
        "  d/dx = 0.5",
        "  d/db = 1.0",
        "wrote neuron.svg",
    ]
    assert (tmp_path / "neuron.svg").read_text("utf-8").startswith("<svg")


def test_an_expression_may_begin_with_a_minus(tmp_path):
    done = run("-x*2", "x=-3", "-o", "p.dot", cwd=tmp_path)
    assert done.stdout.splitlines() == ["-x*2 = 6.0", "  d/dx = -2.0", "wrote p.dot"]


def test_the_caret_is_under_the_mistake_whatever_stands_before_it(tmp_path):
    done = run("字 + y*x", "字=1", "x=2", cwd=tmp_path)
    assert done.stderr.splitlines() == [
        "'y' has no value; add y=1.0:",
        "  字 + y*x",
        "       ^",
    ]  # 字 takes two columns


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to write into, on a machine without Graphviz."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("w", "w=1", "-o", "a.jpg"), "'a.jpg': pictures end in .svg, .png, .pdf, .dot, .gv, .html; name the file"),
        (("w", "w=1", "-o", "a"), "'a': pictures end in .svg"),
        (
            ("w", "w=1", "-o", "none/a.dot"),
            "Cannot write none/a.dot: No such file or directory; choose another folder.",
        ),
        (("w", "w=1", "-o", "a.png"), "PNG needs Graphviz's 'dot' (apt install graphviz); SVG works without it."),
        (("w", "w=1", "w=2"), "w is given twice; give it once."),
        (("w", "w=1", "u=2"), "u not in the expression; leave it out."),
        (("w", "w"), "'w' is not name=number; write for example x=2.0."),
        (("w", "w=1", "--colour"), "'--colour' is not name=number; write for example x=2.0."),
    ],
)
def test_the_commands_errors_say_what_to_do(folder, arguments, message, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert said.startswith(message)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("arguments", [("w*", "w=1"), ("w", "w=one"), ("w", "w=1", "u=2"), ("w", "w=1", "-o", "a.jpg")])
def test_the_commands_errors_are_short_and_leave_status_two(folder, arguments, capsys):
    assert main(arguments) == 2
    assert 0 < len(capsys.readouterr().err.splitlines()) <= 3


def test_the_process_ends_with_the_status_and_without_a_traceback(tmp_path):
    done = run("w*", "w=1", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
