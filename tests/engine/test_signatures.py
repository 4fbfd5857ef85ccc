"""What a type checker makes of a Value: every rule is seen, and what no rule gives is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

USE = """
import engine
from engine import Value
x = Value(1.0)
y: Value = -(x * 2.0 + x.tanh()).sigmoid() ** 2
y.backward()
engine.tanh(x), engine.softmax([x]), engine.functions.dot([x], [x]), x < 1.0
x.bakward()
x.tahn()
x.grda
engine.tahn(x)
"""


@pytest.mark.slow
def test_misspelt_names_are_errors_and_what_the_rules_give_is_not(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(USE, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "use.py")]
    root = Path(__file__).resolve().parents[2]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line.split(":")[1] for line in said if "error:" in line] == ["8", "9", "10", "11"], said
    assert 'has no attribute "bakward"; maybe "backward"?' in said[0]
