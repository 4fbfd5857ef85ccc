"""The table of mistakes: every row complete, and injected by independent code."""

from __future__ import annotations

from nn.diagnosis.mistakes import (
    MISTAKES,
    batch,
    biases,
    forward,
    output,
    penalty,
    propagation,
    scale,
    slopes,
    svm,
    update,
    weights,
)
from nn.diagnosis.mistakes.table import PROPOSALS, WORDS

from ..injection import BY_SHAPE, NAMES, names_in


def test_at_least_forty_mistakes_each_with_a_sentence_an_equation_and_a_reference():
    assert len(MISTAKES) >= 40
    for mistake in MISTAKES.values():
        assert mistake.sentence, mistake.name
        assert mistake.reference, mistake.name
        assert not mistake.sentence.endswith(".")
    assert len({mistake.sentence for mistake in MISTAKES.values()}) == len(MISTAKES) - 1  # both p - t times p (1 - p)


def test_every_mistake_is_injected_by_independent_code():
    assert set(NAMES) | BY_SHAPE == set(MISTAKES)


def test_every_mistake_is_in_one_module():
    modules = [batch, biases, forward, output, penalty, propagation, scale, slopes, svm, update, weights]
    assert sorted(name for module in modules for name in names_in(module)) == sorted(NAMES)


def test_every_mistake_has_words_and_what_proposes_it():
    assert set(WORDS) == set(PROPOSALS) == set(MISTAKES)
