"""The page of mistakes: every one of them, in the section of its equation."""

from __future__ import annotations

import re

from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.page import TITLES, page


def test_every_mistake_is_in_the_section_of_its_equation():
    sections = re.split(r"^## (.*)$", page(), flags=re.MULTILINE)
    texts = dict(zip(sections[1::2], sections[2::2]))
    assert list(texts) == list(TITLES.values())
    for mistake in MISTAKES.values():
        assert f"| `{mistake.name}` | {mistake.sentence} |" in texts[TITLES[mistake.equation]]


def test_rows_have_four_cells_whatever_an_equation_holds():
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) == len(MISTAKES)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
