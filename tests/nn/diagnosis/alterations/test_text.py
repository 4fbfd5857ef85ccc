import string

import pytest

from nn.diagnosis.alterations.text import OF_MULTIPLES, SENTENCES


@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_form_belongs_to_a_kind_that_has_a_text_of_its_own(kind):
    assert kind.split()[0] in SENTENCES


def test_no_sentence_is_said_of_two_forms_of_a_kind_that_mean_different_things():
    sentences = [text for text, _ in SENTENCES.values()]
    several = {text for text in sentences if sentences.count(text) > 1}
    alike = [{kind.split()[0] for kind, (text, _) in SENTENCES.items() if text == one} for one in several]
    assert all(len(kinds) == 1 or kinds <= {"slope-squared", "slope-unsigned", "slope-shifted", "factor-squared",
                                            "factor-unsigned", "factor-shifted"} for kinds in alike)  # fmt: skip


@pytest.mark.parametrize("form", sorted(OF_MULTIPLES))
def test_a_multiple_is_of_something_and_by_something(form):
    assert {name for _, name, _, _ in string.Formatter().parse(OF_MULTIPLES[form])} - {None} == {"of", "what"}
