"""Two writers do not share a file, in one process or in two; a lock ends with its process, however that ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nn
from nn.files import OutputError
from nn.training.locks import only_writer

HOLD = """
import sys, time
from nn.training.locks import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_told_and_the_lock_leaves_nothing(tmp_path):
    path = tmp_path / "checkpoint"
    with only_writer(path):
        with pytest.raises(OutputError, match="checkpoint: another training is writing it"), only_writer(path):
            pass
        with only_writer(tmp_path / "other"):
            pass
    with only_writer(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_none_is_no_file():
    with only_writer(None), only_writer(None):
        pass


def test_another_process_holds_it_until_it_is_killed(tmp_path):
    process = holder(tmp_path / "checkpoint")
    try:
        with pytest.raises(OutputError, match="another training is writing it"), only_writer(tmp_path / "checkpoint"):
            pass
        model = nn.MLP(2, [2, 1])
        with pytest.raises(OutputError, match="another training is writing it"):
            nn.fit(model, *nn.moons(8), loss="hinge", checkpoint=tmp_path / "checkpoint", progress=False)
    finally:
        process.kill()
        process.communicate()
    with only_writer(tmp_path / "checkpoint"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_the_file_it_leads_to(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with (
        only_writer(tmp_path / "file"),
        pytest.raises(OutputError, match="another training"),
        only_writer(tmp_path / "link"),
    ):
        pass


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match=r"cannot be written \(No such file"), only_writer(tmp_path / "no" / "file"):
        pass
