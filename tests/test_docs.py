"""Tables in the README are printed by code, and are what the code prints."""

from __future__ import annotations

import re
from pathlib import Path

import engine.rules
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.page import page

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)
    assert found, f"README.md has no block {name}"
    return found[1]


def test_the_table_of_rules_is_the_rules():
    assert block("rules") == engine.rules.table()


def test_the_table_of_mistakes_is_the_mistakes():
    path = Path(__file__).resolve().parents[1] / "nn" / "diagnosis" / "mistakes.md"
    assert path.read_text(encoding="utf-8") == page()
    assert f"{len(MISTAKES)} mistakes" in README


def test_the_project_speaks_of_itself_only():
    root = Path(__file__).resolve().parents[1]
    ours = [path for name in ("engine", "nn", "tests", "viz") for path in (root / name).rglob("*.[pm][yd]")]
    for path in [*ours, root / "README.md", root / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(?:work|root|farm)/", text.replace(r"/(?:work|root|farm)/", "")), path
