"""The pages of the layers say what today's program says."""

import re
from pathlib import Path

import pytest

from nn.layers import LAYERS, page, reference

FOLDER = Path(reference.__file__).parent


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def test_the_first_page_leads_to_every_layer():
    assert read("README.md") == page.contents()
    assert {path.name for path in FOLDER.glob("*.md")} == {"README.md", *map(page.file_name, LAYERS)}


@pytest.mark.parametrize("layer", LAYERS, ids=page.title)
def test_a_page_shows_the_functions_and_the_mistakes_as_they_are(layer):
    text = read(page.file_name(layer))
    for function in (layer.forward, layer.backward, *page.helpers(layer.forward)):
        assert page.code(function) in text
    for mistake in layer.MISTAKES[: page.SHOWN]:
        assert page.changed(layer, mistake) in text
    for mistake in layer.MISTAKES:
        assert mistake.what[1:] in text


def names(text):
    return re.findall(r"\[([a-z-]+)\](?!\()|`([a-z-]+)` \|", text)


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS, ids=page.title)
def test_a_page_says_what_is_said_of_the_mistakes(layer):
    """By the names: of sentences that say the same of two places, another version of NumPy may round to the other."""
    assert names(read(page.file_name(layer))) == names(page.page_of(layer))
