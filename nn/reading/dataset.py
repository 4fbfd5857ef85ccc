r"""Data sets from files: which column is the target, what the others were taken for, and what is done about holes.

>>> from tempfile import mkdtemp
>>> from pathlib import Path
>>> path = Path(mkdtemp()) / "iris.csv"
>>> _ = path.write_text("sepal,colour,species\n5.1,blue,setosa\n7.0,white,versicolor\n6.3,blue,setosa\n")
>>> data = read_dataset(path)
>>> data.X.tolist(), data.T.tolist(), data.schema.classes
([[5.1, 1.0, 0.0], [7.0, 0.0, 1.0], [6.3, 1.0, 0.0]], [0, 1, 0], ('setosa', 'versicolor'))
>>> [column.kind for column in data.schema.features]
['number', 'category']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.arguments import listed as items_of
from engine.arguments import one_of, truth, whole
from engine.arguments import path as checked_path
from nn.files import DataError
from nn.reading.columns import (
    HOLES,
    Column,
    classes_of,
    column_numbers,
    kind_of,
    quoted,
    refuse_missing,
    refuse_other_decimals,
)
from nn.reading.numerals import MISSING, MISSING_NUMBERS
from nn.reading.schema import Schema
from nn.reading.tables import Table, listed, read_table
from nn.samples import Array
from nn.training.targets import SQUARED

WAYS = ("mean", "drop")  # to go on where values are missing
NO_TARGET = "expected a target; --missing drop leaves its row out."
FEW_CLASSES, MANY_CLASSES = 20, 100  # whole numbers that are classes: any, and those that count from 0 or 1


@dataclass(frozen=True)
class Dataset:
    """Samples, targets, and how they were read.

    Attributes
    ----------
    X, T
        Samples (N, D), and targets (N,): classes as integers from 0, or numbers.
    schema
        What the columns were taken for.
    notes
        The same in sentences.
    files
        What was read.
    """

    X: Array
    T: Array
    schema: Schema
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def _check(path: Any, target: Any, header: Any, missing: Any, drop: Any, decimal: Any) -> None:
    """Refuse arguments that say nothing of a file."""
    checked_path(path, "path", "table.csv")
    _column(target, "target")
    for column in items_of(drop, "drop", "columns, by index or name"):
        _column(column, "drop")
    truth(header, "header", none=True)
    if missing is not None:
        one_of(missing, "missing", WAYS)
    if decimal is not None:
        one_of(decimal, "decimal", (".", ","))


def _column(x: Any, name: str) -> None:
    if not isinstance(x, str):
        whole(x, name, "the index of a column, or its name")


def read_dataset(
    path: str | Path,
    *,
    target: str | int = -1,
    header: bool | None = None,
    missing: str | None = None,
    drop: Sequence[str | int] = (),
    decimal: str | None = None,
    loss: str | None = None,
) -> Dataset:
    """Read a CSV file as samples and targets.

    Parameters
    ----------
    path
        A file that `nn.reading.tables.read_table` reads.
    target
        The column of targets: its index, its name, or its number from 1 on as text; -1 is the last.
    header
        Whether the first line holds names; by default that is found by looking.
    missing
        "mean": missing values are filled with their column's mean (a category's, with how frequent each is);
        "drop": rows that have any are left out. By default they are refused.
    drop
        Columns to leave out, by name or number.
    decimal
        What stands before decimals, "." or ","; by default that is found by looking.
    loss
        What the targets are for: with "mse" and "half_mse" numbers are numbers, with the others they are classes
        (but probabilities, numbers from 0 to 1 and some between, with "binary_cross_entropy"). By default
        text and few whole numbers are classes.

    Raises
    ------
    DataError
        Naming file, line and column of what cannot be read, or may be read in two ways.
    """
    _check(path, target, header, missing, drop, decimal)
    table = read_table(path, header, decimal)
    if not table.rows:
        raise DataError(f"{path}: no rows of numbers in it.")
    k = table.find(target)
    out = {table.find(name) for name in drop}
    if k in out:
        raise DataError(f"{path}: {table.called(k)} cannot be the target and be left out.")
    features, notes = _features(table, [j for j in range(len(table.places)) if j != k and j not in out])
    if not features:
        raise DataError(
            f"{path}: target column {target} of {len(table.places)}; at least one more column is needed for X."
        )
    table, X, features = _samples(table, features, k, missing, notes)
    T, classes = _targets(table, k, loss)
    column = Column(table.names[k] if table.names else "", table.places[k], "category" if classes else "number")
    schema = Schema(tuple(features.values()), column, classes, table.places, table.names, missing)
    return Dataset(X, T, schema, tuple(_sentences(table, schema, T, notes, loss)), (Path(path),))


def as_targets(values: Array) -> Array:
    """Return numbers as integers where they are whole, and small enough to be exact."""
    whole = (np.round(values) == values).all() and (np.abs(values) < 2.0**53).all()
    return values.astype(np.int64) if whole else values


def are_probabilities(values: Array) -> bool:
    """Return whether targets that are numbers say how probable something is: from 0 to 1, and some between.

    >>> are_probabilities(np.array([0.0, 0.25, 1.0])), are_probabilities(np.array([0.0, 1.0]))
    (True, False)
    """
    return bool(((values >= 0.0) & (values <= 1.0)).all() and (np.round(values) != values).any())


def are_classes(values: Array) -> bool:
    """Return whether targets that are numbers stand for classes: few whole ones, each of several samples.

    >>> are_classes(np.array([0, 1, 2, 1])), are_classes(np.array([151.0, 75.0, 141.0, 206.0]))
    (True, False)
    """
    distinct = np.unique(values)
    if not (np.round(distinct) == distinct).all():
        return False
    count = len(distinct)
    counted = distinct[0] in (0, 1) and distinct[-1] - distinct[0] == count - 1  # 0, 1, 2, ... or 1, 2, 3, ...
    most = MANY_CLASSES if counted else FEW_CLASSES
    return count <= 2 or (counted and count <= 10) or (count <= most and 5 * count <= len(values))


# --- samples -------------------------------------------------------------------------------------------------------


def _features(table: Table, candidates: Sequence[int]) -> tuple[dict[int, Column], list[str]]:
    """Return what each column was taken for, and what is left out."""
    features: dict[int, Column] = {}
    notes = []
    for k in candidates:
        cells = set(table.cells(k))
        if all(cell.lower() in MISSING_NUMBERS for cell in cells):
            notes.append(f"{table.called(k)} is empty: it is left out")
            continue
        column = kind_of(table, k)
        if column.kind == "category" and len(column.values) < 2:
            notes.append(f"{table.called(k)} is {column.values[0]!r} wherever it is known: it is left out")
        else:
            features[k] = column
    return features, notes


def _samples(
    table: Table, features: dict[int, Column], target: int, missing: str | None, notes: list[str]
) -> tuple[Table, Array, dict[int, Column]]:
    """Return the rows that are kept, samples without holes, and columns that know how theirs were filled."""
    parts = {k: column_numbers(table, k, column) for k, column in features.items()}
    holes = {k: np.isnan(part).any(axis=1) for k, part in parts.items()}
    no_target = np.array([cell.lower() in MISSING for cell in table.cells(target)])
    if missing != "drop":
        refuse_missing(table, target, no_target, NO_TARGET)
    if missing is None:
        for k in sorted(holes, key=lambda k: int(np.argmax(holes[k])) if holes[k].any() else len(table.rows)):
            refuse_missing(table, k, holes[k], f"expected {features[k].meant}; {HOLES}")
    complete = np.ones(len(table.rows), dtype=bool)
    if missing == "drop":
        complete = ~np.any([no_target, *holes.values()], axis=0)
        notes += (
            [f"rows with missing values ({(~complete).sum():,} of {len(complete):,}) are left out"]
            if not complete.all()
            else []
        )
        if not complete.any():
            raise DataError(f"{table.path}: every row has a missing value; use --missing mean, or --drop a column.")
    elif missing == "mean":
        features = {k: replace(column, means=_means(parts[k])) for k, column in features.items()}
        parts = {k: filled(part, features[k]) for k, part in parts.items()}
        count = sum(int(hole.sum()) for hole in holes.values())
        notes += [f"missing values ({count:,}) are filled with their columns' means"] if count else []
    rows = np.flatnonzero(complete).tolist()
    table = replace(table, rows=[table.rows[i] for i in rows], lines=tuple(table.lines[i] for i in rows))
    return table, np.concatenate([parts[k][complete] for k in features], axis=1), features


def filled(part: Array, column: Column) -> Array:
    """Return the numbers of a column, missing ones filled with its means."""
    return np.where(np.isnan(part), np.array(column.means), part)


def _means(part: Array) -> tuple[float, ...]:
    return tuple(np.nanmean(part, axis=0).tolist())


# --- targets -------------------------------------------------------------------------------------------------------


def _targets(table: Table, k: int, loss: str | None) -> tuple[Array, tuple[str, ...] | None]:
    """Return targets, and the names of classes if they are classes."""
    cells: Sequence[str] = table.cells(k)
    kind = _kind_of_target(table, k, loss)
    if kind == "number":
        values = column_numbers(table, k, Column("", 0, "number"))[:, 0]
        if np.isnan(values).any():
            refuse_missing(table, k, np.isnan(values), NO_TARGET)
        if loss in SQUARED or (loss == "binary_cross_entropy" and are_probabilities(values)):
            return as_targets(values), None
        if loss is None and not are_classes(values):
            return as_targets(values), None
        cells = _names(table, k)
    names = classes_of(cells)
    if len(names) > FEW_CLASSES and 2 * len(names) > len(cells):
        what = f"{len(names):,} different targets in {len(cells):,} rows are no classes"
        way = "use --loss mse for numbers" if kind == "number" else "choose another column with --target"
        raise table.error(0, k, f"{what}: {way}.")
    codes = {name: i for i, name in enumerate(names)}
    return np.array([codes[cell] for cell in cells]), names


def _names(table: Table, k: int) -> list[str]:
    """Return the name of the class that each number stands for; two names of one number are refused."""
    names = [table.numerals.name(cell) for cell in table.cells(k)]
    first: dict[Any, str] = {}
    for row, (cell, name) in enumerate(zip(table.cells(k), names)):
        known = first.setdefault(table.numerals.exact(cell), name)
        if known != name:
            raise table.error(row, k, f"{known!r} is the same number, and may be another class; write it one way.")
    return names


def _kind_of_target(table: Table, k: int, loss: str | None) -> str:
    """Return "number" or "category"; numbers among texts are classes only where classes are asked for."""
    present = [cell for cell in table.cells(k) if cell.lower() not in MISSING]
    numeric = [table.numerals.number(cell) is not None for cell in present]
    if all(numeric):
        return "number"
    if 2 * sum(numeric) >= len(numeric) and loss in (None, *SQUARED):
        row = next(i for i, cell in enumerate(table.cells(k)) if table.numerals.number(cell) is None)
        raise table.error(row, k, "expected a number; for classes say --loss cross_entropy.")
    refuse_other_decimals(table, k)
    return "category"


# --- what is said --------------------------------------------------------------------------------------------------


def _sentences(table: Table, schema: Schema, T: Array, notes: Sequence[str], loss: str | None) -> list[str]:
    """Return what was taken for what, a line each."""
    lines = [f"{table.path}: {len(table.rows):,} rows; {', '.join([*table.notes, *notes])}"]
    target = schema.target
    assert target is not None
    named = f"{target.name!r}, column {target.place}" if target.name else f"column {target.place}"
    if schema.classes:
        counts = Counter(T.tolist())
        each = [f"{name} ({counts[i]:,})" for i, name in enumerate(schema.classes)]
        lines.append(f"target: {named}: {len(each)} classes, {listed(each)}")
    else:
        what = "probabilities" if loss == "binary_cross_entropy" else "numbers"
        lines.append(f"target: {named}: {what} from {T.min():g} to {T.max():g}")
    for kind, what in (("number", "numbers"), ("boolean", "TRUE and FALSE as 1 and 0")):
        of_it = [column.called for column in schema.features if column.kind == kind]
        lines += [f"inputs: {len(of_it)} of {what}: {listed(of_it)}"] if of_it else []
    for column in schema.features:
        if column.kind == "category":
            lines.append(f"inputs: {column.called} as one column for each of {listed(column.values)}")
    return lines + _remarks(table, schema)


def _remarks(table: Table, schema: Schema) -> list[str]:
    """Say which columns count the rows, from which a sorted table could be told by heart."""
    remarks = []
    for column in schema.features:
        cells = table.cells(table.places.index(column.place))
        if column.kind == "number" and len(cells) > 3 and _counts_rows(cells):
            way_out = f"--drop {quoted(column.called, column.place)} leaves it out"
            remarks.append(f"remark: {column.called} counts the rows, and nothing may depend on it: {way_out}")
    return remarks


def _counts_rows(cells: Sequence[str]) -> bool:
    if cells[0] not in ("0", "1") or cells[-1] != str(int(cells[0]) + len(cells) - 1):
        return False
    return list(cells) == [str(int(cells[0]) + i) for i in range(len(cells))]
