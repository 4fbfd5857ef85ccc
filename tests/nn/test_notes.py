"""The five notes, formula by formula: what is printed against the scalar engine, and the table that nn/notes.md shows.

`python -m tests.nn.test_notes` writes the table anew from the records in tests/nn/notes.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from .notes import note_000_softmax, note_001_softmax, note_002, note_003_layers, note_004
from .notes.note_001_softmax import softmax_loss_vectorized
from .notes.record import deviation, table

NOTES = [module.note for module in (note_000_softmax, note_001_softmax, note_002, note_003_layers, note_004)]
FORMULAS = [formula for note in NOTES for formula in note.formulas]
PAGE = Path(__file__).resolve().parents[2] / "nn" / "notes.md"
TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=\n<!-- /table -->)", re.DOTALL)


def by_id(formula):
    return f"{formula.id} {formula.values.__name__}"


@pytest.mark.parametrize("formula", FORMULAS, ids=by_id)
def test_formula(formula):
    truth, *printed = formula.values()
    assert all(value is not truth for value in printed)
    if formula.verdict == "right":
        assert printed
        assert max(deviation(value, truth) for value in printed) < 1e-12
        return
    as_printed, corrected, *amounts_to = printed
    assert deviation(corrected, truth) < 1e-12
    if formula.raises:
        with pytest.raises(formula.raises):
            as_printed()
        return
    assert deviation(as_printed, truth) > 1e-3
    assert all(deviation(as_printed, value) < 1e-12 for value in amounts_to)


def test_the_table_is_printed_from_the_formulas():
    assert TABLE.search(PAGE.read_text(encoding="utf-8"))[0] == table(NOTES)


def test_what_is_not_right_has_its_correction():
    for formula in FORMULAS:
        assert bool(formula.corrected) == (formula.verdict != "right"), formula.id
        assert bool(formula.raises) == (formula.verdict == "cannot run"), formula.id


@pytest.mark.parametrize(("a", "expected"), [([1.0, 2.0 + 1e-9], 5e-10), ([2.0, 1.0], 0.5), ([np.nan, 2.0], np.inf)])
def test_a_deviation_is_seen(a, expected):
    assert deviation(a, [1.0, 2.0]) == pytest.approx(expected, rel=1e-6)
    assert deviation([a], [1.0, 2.0]) == np.inf


# --- where the notes themselves are at hand ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def texts(data):
    folder = data.parent / "notes"
    if not folder.is_dir():
        pytest.skip("the notes are not beside the data folder")
    return {note.number: next(folder.glob(f"{note.number}_*")).read_text(encoding="utf-8") for note in NOTES}


def lines_of_mathematics_or_code(text):
    """Numbers of the lines that hold a formula or code; within $$ ... $$ every line that has a letter or a sign."""
    fenced = display = False
    for number, line in enumerate(text.splitlines(), start=1):
        mathematics = fenced or display or "$" in line
        if line.startswith("```"):
            fenced = not fenced
        elif mathematics and not re.fullmatch(r"\s*(\$\$)?\s*(\\(begin|end)\{\w+\})?\s*(\$\$)?\s*", line):
            yield number
        if not fenced and line.count("$$") % 2:
            display = not display


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.number)
def test_every_line_of_mathematics_or_code_has_a_verdict(note, texts):
    judged = {line for formula in note.formulas for line in formula.lines}
    lines = set(lines_of_mathematics_or_code(texts[note.number]))
    assert lines - judged == set(note.silent)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.number)
def test_a_quotation_is_on_its_lines(note, texts):
    lines = texts[note.number].splitlines()
    for formula in note.formulas:
        there = " ".join(" ".join(lines[n - 1] for n in formula.lines).split())
        for quotation in re.findall("“(.*?)”", formula.printed):
            assert " ".join(quotation.split()) in there, formula.id


def test_the_function_that_runs_is_the_one_printed(texts):
    block = re.search(r"```python\n(def .*?)```", texts["001"], re.DOTALL)[1]
    printed, ours = (ast.parse(text).body[0] for text in (block, inspect.getsource(softmax_loss_vectorized)))
    assert ast.get_docstring(printed)
    assert ast.dump(ast.Module(printed.body[1:], [])) == ast.dump(ast.Module(ours.body, []))


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(NOTES), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
