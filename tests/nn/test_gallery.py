"""The pictures that the README shows say what today's program says."""

import re

import pytest

from nn import gallery

FOLDER = gallery.FOLDER


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    gallery.main([str(folder)])
    return folder


def words(path):
    """Every text of an SVG; places differ between versions of Graphviz."""
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text("utf-8")))


@pytest.mark.parametrize("name", ["neuron.svg", "digits.svg", "program.svg", "gpt.svg"])
def test_the_kept_picture_is_todays(drawn, name):
    assert words(FOLDER / name) == words(drawn / name)


def test_every_kept_picture_is_one_that_is_drawn(drawn):
    assert sorted(path.name for path in FOLDER.glob("*.svg")) == sorted(path.name for path in drawn.iterdir())
