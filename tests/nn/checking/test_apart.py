"""A checked file runs in a process of its own: what ends that process has not passed, and nothing beside it is ours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from checked_files import LAYERS, REFERENCE, RIGHT, WRONG

from nn.checking.apart import Allowance, Runs
from nn.checking.loading import CheckError

ROOT = Path(__file__).resolve().parents[3]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, forks and limits are POSIX's")


def outcomes(folder, texts, **options):
    """What is found in files, by their names."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_bytes(text if isinstance(text, bytes) else text.encode())
    runs = Runs(limits=Allowance(**options), at_once=2)
    found = runs.outcomes([folder / f"{name}.py" for name in texts])
    return dict(zip(texts, found))


ALIVE = """
import os, sys, threading, time
print("x" * 100_000)
sys.stderr.write("and errors")
os.chdir("/")
threading.Thread(target=time.sleep, args=(100,)).start()
if os.fork() == 0:
    time.sleep(100)
try:
    input()
except EOFError:
    print("nothing to read")
"""


@posix
def test_one_that_loops_and_one_that_does_all_it_should_not_are_told_and_end(tmp_path):
    began = time.monotonic()
    (check,) = outcomes(tmp_path, {"loops": "while True: pass"}, seconds=1.0)["loops"].checks
    lively = outcomes(tmp_path, {"lively": ALIVE + RIGHT})["lively"]
    assert time.monotonic() - began < 50.0
    assert (check.verdict, check.message) == (
        "timeout", f"{tmp_path / 'loops.py'}: took longer than 1 seconds; it was ended.",
    )  # fmt: skip
    assert lively.ok
    assert lively.printed == 100_001 + len("and errors") + len("nothing to read\n")
    assert lively.output == "x" * 20_000
    assert not list(tmp_path.glob("*/*"))  # nothing compiled is left beside them


ENDS = {
    "exits": ("raise SystemExit(3)", "error", "line 1: cannot be run: SystemExit: 3"),
    "interrupts": ("raise KeyboardInterrupt", "error", "line 1: cannot be run: KeyboardInterrupt"),
    "leaves": ("import os\nos._exit(0)", "ended", "ended its process (status 0) before its gradients were judged"),
    "leaves with 7": ("import os\nos._exit(7)", "ended", "ended its process (status 7)"),
    "leaves within": (
        "def gradients(params, X, T):\n    import os\n    os._exit(0)",
        "ended",
        "ended its process (status 0) in gradients() before its gradients were judged; take out what does.",
    ),
    "crashes": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "ended", "(SIGSEGV)"),
    "ends its group": ("import os, signal\nos.kill(0, signal.SIGTERM)", "ended", "(SIGTERM)"),
    "is killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ended", "(SIGKILL)"),
    "allocates": ("import numpy as np\nx = [np.ones(10**6) for _ in range(10**6)]", "memory", "line 2: cannot be run:"),
    "allocates bit by bit": ("x = []\nwhile True: x.append(object())", "memory", "cannot be run: MemoryError"),
    "allocates within": (RIGHT.replace("    # forward", "    np.ones(10**10)"), "memory", "raised MemoryError: Unable"),
    "waits": ("import time\ntime.sleep(1000)", "timeout", "took longer than 10 seconds"),
    "waits within": ("def gradients(params, X, T):\n    while True: pass", "timeout", "10 seconds in gradients()"),
    "hears nothing": (
        "import signal\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: pass", "timeout", "ended",
    ),
    "prints for ever": ("while True: print('x' * 5000)", "timeout", "took longer"),
    "asks": ("x = input()", "error", "line 1: cannot be run: EOFError"),
    "recurs": ("def f(): f()\nf()", "error", "line 1: cannot be run: RecursionError"),
    "raises what says nothing": ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "error", "run: E"),
    "has no syntax": ("def f(:", "error", "line 1: cannot be run: SyntaxError"),
    "is Latin 1": ('x = "\xe9"'.encode("latin-1"), "error", "line 1: cannot be run: SyntaxError"),
    "holds a NUL": (b"x = 1\0", "error", "cannot be run: SyntaxError"),
    "is empty": ("", "error", "defines no function gradients(params, X, T)"),
}  # fmt: skip


