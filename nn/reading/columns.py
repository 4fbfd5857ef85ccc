"""Columns of a table as numbers: numbers as they are, true and false as 1 and 0, categories as one column per kind.

What a column was taken for is kept with the model, so that rows to predict are read as those it was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from nn.reading.numerals import MISSING, MISSING_NUMBERS, WITH_UNIT, Numerals
from nn.reading.tables import Table, listed
from nn.samples import Array

FEW = 10  # different texts are categories in a table of any length
MANY = 100  # different texts are never
BOOLEANS = {"true": 1.0, "false": 0.0}
HOLES = "missing values are filled or left out with --missing mean or --missing drop."
MONTH = (  # in English, German, French and Spanish, in full or cut short
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar|rero)?|fév(?:rier)?|mar(?:ch|s|zo)?|märz|mrz|apr(?:il)?|avr(?:il)?"
    r"|may|mai|mayo|jun[ei]?|juin|junio|jul[yi]?|juil(?:let)?|julio|aug(?:ust)?|août|ago(?:sto)?|sept?(?:emb(?:er|re))?"
    r"|septiembre|o[ck]t(?:ober|obre|ubre)?|nov(?:emb(?:er|re)|iembre)?|de[cz](?:ember)?|déc(?:embre)?|enero?|abr(?:il)?"
    r"|dic(?:iembre)?)\.?"
)
DATE = re.compile(
    r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}([T ].*)?"  # 2021-03-04T12:00
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}( .*)?"  # 4.3.2021, 03/04/21
    r"|[0-9]{4}[-/][0-9]{1,2}|[0-9]{1,2}[-/][0-9]{4}"  # 2021-03, 3/2021
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9.]+)?"  # 12:00
    rf"|[0-9]{{1,2}}\.?[-/ ]?{MONTH}[-/ ]?[0-9]{{2,4}}( .*)?"  # 01-Jan-21, 1. Mai 2021
    rf"|{MONTH}[-/ ]([0-9]{{1,2}},? )?[0-9]{{2,4}}( .*)?"  # January 1, 2021 and Jan-21
    rf"|[0-9]{{4}}[-/ ]{MONTH}([-/ ][0-9]{{1,2}})?",  # 2021-Jan-01
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """What a column was taken for.

    Attributes
    ----------
    name
        Its name, or empty where the table has no header.
    place
        Its number in the table, from 1 on.
    kind
        "number", "boolean" (TRUE and FALSE as 1 and 0) or "category" (one column of 0 and 1 for each of `values`).
    values
        The categories, sorted.
    means
        Of the columns of numbers that it becomes: what a missing value is filled with; empty if none may be missing.
    """

    name: str
    place: int
    kind: str
    values: tuple[str, ...] = ()
    means: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many columns of numbers it becomes."""
        return len(self.values) if self.kind == "category" else 1

    @property
    def meant(self) -> str:
        """What its cells hold, as messages name it."""
        return "a finite number" if self.kind == "number" else "a value"

    @property
    def called(self) -> str:
        """Its name, or its number."""
        return self.name or f"column {self.place}"

    def notes(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def of_notes(cls, notes: Mapping[str, Any]) -> Column:
        """Return the column that `notes` was made of."""
        values, means = tuple(map(str, notes["values"])), tuple(map(float, notes["means"]))
        return cls(str(notes["name"]), int(notes["place"]), str(notes["kind"]), values, means)


def kind_of(table: Table, k: int) -> Column:
    """Return what a column is taken for.

    Raises
    ------
    DataError
        Naming line and column of what is no number among numbers, of dates, and of texts that are no categories.
    """
    cells = table.cells(k)
    name, place = table.names[k] if table.names else "", table.places[k]
    if _plain_numbers(cells, table.numerals) is not None:
        return Column(name, place, "number")
    present = [cell for cell in cells if cell.lower() not in MISSING_NUMBERS]
    numeric = [cell for cell in present if table.numerals.number(cell) is not None]
    if 2 * len(numeric) >= len(present):
        if len(numeric) < len(present):
            row = next(i for i, c in enumerate(cells) if _is_text(c, table.numerals))
            way_out = f"--drop {named(table, k)} leaves the column out"
            raise table.error(row, k, f"expected a number, as elsewhere in its column; {way_out}.")
        return Column(name, place, "number")
    refuse_other_decimals(table, k)
    present = [cell for cell in cells if cell.lower() not in MISSING]
    if all(cell.lower() in BOOLEANS for cell in present):
        return Column(name, place, "boolean")
    values = sorted(set(present))
    if all(WITH_UNIT.fullmatch(cell) for cell in values):
        raise table.error(cells.index(present[0]), k, "expected a number alone, without a unit.")
    if len(values) > max(FEW, min(MANY, len(present) // 2)) or all(DATE.fullmatch(cell) for cell in values):
        row = cells.index(present[0])
        what = "dates" if DATE.fullmatch(present[0]) else f"{len(values):,} different texts in {len(cells):,} rows"
        way_out = f"it cannot be learnt from; leave it out with --drop {named(table, k)}."
        raise table.error(row, k, f"a column of {what}: {way_out}")
    return Column(name, place, "category", tuple(values))


def refuse_other_decimals(table: Table, k: int) -> None:
    """Refuse a column that is one of numbers only if what stands before decimals is not what it is elsewhere.

    Raises
    ------
    DataError
        Naming the first such cell.
    """
    cells, numerals = table.cells(k), table.numerals
    present = [cell for cell in cells if cell.lower() not in MISSING_NUMBERS]
    if 2 * sum(numerals.other.number(cell) is not None for cell in present) < len(present):
        return
    written_otherwise = [numerals.other.number(c) is not None and numerals.number(c) is None for c in cells]
    if any(written_otherwise):
        mark = {".": "a point", ",": "a comma"}[numerals.decimal]
        way_out = f"write all numbers of a file one way, or leave the column out with --drop {named(table, k)}"
        raise table.error(
            written_otherwise.index(True), k, f"expected {mark} before decimals, as elsewhere; {way_out}."
        )


def named(table: Table, k: int) -> str:
    """Return how a column of a table is named on the command line."""
    return quoted(table.called(k), table.places[k])


def quoted(called: str, place: int) -> str:
    """Return how a column is named on the command line.

    >>> quoted("sepal width", 2), quoted("column 3", 3), quoted("class", 4)
    ("'sepal width'", '3', 'class')
    """
    if called == f"column {place}":
        return str(place)
    return called if re.fullmatch(r"[\w.+-]+", called) else f"'{called}'"


def column_numbers(table: Table, k: int, column: Column) -> Array:
    """Return a column as numbers, (N, width); missing values are NaN.

    Raises
    ------
    DataError
        Naming line and column of what does not fit the column's kind.
    """
    cells = table.cells(k)
    if column.kind == "number":
        plain = _plain_numbers(cells, table.numerals)
        numbers = plain if plain is not None else np.array([_number(table, k, i, cell) for i, cell in enumerate(cells)])
        return numbers.reshape(-1, 1)
    codes: Mapping[str, int | float] = (
        BOOLEANS if column.kind == "boolean" else {value: i for i, value in enumerate(column.values)}
    )
    result = np.zeros((len(cells), column.width))
    for i, cell in enumerate(cells):
        known = codes.get(cell.lower() if column.kind == "boolean" else cell)
        if known is None:
            if cell.lower() not in MISSING:
                raise table.error(i, k, f"expected one of {listed(column.values or ('TRUE', 'FALSE'))}.")
            result[i] = np.nan
        elif column.kind == "boolean":
            result[i] = known
        else:
            result[i, int(known)] = 1.0
    return result


def refuse_missing(table: Table, k: int, holes: Any, expected: str) -> None:
    """Refuse the first missing value of a column.

    Raises
    ------
    DataError
        Naming line and column.
    """
    if holes.any():
        raise table.error(int(np.argmax(holes)), k, expected)


def classes_of(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the classes among targets: numbers in their order, texts in theirs.

    >>> classes_of(["10", "9", "10"]), classes_of(["b", "a"])
    (('9', '10'), ('a', 'b'))
    """
    texts = sorted(set(cells))
    try:
        return tuple(sorted(texts, key=Decimal))
    except ArithmeticError:
        return tuple(texts)


def names_of(columns: Sequence[Column]) -> list[str]:
    """Return a name for each column of numbers that columns become.

    >>> names_of([Column("age", 1, "number"), Column("town", 2, "category", ("Bath", "York"))])
    ['age', 'town=Bath', 'town=York']
    """
    return [
        f"{column.called}={value}" if column.kind == "category" else column.called
        for column in columns
        for value in (column.values or ("",))
    ]


def _plain_numbers(cells: Sequence[str], numerals: Numerals) -> Array | None:
    """Return cells as numbers if they are finite and written as Python writes them, which most columns are."""
    text = "".join(cells)
    if not text.isascii() or "_" in text or (numerals.decimal == "," and "." in text):
        return None
    try:
        numbers = np.array([float(cell) for cell in cells])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _number(table: Table, k: int, row: int, cell: str) -> float:
    number = table.numerals.number(cell)
    if cell.lower() in MISSING_NUMBERS:
        return float("nan")
    if number is None:
        raise table.error(row, k, "expected a number.")
    if not np.isfinite(number):
        raise table.error(row, k, "expected a finite number.")
    return number


def _is_text(cell: str, numerals: Numerals) -> bool:
    return cell.lower() not in MISSING_NUMBERS and numerals.number(cell) is None
