"""Captions: one step as a line, transpositions said and no more."""

from __future__ import annotations

from array_steps import CASES

from engine.lifting.emit.captions import formula, operand_text, transposition


def test_a_caption_says_the_operation_on_names():
    assert formula(CASES["tanh"][0], behind=transposition) == "r = tanh(A)"
    assert formula(CASES["product"][0], behind=transposition) == "r = X @ B.T"
    assert operand_text(CASES["product"][0].operands[1], transposition) == "B.T"
