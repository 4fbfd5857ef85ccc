"""Whether a first line holds names: looked at, or refused where it may be either."""

from __future__ import annotations

import pytest

from nn.files import DataError
from nn.reading.headers import is_header
from nn.reading.numerals import Numerals


def records(*lines):
    return [(number, line.split(",")) for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("age,town", "1.5,Bath", "2,Leeds"), True),  # text over a column of numbers
        (("1.5,Bath", "2,Leeds", "3,York"), False),
        (("0,1,2", "0.5,1.5,2.5", "1.25,3.5,4.5"), True),  # numbers that count on, over others
        (("a,b",), True),  # alone, and no number
        (("1,2",), False),
        (("colour,town", "red,Bath", "red,Bath"), True),  # texts, none of which comes again
        (("red,Bath", "red,Bath", "blue,York"), False),
    ],
)
def test_what_is_seen(lines, expected):
    assert is_header("t.csv", records(*lines), Numerals()) is expected


def test_what_may_be_either_is_refused():
    with pytest.raises(DataError, match="--header"):
        is_header("t.csv", records("a,1.5", "2,3", "4,5"), Numerals())
