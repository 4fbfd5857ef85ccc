"""Numbers as files write them."""

from __future__ import annotations

import pytest

from nn.reading.numerals import Numerals, marks_decimals


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [
        ("1", 1.0, 1.0),
        ("-2.5", -2.5, None),
        ("\u22122.5", -2.5, None),
        ("1e3", 1000.0, 1000.0),
        ("1,234.5", 1234.5, None),
        ("1.234,5", None, 1234.5),
        ("red", None, None),
        ("", None, None),
    ],
)
def test_a_cell_in_either_notation(cell, point, comma):
    assert (Numerals(".").number(cell), Numerals(",").number(cell)) == (point, comma)
    assert Numerals(".").other == Numerals(",")


def test_all_digits_are_kept_where_they_count():
    assert str(Numerals().exact("9007199254740993")) == "9007199254740993"
    assert Numerals().exact("inf") is None
    assert Numerals().name("00501") == "00501"


def test_what_marks_decimals_for_certain():
    assert marks_decimals(["1,5", "2.25"]) == ({",", "."}, "")
