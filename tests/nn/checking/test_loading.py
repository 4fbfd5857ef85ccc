"""A file as a module, and exceptions in one line."""

from __future__ import annotations

import sys

import pytest
from checked_files import check_file

from nn.checking.loading import LONGEST, CheckError, blamed, folder_on_path, loaded, raised_in
from nn.diagnosis.template import template


def test_its_neighbours_can_be_imported(tmp_path):
    (tmp_path / "neighbour_of_mine.py").write_text("import numpy\ntanh = numpy.tanh\n")
    text = template().replace("import numpy as np", "import numpy as np\nimport neighbour_of_mine")
    (tmp_path / "mine.py").write_text(text.replace("np.tanh(", "neighbour_of_mine.tanh("))
    assert check_file(tmp_path / "mine.py").ok
    assert str(tmp_path) not in sys.path


def test_a_folder_that_a_file_takes_off_the_path_is_no_error(tmp_path):
    with folder_on_path(tmp_path / "x.py"):
        sys.path.remove(str(tmp_path))


def test_dataclasses_find_their_module(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\n"
    )
    assert loaded(tmp_path / "mine.py").A(1).x == 1


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit(1)", "GeneratorExit", "ValueError('no\\nway')"])
def test_whatever_a_file_raises_is_one_line(tmp_path, error):
    (tmp_path / "mine.py").write_text(f"x = 1\nraise {error}\n")
    with pytest.raises(CheckError, match=r"mine.py, line 2: cannot be run: ") as caught:
        loaded(tmp_path / "mine.py")
    assert "\n" not in str(caught.value)
    assert raised_in(caught.value.__cause__, tmp_path / "mine.py")
    assert not raised_in(caught.value.__cause__, tmp_path / "other.py")


def test_long_messages_are_shortened():
    assert len(blamed(ValueError("x " * 1000), "a.py", "raised")) < LONGEST + 40


def test_what_is_no_python_file(tmp_path):
    (tmp_path / "notes").write_text("x = 1")
    with pytest.raises(CheckError, match=r"is no Python file"):
        loaded(tmp_path / "notes")
    with pytest.raises(CheckError, match=r"is no file"):
        loaded(tmp_path)
