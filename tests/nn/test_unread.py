"""Output that nobody reads: what was asked to be kept is kept, and nothing is complained of."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from long_run import shortened

import nn
from nn.command_line.gpt_command import load_gpt
from nn.training.saved import load
from nn.unread import dropped

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("command", "read"),
    shortened([("train --data xor --epochs 40", "head -n 1"), ("gpt --data names --steps 4", "true")], 1),
)
def test_training_goes_on_to_its_end(tmp_path, command, read):
    names = tmp_path / "names"
    names.write_text("ada\nbob\n" * 20)
    words = f"{sys.executable} -u -m nn {command.replace('names', str(names))} --save {tmp_path / 'model'}"
    line = f"(sleep 0.2; {words}; echo $? > {tmp_path / 'status'}) | {read}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (tmp_path / "status").read_text() == "0\n"
    assert "Error" not in done.stderr
    assert "Pipe" not in done.stderr
    (load if "train" in command else load_gpt)(tmp_path / "model")


def test_what_is_read_is_printed(capsys):
    with dropped():
        print("a")
        print("b", flush=True)
    assert capsys.readouterr().out == "a\nb\n"


def test_training_by_itself_says_the_same(capsys):
    with dropped():
        nn.fit(nn.MLP(2, [2, 1]), *nn.moons(10), loss="hinge", epochs=1)
    assert "epoch 1/1" in capsys.readouterr().out


def test_a_stream_that_was_closed_meanwhile_is_flushed_no_more():
    with redirect_stdout(io.StringIO()) as inner, dropped():
        lasting = sys.stdout
    inner.close()
    lasting.flush()
    lasting.close()