@posix
@pytest.mark.slow
def test_nothing_that_a_file_does_ends_the_run_and_its_line_says_what_happened(tmp_path):
    found = outcomes(tmp_path, {name: text for name, (text, _, _) in ENDS.items()}, seconds=10.0, memory=200)
    assert {name: outcome.first.verdict for name, outcome in found.items()} == {
        name: verdict for name, (_, verdict, _) in ENDS.items()
    }
    for name, (_, _, message) in ENDS.items():
        said = found[name].first.message
        assert message in said, name
        assert said.startswith(str(tmp_path / f"{name}.py"))
        assert "\n" not in said
        assert len(found[name].checks) == 1


@posix
@pytest.mark.slow
def test_what_a_file_splits_off_does_not_answer_for_it(tmp_path):
    odd = {
        "two": "import os\nos.fork()\n" + WRONG,
        "within": RIGHT.replace("    # forward", "    import os\n    os.fork()"),
        "silent": "import os, sys\nos.close(1)\nos.close(2)\nsys.stdout = sys.stderr = None\n" + RIGHT,
        "a child": "import subprocess, sys\nsubprocess.Popen(['sleep', '1000'])\n" + RIGHT,
    }
    found = outcomes(tmp_path, odd)
    assert {name: len(outcome.checks) for name, outcome in found.items()} == dict.fromkeys(odd, 1)
    assert [outcome.first.verdict for outcome in found.values()] == ["named", "right", "right", "right"]


def test_what_was_judged_before_a_process_ended_is_not_lost(tmp_path):
    (tmp_path / "reference.py").write_text(REFERENCE)
    text = LAYERS.replace("    xhat, std, gamma = cache", "    import os\n    os._exit(0)")
    (tmp_path / "mine.py").write_text(text)
    runs = Runs(tmp_path / "reference.py")
    runs.check_reference()
    checks = runs.outcome(tmp_path / "mine.py").checks
    assert [(check.function, check.verdict) for check in checks] == [
        ("affine_forward", "right"), ("affine_backward", "right"), ("layernorm_forward", "right"),
        ("layernorm_backward", "ended"),
    ]  # fmt: skip


def test_a_reference_by_which_nothing_can_be_judged_is_refused(tmp_path):
    (tmp_path / "reference.py").write_text("def forward(x):\n    return x / 0\n\ndef inputs():\n    return (1.0,)\n")
    with pytest.raises(CheckError, match=r"line 2: forward\(\) raised ZeroDivisionError"):
        Runs(tmp_path / "reference.py").check_reference()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_as_powershell_writes_it(tmp_path, encoding):
    assert outcomes(tmp_path, {"mine": RIGHT.replace("\n", "\r\n").encode(encoding)})["mine"].ok


def test_whoever_stops_looking_ends_the_processes(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit" if name == "a" else "while True: pass")
    runs = Runs(at_once=3)
    began = time.monotonic()
    coming = runs.outcomes([tmp_path / f"{name}.py" for name in ("a", "b", "c")])
    next(coming)
    coming.close()
    assert time.monotonic() - began < 25.0
    assert runs.running == set()


def test_a_learners_own_modules_are_theirs_and_ours_are_ours(tmp_path):
    """Files with the names of our modules and of Python's beside the one that is checked, in the current folder."""
    for name in ("nn.py", "engine.py", "viz.py", "json.py", "signal.py"):
        (tmp_path / name).write_text("print('the wrong file')\nraise SystemExit(0)\n")
    (tmp_path / "helper.py").write_text("import numpy\ntanh = numpy.tanh\n")
    text = RIGHT.replace("    # forward", "    import helper\n    # forward").replace("np.tanh(", "helper.tanh(")
    (tmp_path / "mine.py").write_text(text)
    start = "import sys; sys.path[:] = [*sys.path[1:], sys.argv.pop(1)]; from nn.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", start, str(ROOT), "check", "mine.py", "--output"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert "right: the gradient agrees" in done.stdout
    assert "the wrong file" not in done.stdout
    assert not list(tmp_path.glob("*/*"))
