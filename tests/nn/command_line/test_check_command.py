"""``liftgrad check`` with several files: a table, JSON, XML, and the exit status."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from checked_files import LAYERS, REFERENCE, RIGHT, WRONG

from nn.__main__ import main


def test_a_class_of_files_is_a_table_json_and_xml(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()
    for name, text in {"anna": RIGHT, "ben": "print('here')\n" + WRONG}.items():
        (tmp_path / "class" / f"{name}.py").write_text(text)
    assert main(["check", "class", "--junit", "out.xml", "--hint", "sentence"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "file           verdict  where     mistake",
        "class/anna.py  right",
        "class/ben.py   named    layers.0  no-slope",
        "",
        "1 of 2 right",
        "",
        "class/ben.py:",
        "layers.0: the activation's derivative f'(z) is missing [no-slope]",
    ]
    assert said.err == ""
    assert {case.get("classname") for case in ET.parse("out.xml").iter("testcase")} == {"class/anna.py", "class/ben.py"}
    assert main(["check", "class/ben.py", "--json", "--hint", "where", "--output"]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["checks"][0]["diagnosis"]["findings"] == [{"where": "layers.0"}]
    assert file["output"] == "here\n"


def test_a_reference_judges_everybody_and_its_own_mistakes_are_usage(tmp_path, capsys):
    (tmp_path / "reference.py").write_text(REFERENCE)
    (tmp_path / "mine.py").write_text(LAYERS)
    assert main(["check", str(tmp_path), "--reference", str(tmp_path / "reference.py")]) == 0
    assert "1 of 1 right" in capsys.readouterr().out
    (tmp_path / "reference.py").write_text("x =")
    assert main(["check", str(tmp_path), "--reference", str(tmp_path / "reference.py")]) == 2
    assert "reference.py, line 1: cannot be run: SyntaxError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.py", "b.py"], "nowhere.py: is no file"),
        (["."], ".: is a folder without Python files"),
        (["a", "--timeout", "0"], "'0' is no finite number from 0.001 on"),
        (["a", "--memory", "1"], "'1' is no whole number from 64 to"),
        (["a", "--jobs", "0"], "'0' is no whole number from 1 to"),
        (["a", "--hint", "all"], "invalid choice: 'all'"),
        (["nowhere.py", "--junit", "nowhere/x.xml"], "nowhere/x.xml: there is no folder"),
        (["--template", "a.py", "b.py", "c.py"], "a template goes to one file; b.py and c.py are two"),
    ],
)
def test_wrong_words_are_one_line_and_status_2(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["check", *words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_report_never_replaces_a_file_that_is_checked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(RIGHT)
    assert main(["check", "a.py", "--junit", "a.py", "--force"]) == 2
    assert (tmp_path / "a.py").read_text() == RIGHT
