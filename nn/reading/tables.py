"""Tables: CSV files as spreadsheets, pandas, NumPy, R and databases write them, as cells of text with their lines.

What separates cells, what stands before decimals, and whether the first line is a header is found by looking, and
said in `Table.notes`; what may be read in two ways is refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nn.files import DataError, read_text
from nn.reading.headers import Record, is_header
from nn.reading.numerals import Numerals, marks_decimals

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
LOOKED_AT, MANY = 200, 2000  # records, and cells of theirs, that decide what separates cells

EITHER = (Numerals("."), Numerals(","))


@dataclass(frozen=True)
class Table:
    """Cells of text.

    Attributes
    ----------
    path
        The file.
    names
        One a column, from the header; None if there is none.
    places
        The number of each column in the file, from 1 on.
    lines
        The line of each row.
    rows
        Cells, stripped.
    numerals
        How its numbers are written.
    notes
        What was taken for what, a sentence each.
    """

    path: str
    names: tuple[str, ...] | None
    places: tuple[int, ...]
    lines: tuple[int, ...]
    rows: list[list[str]]
    numerals: Numerals
    notes: list[str] = field(default_factory=list)

    def called(self, column: int) -> str:
        """Return what a column is called: its name, or its number in the file."""
        name = self.names[column] if self.names else ""
        return name or f"column {self.places[column]}"

    @cached_property
    def columns(self) -> list[tuple[str, ...]]:
        """The cells of each column."""
        return list(zip(*self.rows)) or [() for _ in self.places]

    def cells(self, column: int) -> tuple[str, ...]:
        """Return the cells of a column."""
        return self.columns[column]

    def error(self, row: int, column: int, expected: str) -> DataError:
        """Return the error that names a cell by file, line and column."""
        place = f"{self.path}:{self.lines[row]}: column {self.places[column]}"
        named = f" ({self.names[column]})" if self.names and self.names[column] else ""
        return DataError(f"{place} is {self.rows[row][column][:60]!r}{named}; {expected}")

    def find(self, wanted: str | int) -> int:
        """Return the column of an index, of a name, or of text that is a number from 1 on; -1 is the last column.

        Raises
        ------
        DataError
            If there is none, or two of that name.
        """
        if isinstance(wanted, int):
            if not -len(self.places) <= wanted < len(self.places):
                raise DataError(f"{self.path}: target column {wanted} of {len(self.places)}; there is none.")
            return wanted % len(self.places)
        text = wanted.strip()
        same = [k for k, name in enumerate(self.names or ()) if name == text]
        if len(same) == 1:
            return same[0]
        if same:
            places = " and ".join(str(self.places[k]) for k in same)
            raise DataError(f"{self.path}: columns {places} are both called {text!r}; name one by its number.")
        if re.fullmatch(r"-?[0-9]{1,9}", text):
            number = int(text)
            if number < 0 and -number <= len(self.places):
                return len(self.places) + number
            if number in self.places:
                return self.places.index(number)
            last = f"columns are numbered from {self.places[0]} to {self.places[-1]}, and -1 is the last"
            raise DataError(f"{self.path}: there is no column {number}; {last}.")
        if self.names is None:
            raise DataError(
                f"{self.path}: has no header, so no column {text!r}; name a column by its number, from 1 on."
            )
        raise DataError(f"{self.path}: no column is called {text!r}; there are {listed(self.names)}.")


def read_table(
    path: str | Path, header: bool | None = None, decimal: str | None = None, names: Sequence[str] = ()
) -> Table:
    """Read a table.

    Parameters
    ----------
    path
        A text file of one record per line, cells separated by commas, semicolons, tabs, bars or spaces.
    header
        Whether the first line holds the names of columns; by default that is found by looking.
    decimal
        What stands before decimals, "." or ","; by default that is found by looking.
    names
        Names that a header is known to hold, if there is one.

    Raises
    ------
    DataError
        Naming file, line and column of what is no table, or may be read in two ways.
    """
    name = str(path)
    before, delimiter, text = _delimiter(read_text(path))
    lines = [(line + before, cells) for line, cells in _records(name, text, delimiter) if any(cells)]
    notes = [] if delimiter == "," else [f"cells are separated by {DELIMITERS[delimiter]}"]
    records, commented = _without_comments(lines, notes)
    records = _without_empty_ends(records, notes)
    records, row_names = _with_row_names(records) if header is not False else (records, False)
    _check_title(name, records)
    _check_widths(name, records)
    numerals = _numerals(name, records, delimiter, decimal, '"' in text)
    if numerals.decimal == ",":
        notes.append("decimals follow a comma")
    if header is None and names and records and set(names) <= {" ".join(cell.split()) for cell in records[0][1]}:
        header = True
    if header is None and records:
        header = commented or row_names or is_header(name, records[:LOOKED_AT], numerals)
    return _without_row_numbers(_table(name, records, bool(header), numerals, notes), row_names)


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names in a sentence, the first few of many.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = [name or "''" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def tells_rows_apart(cells: Sequence[str]) -> bool:
    """Return whether cells are names or numbers of rows: different ones, of texts and whole numbers.

    >>> [tells_rows_apart(text.split()) for text in ("0 1 2", "ann bob", "20 3 17", "0.5 0.25", "a a")]
    [True, True, True, False, False]
    """
    is_name = (cell.isdecimal() or all(n.number(cell) is None for n in EITHER) for cell in cells)
    return len(set(cells)) == len(cells) and all(is_name)


# --- cells ---------------------------------------------------------------------------------------------------------


def _delimiter(text: str) -> tuple[int, str, str]:
    """Return the lines that come before the table, what separates cells, and the table's text."""
    declared = re.match(r"(?:sep=(.)|\"sep=(.)\")\r?\n", text)  # a spreadsheet's own first line
    mark = (declared[1] or declared[2]) if declared else ""
    if declared and mark in DELIMITERS:
        return 1, mark, text[declared.end() :]
    scores = {mark: _score(text, mark) for mark in DELIMITERS}
    best = max(scores, key=lambda mark: scores[mark])  # the first of equals
    return 0, best if scores[best] > 0.0 else ",", text


