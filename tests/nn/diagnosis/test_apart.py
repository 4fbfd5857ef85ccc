"""A checked file runs in a process of its own: what ends that process has not passed, and nothing beside it is ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nn.diagnosis.apart import verdict
from nn.diagnosis.script import CheckError
from nn.diagnosis.template import template

ROOT = Path(__file__).resolve().parents[3]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("import os\nos._exit(0)\n", "status 0"),
        ("import os\nos._exit(7)\n", "status 7"),
        ("def gradients(params, X, T):\n    import os\n    os._exit(0)\n", "status 0"),
        pytest.param("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "SIGSEGV", marks=posix),
        pytest.param("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", "SIGKILL", marks=posix),
    ],
)
def test_what_ends_its_process_is_not_a_pass(tmp_path, text, how):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(CheckError, match=rf"mine.py: ended its process \({how}\) before its gradients were judged"):
        verdict(tmp_path / "mine.py")


def test_right_and_wrong(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(template())
    ok, text = verdict(path)
    assert ok
    assert "right: the gradient agrees" in text
    path.write_text(template().replace(" * (1.0 - a1**2)", ""))
    ok, text = verdict(path)
    assert not ok
    assert "[no-slope]" in text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.py"]  # nothing compiled is left beside it


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_as_powershell_writes_it(tmp_path, encoding):
    (tmp_path / "mine.py").write_bytes(template().replace("\n", "\r\n").encode(encoding))
    assert verdict(tmp_path / "mine.py")[0]


def test_errors_in_the_file_are_its_errors(tmp_path):
    (tmp_path / "mine.py").write_text("x = 1 / 0\n")
    with pytest.raises(CheckError, match=r"mine.py, line 1: cannot be run: ZeroDivisionError"):
        verdict(tmp_path / "mine.py")


def test_a_learners_own_modules_are_theirs_and_ours_are_ours(tmp_path):
    """Files with the names of our modules and of Python's beside the one that is checked, in the current folder."""
    for name in ("nn.py", "engine.py", "viz.py", "json.py", "signal.py"):
        (tmp_path / name).write_text("print('the wrong file')\nraise SystemExit(0)\n")
    (tmp_path / "helper.py").write_text("import numpy\ntanh = numpy.tanh\n")
    text = template().replace("    # forward", "    import helper\n    # forward").replace("np.tanh(", "helper.tanh(")
    (tmp_path / "mine.py").write_text(text)
    start = "import sys; sys.path[:] = [*sys.path[1:], sys.argv.pop(1)]; from nn.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", start, str(ROOT), "check", "mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert "right: the gradient agrees" in done.stdout
    assert "the wrong file" not in done.stdout
