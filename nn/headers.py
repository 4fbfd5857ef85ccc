"""Whether the first line of a table holds the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from nn.files import DataError
from nn.numerals import MISSING_NUMBERS, Numerals

MOSTLY = 0.5  # a column is one of numbers if more than this part of its cells are
WAY_OUT = "say --header if it holds the names of columns, --no-header if it is a sample."

Record = tuple[int, list[str]]


def is_header(path: str, records: Sequence[Record], numerals: Numerals) -> bool:
    """Return whether the first record is a header.

    Text over a column of numbers is a name, and a number over a column of numbers a sample, unless all of them count
    on from one another (0, 1, 2 as pandas writes them, or years) over numbers that are not whole.  Over columns of text
    it is names if none of them comes again below.

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
    names = [k for k, cell in enumerate(first) if numeric[k] and _is_name(cell, numerals)]
    given = [(k, numerals.number(cell)) for k, cell in enumerate(first) if numeric[k]]
    numbers = [(k, number) for k, number in given if number is not None and cell_counts(first[k])]
    counted = counts_on([number for _, number in numbers])
    if not numbers:
        if names:
            return True
        return not any(numeric) and _are_names(first, columns)
    if not names and not counted:
        return False
    if counted and (names or any(not n.is_integer() for k, _ in numbers for n in numeric[k])):
        return True
    k = numbers[0][0]
    among = "a number among names" if names else "a column's name or a number"
    raise DataError(f"{path}:{line}: column {k + 1} is {first[k]!r}, {among}; {WAY_OUT}")


def counts_on(numbers: Sequence[float]) -> bool:
    """Return whether whole numbers, at least two, each follow the one before at the same distance.

    >>> counts_on([0, 1, 2]), counts_on([2019, 2020]), counts_on([1, 2, 0]), counts_on([7])
    (True, True, False, False)
    """
    steps = {b - a for a, b in zip(numbers, numbers[1:])}
    return len(steps) == 1 and min(steps) > 0 and all(float(n).is_integer() for n in numbers)


def cell_counts(cell: str) -> bool:
    """Return whether a cell holds something: a missing value is neither a name nor a number."""
    return cell.lower() not in MISSING_NUMBERS


def _is_name(cell: str, numerals: Numerals) -> bool:
    return cell_counts(cell) and numerals.number(cell) is None


def _numbers(column: list[str], numerals: Numerals) -> list[float]:
    """Return the numbers of a column of numbers, else nothing."""
    present = [cell for cell in column if cell_counts(cell)]
    found = [number for number in map(numerals.number, present) if number is not None]
    return found if len(found) > MOSTLY * len(present) else []


def _are_names(first: list[str], columns: list[list[str]]) -> bool:
    return not any(cell in column for cell, column in zip(first, columns))