def _score(text: str, delimiter: str) -> float:
    """Return how well a separator explains a text: lines of one length, no other separators in cells, and numbers."""
    records = []
    try:
        for _, cells in _records("", text, delimiter):
            if any(cells) and not cells[0].startswith("#"):
                records.append(cells)
            if len(records) == LOOKED_AT:
                break
    except DataError:
        pass  # what is read so far decides; the error is raised where the table is read
    if not records:
        return 0.0
    lengths = Counter(len(cells) for cells in records)
    length, often = lengths.most_common(1)[0]
    if length < 2:
        return 0.0
    cells = [cell for record in records for cell in record if cell]
    cells = cells[:: -(-len(cells) // MANY)] or [""]
    are_numbers = [any(n.number(cell) is not None for n in EITHER) for cell in cells]
    numeric = sum(are_numbers) / len(cells)
    if delimiter == " " and numeric < 0.5 and not (len(lengths) == 1 and _has_numbers(records)):
        return 0.0  # words, not a table
    others = set(DELIMITERS) - {delimiter, " "}
    clean = sum(is_one or others.isdisjoint(cell) for cell, is_one in zip(cells, are_numbers)) / len(cells)
    return often / len(records) * (clean + 0.1 * numeric)


def _has_numbers(records: list[list[str]]) -> bool:
    """Return whether a column is one of numbers, below its name."""
    return len(records) > 2 and any(
        all(any(n.number(cell) is not None for n in EITHER) for cell in cells[1:]) for cells in zip(*records)
    )


def _records(path: str, text: str, delimiter: str) -> Iterator[Record]:
    """Yield the line at which each record begins, and its cells."""
    source: Iterator[str] = io.StringIO(text, newline="")
    if delimiter == " ":
        source = (line.rstrip() + "\n" for line in source)
    reader = csv.reader(source, delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{line}: is no line of a CSV file ({error}).") from None


def _without_comments(records: list[Record], notes: list[str]) -> tuple[list[Record], bool]:
    """Leave out lines before the table that begin with #; one as wide as the table is its header, as of NumPy."""
    n = next((k for k, (_, cells) in enumerate(records) if not cells[0].startswith("#")), 0)
    width = len(records[n][1]) if records else 0
    wide = [record for record in records[:n] if len(record[1]) == width]
    if len(wide) > 1:
        return records, False  # they are samples
    if len(wide) < n:
        notes.append(f"{n - len(wide)} lines that begin with # are left out")
    named = [(line, [cells[0].lstrip("# ") or "#", *cells[1:]]) for line, cells in wide]
    return [*named, *records[n:]], bool(wide)


def _without_empty_ends(records: list[Record], notes: list[str]) -> list[Record]:
    """Leave out the cells after separators at the end of every line."""
    lengths = {len(cells) for _, cells in records[1:]}
    if len(lengths) != 1:
        return records
    line, first = records[0]
    width = lengths.pop()
    named = len(first) - _empty_at_end(first)
    extra = min([width - named, width - 1, *[_empty_at_end(cells) for _, cells in records[1:]]])
    if extra < 1 or len(first) > width:
        return records
    notes.append("the empty cells at the end of every line are left out")
    filled = width - extra
    return [(line, first[:filled]), *[(k, cells[:filled]) for k, cells in records[1:]]]


def _empty_at_end(cells: list[str]) -> int:
    return next((n for n, cell in enumerate(reversed(cells)) if cell), len(cells))


def _with_row_names(records: list[Record]) -> tuple[list[Record], bool]:
    """Give the column of R's row names, which its header does not count, an empty name."""
    lengths = {len(cells) for _, cells in records[1:]}
    line, cells = records[0] if records else (0, [])
    if lengths != {len(cells) + 1} or any(not c or Numerals().number(c) is not None for c in cells):
        return records, False
    return [(line, ["", *cells]), *records[1:]], True


def _check_title(path: str, records: list[Record]) -> None:
    """Refuse lines of one cell above a header, as spreadsheets have them."""
    n = next((k for k, (_, cells) in enumerate(records) if not cells[0] or any(cells[1:])), 0)
    if not n or len(records) < n + 2:
        return
    (line, header), (_, below) = records[n : n + 2]
    names = all(cell and Numerals().number(cell) is None for cell in header)
    if names and any(way.number(cell) is not None for cell in below for way in EITHER):
        first, title = records[0][0], records[0][1][0][:60]
        raise DataError(
            f"{path}:{first}: {title!r} stands alone, as a title, above the header in line {line}; "
            "remove what is above the header."
        )


def _check_widths(path: str, records: list[Record]) -> None:
    lengths = Counter(len(cells) for _, cells in records)
    for line, cells in records:
        expected = lengths.most_common(1)[0][0]
        if len(cells) != expected:
            raise DataError(f"{path}:{line}: expected {expected} columns, found {len(cells)}.")


def _numerals(path: str, records: list[Record], delimiter: str, decimal: str | None, quoted: bool) -> Numerals:
    """Return how numbers are written; what only one reading of them allows decides."""
    if decimal is not None:
        return Numerals(decimal)
    if delimiter == "," and not quoted:
        return Numerals(".")  # no cell holds a comma
    doubtful = "," if delimiter in ", " else ",."  # programs that separate by these write points before decimals
    certain, either = marks_decimals((cell for _, cells in records for cell in cells), doubtful)
    if certain == {","}:
        return Numerals(",")
    if not certain and either:
        line, cells = next((line, cells) for line, cells in records if either in cells)
        raise DataError(
            f"{path}:{line}: column {cells.index(either) + 1} is {either!r}, which may mean thousands or decimals; say "
            "--decimal . or --decimal , to tell which."
        )
    return Numerals(".")


def _table(path: str, records: list[Record], header: bool, numerals: Numerals, notes: list[str]) -> Table:
    names, body = None, records
    if header and records:
        (line, cells), *body = records
        names = tuple(" ".join(cell.split()) for cell in cells)
        notes = [*notes, f"line {line} is the header"]
    elif records:
        notes = [*notes, "there is no header"]
    places = tuple(range(1, len(records[0][1]) + 1)) if records else ()
    lines = tuple(line for line, _ in body)
    return Table(path, names, places, lines, [cells for _, cells in body], numerals, notes)


def _without_row_numbers(table: Table, row_names: bool) -> Table:
    """Leave out a first column without a name that tells rows apart: pandas' index, or R's row names."""
    if table.names is None or len(table.names) < 2 or table.names[0] not in ("", "Unnamed: 0"):
        return table
    cells = table.cells(0)
    if not (row_names or tells_rows_apart(cells)):
        return table
    return replace(
        table,
        names=table.names[1:],
        places=table.places[1:],
        rows=[row[1:] for row in table.rows],
        notes=[*table.notes, "column 1 has no name and tells the rows apart: it is left out"],
    )
