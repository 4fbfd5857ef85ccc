"""Equations as text, in every convention."""

from __future__ import annotations

import pytest

from nn import matrix
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.notation import NOTATION, OUTPUT_ERRORS, altered, equation


@pytest.mark.parametrize("convention", matrix.CONVENTIONS)
def test_equations_are_written_in_every_convention(convention):
    assert set(NOTATION[convention]) == set(NOTATION["rows"])
    for mistake in MISTAKES.values():
        assert "{" not in altered(mistake.altered, convention)
        for loss in OUTPUT_ERRORS:
            assert "{" not in equation(mistake.equation, convention, loss)
