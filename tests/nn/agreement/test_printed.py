"""Tables of text and of HTML."""

from __future__ import annotations

from nn.agreement.printed import aligned, as_html


def test_columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_blanks():
    assert aligned([("a", "bb"), ("ccc", "")]) == ["a    bb", "ccc"]


def test_cells_are_escaped():
    assert "<th>&amp;</th>" in as_html([("&",), ("<i>",)])
    assert "<td>&lt;i&gt;</td>" in as_html([("&",), ("<i>",)])
