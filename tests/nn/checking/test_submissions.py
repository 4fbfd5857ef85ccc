"""Which files are meant by names and folders."""

from __future__ import annotations

import pytest

from nn.checking.loading import CheckError
from nn.checking.submissions import submissions


def test_folders_are_searched_and_each_file_is_taken_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "class/b.py",
        "class/a.py",
        "class/sub/c.py",
        "class/.hidden/d.py",
        "class/_e.py",
        "class/f.txt",
        "g.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("")
    inside = ["class/a.py", "class/b.py", "class/sub/c.py"]
    assert submissions(["class"]) == inside
    assert submissions(["g.py", "class", "class/../class/a.py", "class"]) == ["g.py", *inside]
    assert submissions(["class"], reference="class/b.py") == ["class/a.py", "class/sub/c.py"]
    with pytest.raises(CheckError, match=r"h.py: is no file"):
        submissions(["class", "h.py"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckError, match=r"empty: is a folder without Python files"):
        submissions(["empty"])
