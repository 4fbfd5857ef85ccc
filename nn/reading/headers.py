"""Whether the first line of a table holds the names of its columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nn.files import DataError
from nn.reading.numerals import MISSING_NUMBERS, Numerals

Record = tuple[int, list[str]]
MOSTLY = 0.5  # a column is one of numbers if more than this part of its cells are
WAY_OUT = "say --header if it holds the names of columns, --no-header if it is a sample."


def is_header(path: str, records: Sequence[Record], numerals: Numerals) -> bool:
    """Return whether the first record is a header.

    Text over a column of numbers is a name, as is a number over a column of text; a number over a column of numbers is
    a sample, unless all numbers count on from one another (0, 1, 2 as pandas writes them, or years) over numbers that
    are not whole.  Over columns of text alone it is names if none of them comes again below.

    Raises
    ------
    DataError
        If it may be either, naming the cell.
    """
    line, first = records[0]
    if len(records) < 2:
        return all(numerals.number(cell) is None for cell in first)
    columns = [[cells[k] for _, cells in records[1:]] for k in range(len(first))]
    numeric = [_numbers(column, numerals) for column in columns]
    is_number = [cell_counts(cell) and numerals.number(cell) is not None for cell in first]
    over_numbers = [k for k in range(len(first)) if numeric[k] and is_number[k]]
    names = any(
        is_number[k] if _is_text(columns[k], numerals) else bool(numeric[k]) and _is_name(cell, numerals)
        for k, cell in enumerate(first)
    )
    if not over_numbers:
        return names or (not any(numeric) and _are_names(first, columns))
    sequence = _sequence([cell for cell, is_one in zip(first, is_number) if is_one], numerals)
    over_fractions = any(not n.is_integer() for k in over_numbers for n in numeric[k])
    if sequence == "counts on" and (names or over_fractions):
        return True
    odd = any(_is_odd(numerals.number(first[k]), numeric[k]) for k in over_numbers)
    if not names and not odd and (not sequence or (sequence == "rises" and not over_fractions)):
        return False
    among = "a number among names" if names else "a column's name or a number"
    raise DataError(f"{path}:{line}: column {over_numbers[0] + 1} is {first[over_numbers[0]]!r}, {among}; {WAY_OUT}")


def _sequence(cells: Sequence[str], numerals: Numerals) -> str:
    """Return how numbers follow one another, as names may: "counts on", "steps" or "rises"; else nothing.

    >>> [_sequence(text.split(), Numerals()) for text in ("0 1 2", "0.5 1.0 1.5", "1 10 100", "1 2 0", "7")]
    ['counts on', 'steps', 'rises', '', '']
    """
    numbers = [numerals.number(cell) or 0.0 for cell in cells]
    steps = [b - a for a, b in zip(numbers, numbers[1:])]
    if not steps or not all(math.isfinite(step) for step in steps):
        return ""
    even = steps[0] != 0.0 and all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)
    whole = all(cell.isdecimal() for cell in cells)
    if even and whole and (steps[0] > 0.0 or len(cells) > 2):
        return "counts on"
    if len(cells) > 2 and even:
        return "steps"
    return "rises" if len(cells) > 2 and whole and min(steps) > 0.0 else ""


def _is_odd(number: float | None, others: list[float]) -> bool:
    """Return whether a number has decimals over several that have none, as a wavelength has over counts."""
    return len(others) > 2 and number is not None and not number.is_integer() and all(n.is_integer() for n in others)


def cell_counts(cell: str) -> bool:
    """Return whether a cell holds something: a missing value is neither a name nor a number."""
    return cell.lower() not in MISSING_NUMBERS


def _is_name(cell: str, numerals: Numerals) -> bool:
    return cell_counts(cell) and numerals.number(cell) is None


def _numbers(column: list[str], numerals: Numerals) -> list[float]:
    """Return the numbers of a column of numbers, else nothing."""
    present = [cell for cell in column if cell_counts(cell)]
    numbers = [number for number in map(numerals.number, present) if number is not None]
    return numbers if len(numbers) > MOSTLY * len(present) else []


def _is_text(column: list[str], numerals: Numerals) -> bool:
    """Return whether a column has several cells, and none that is a number."""
    present = [cell for cell in column if cell_counts(cell)]
    return len(present) > 1 and all(numerals.number(cell) is None for cell in present)


def _are_names(first: list[str], columns: list[list[str]]) -> bool:
    return not any(cell in column for cell, column in zip(first, columns))
