"""Every operation has a word of its own, and several of it another."""

import pytest

from engine.rules import RULES
from viz.fold.nouns import listed, many, noun


@pytest.mark.parametrize("op", RULES)
def test_every_operation_has_a_word_for_one_and_for_many(op):
    assert noun(op, 1)
    assert noun(op, 1) != noun(op, 2)
    assert many(op, 2) == f"2 {noun(op)}"


def test_long_lists_say_how_many_more():
    assert listed([str(i) for i in range(9)]) == "0, 1, 2 and 6 more"
    assert listed([]) == ""
