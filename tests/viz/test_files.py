"""Files are written whole, or one line says why not."""

from __future__ import annotations

import os

import pytest

import viz
from engine import Value


@pytest.fixture
def product():
    return Value(2.0, "x") * Value(3.0, "w")


def test_unwritable_paths_are_one_line(tmp_path, product):
    with pytest.raises(
        FileNotFoundError, match="Cannot write .*p.svg: No such file or directory; choose another folder"
    ):
        viz.save(product, tmp_path / "missing" / "p.svg")
    (tmp_path / "p.svg").mkdir()
    with pytest.raises(IsADirectoryError, match="Cannot write"):
        viz.save(product, tmp_path / "p.svg")
    assert os.listdir(tmp_path) == ["p.svg"]


@pytest.mark.parametrize("path", ["/proc/p.svg", "x" * 300 + ".svg", "p.svg/q.svg", "nul\0.svg"])
def test_no_path_gives_more_than_a_line_or_leaves_a_file(tmp_path, product, path):
    (tmp_path / "p.svg").write_text("mine")
    with pytest.raises((OSError, ValueError)) as caught:
        viz.save(product, tmp_path / path)
    assert len(str(caught.value).splitlines()) == 1
    assert os.listdir(tmp_path) == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "mine"


def test_a_failure_while_writing_leaves_the_old_file(tmp_path, product, monkeypatch):
    (tmp_path / "p.svg").write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="Cannot write .*p.svg: No space left on device"):
        viz.save(product, tmp_path / "p.svg")
    assert os.listdir(tmp_path) == ["p.svg"]
    assert (tmp_path / "p.svg").read_text() == "old"
