"""Text is clipped and made visible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viz.text import clip, printable


@given(st.text(), st.integers(3, 50))
def test_clipped_text_fits_and_short_text_is_untouched(text, length):
    shown = clip(text, length)
    assert len(shown) <= length
    assert shown == text or len(text) > length


def test_what_is_visible_of_a_label_does_not_depend_on_its_neighbours():
    assert as_read("a" * 10_000) == ["a" * 20 + "…" + "a" * 19]


def as_read(label):
    lines = [line.replace("\xa0", " ") for line in printable(clip(label)).split("\n")]
    return [line for line in lines if line.strip()]
