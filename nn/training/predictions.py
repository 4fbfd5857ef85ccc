"""Predictions: rows of a file, read as those that a network was trained on, and what it makes of them, by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from nn.command_line.problems import dataset, probabilities
from nn.files import DataError
from nn.matrix import sigmoid
from nn.reading.columns import column_numbers, refuse_missing
from nn.reading.dataset import filled
from nn.reading.numerals import MISSING, Numerals
from nn.reading.schema import Schema
from nn.reading.tables import Table, listed, read_table, tells_rows_apart
from nn.samples import Array
from nn.training.outputs import predict
from nn.training.saved import Saved

HOLES = "the network was trained without missing values, so none can be filled."


@dataclass(frozen=True)
class Rows:
    """Samples to predict.

    Attributes
    ----------
    X
        Samples (N, D).
    targets
        The target of each as text, where the file has them.
    notes
        What was taken for what, a sentence each.
    """

    X: Array
    targets: tuple[str, ...] | None
    notes: tuple[str, ...]


def read_rows(path: str | Path, schema: Schema, header: bool | None = None, decimal: str | None = None) -> Rows:
    """Read the rows of a file as a schema says; columns are found by name where both have names, else by place.

    Parameters
    ----------
    path
        A CSV file, or MNIST's folder or one of its files.
    schema
        How the samples were read that the network was trained on.
    header, decimal
        As `nn.reading.tables.read_table` has them.

    Raises
    ------
    DataError
        Naming file, line and column of what does not fit.
    """
    if Path(path).is_dir() or "ubyte" in Path(path).name:
        return _images(path, schema)
    names = [column.name for column in schema.features if column.name]
    table = read_table(path, header, decimal, names)
    if not table.rows:
        raise DataError(f"{path}: no rows in it.")
    where, ways = _by_name(table, schema) if schema.names is not None and table.names else _by_place(table, schema)
    parts = []
    for column, k in zip(schema.features, _of_features(where, schema)):
        part = column_numbers(table, k, column)
        if not column.means:
            refuse_missing(table, k, np.isnan(part).any(axis=1), f"expected {column.meant}; {HOLES}")
        parts.append(filled(part, column) if column.means else part)
    targets, why_none = _targets(table, schema, where)
    notes = (f"{path}: {len(table.rows):,} rows; {', '.join([*table.notes, *ways])}", *why_none)
    return Rows(np.concatenate(parts, axis=1) / schema.divisor, targets, notes)


def predicted(saved: Saved, X: Array) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table of predictions: classes by name, with their probabilities, or numbers.

    Where the loss gives no probabilities (hinge, squared errors) there are none.  Numbers are in the targets' units: a
    network that was trained on probabilities predicts probabilities.
    """
    scores = predict(saved.model, X)
    classes = saved.schema.classes
    if classes is None:
        scores = sigmoid(scores) if saved.loss == "binary_cross_entropy" else scores
        return ["prediction"], [[repr(y)] for y in scores[:, 0].tolist()]
    codes, shares = probabilities(scores, classes, saved.loss)
    rows = [[classes[code]] for code in codes.tolist()]
    if shares is None:
        return ["prediction"], rows
    for row, p in zip(rows, shares.tolist()):
        row += [f"{x:.6g}" for x in p]
    return ["prediction", *[f"P({name})" for name in classes]], rows


def as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Return a table as the text of a CSV file.

    >>> as_csv(["prediction"], [["a, b"]])
    'prediction\n"a, b"\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def agreement(saved: Saved, rows: Sequence[Sequence[str]], targets: Sequence[str]) -> str:
    """Return how well predictions agree with targets that are known, in a sentence."""
    target = saved.schema.target
    by = f"by their column {target.name}" if target is not None and target.name else "by their own targets"
    if saved.schema.classes is None:
        t, y = np.array([float(text) for text in targets]), np.array([float(row[0]) for row in rows])
        spread = float(((t - t.mean()) ** 2).sum())
        r2 = 1.0 - float(((t - y) ** 2).sum()) / spread if spread else float("nan")
        return f"r2 over the {len(rows):,} rows, {by}: {r2:.4g}"
    right = sum(row[0] == target for row, target in zip(rows, targets))
    return f"accuracy over the {len(rows):,} rows, {by}: {100.0 * right / len(rows):.1f}%"


def _by_name(table: Table, schema: Schema) -> tuple[dict[int, int], list[str]]:
    """Return which column of a table each of the training's is, by their numbers there, and what is not used.

    Columns of one name are told apart by their order, if there are as many as the training's file had, or as many as
    samples are made of.
    """
    assert table.names is not None
    assert schema.names is not None
    needed = [column.place for column in schema.features]
    where: dict[int, int] = {}
    for name in dict.fromkeys(schema.names):
        all_of_it = [place for place, other in zip(schema.places, schema.names) if other == name]
        of_samples = [place for place in all_of_it if place in needed]
        places = [k for k, other in enumerate(table.names) if other == name]
        if len(places) == len(all_of_it):
            where |= dict(zip(all_of_it, places))
        elif len(places) == len(of_samples):
            where |= dict(zip(of_samples, places))
        elif of_samples:
            raise _not_there(table, name, len(places), len(all_of_it))
    used = {where[place] for place in needed} | {where.get(schema.target.place, -1) if schema.target else -1}
    others = [name for k, name in enumerate(table.names) if k not in used]
    return where, [f"not used: {listed(others)}"] if others else []


def _not_there(table: Table, name: str, count: int, wanted: int) -> DataError:
    if not count:
        there = listed(table.names or ())
        return DataError(f"{table.path}: no column is called {name!r}, which the network needs; there are {there}.")
    return DataError(
        f"{table.path}: {count} columns are called {name!r}, in training {wanted} were: which of them the network "
        "needs cannot be told; give the file the same columns."
    )


def _by_place(table: Table, schema: Schema) -> tuple[dict[int, int], list[str]]:
    """Return the same by their order: of the samples' columns alone, of the training's table, or of its whole file."""
    width, needed = len(table.places), [column.place for column in schema.features]
    whole = list(range(1, max([*schema.places, 0]) + 1))  # with an index, if the training's file had one
    ways = {
        len(needed): (needed, "columns are taken in the order of the training's"),
        len(whole): (whole, "columns are taken as the training's file has them"),
        len(schema.places): (schema.places, "columns are taken as the training's file has them"),
    }
    if width not in ways:
        known = sorted(ways)
        wanted = f"{', '.join(map(str, known[:-1]))} or {known[-1]}" if known[1:] else f"{known[0]}"
        raise DataError(f"{table.path}:{table.lines[0]}: expected {wanted} columns as in training, found {width}.")
    with_index = len(whole) > len(schema.places) and width == len(needed) + 1
    if with_index and tells_rows_apart(table.cells(0)):
        raise DataError(
            f"{table.path}:{table.lines[0]}: column 1 may be the index that training left out, or the first of the "
            f"{width} columns of its file; give the file a header."
        )
    places, note = ways[width]
    return {place: k for k, place in enumerate(places)}, [note]


def _of_features(where: dict[int, int], schema: Schema) -> list[int]:
    return [where[column.place] for column in schema.features]


def _targets(table: Table, schema: Schema, where: dict[int, int]) -> tuple[tuple[str, ...] | None, list[str]]:
    """Return the targets of the rows as text, if the file has them and knows them all; else why there are none."""
    k = where.get(schema.target.place) if schema.target else None
    if k is None:
        return None, []
    cells = table.cells(k)
    holes = [cell.lower() in MISSING for cell in cells]
    if any(holes):
        return None, [] if all(holes) else [_not_compared(table, k, holes.index(True), "is missing")]
    if schema.classes is None:
        numbers = [table.numerals.exact(cell) for cell in cells]
        if None in numbers:
            return None, [_not_compared(table, k, numbers.index(None), "is no finite number")]
        return tuple(repr(float(number or 0.0)) for number in numbers), []
    names = _as_written(table.numerals, schema.classes, cells)
    if None in names:
        what = f"is none of the network's classes, {listed(schema.classes)}"
        return None, [_not_compared(table, k, names.index(None), what)]
    return tuple(name or "" for name in names), []


def _not_compared(table: Table, k: int, row: int, what: str) -> str:
    cell = table.rows[row][k][:60]
    return f"predictions are not compared with {table.called(k)}: {cell!r} in line {table.lines[row]} {what}"


def _as_written(numerals: Numerals, classes: Sequence[str], cells: Sequence[str]) -> list[str | None]:
    """Return the class of each cell: of the same text, or else of the same number; None where there is none."""
    known: dict[str | Decimal, str] = {}
    for name in classes:
        number = Numerals().exact(name)
        known |= {name: name} if number is None else {name: name, number: name}
    classes_of_cells = {cell: known.get(cell) or known.get(numerals.exact(cell) or cell) for cell in set(cells)}
    return [classes_of_cells[cell] for cell in cells]


def _images(path: str | Path, schema: Schema) -> Rows:
    data = dataset(str(path))
    if data.X.shape[1] != schema.width or data.schema.divisor != schema.divisor:
        raise DataError(
            f"{path}: images of {data.X.shape[1]} pixels; the network was trained on {schema.width} numbers."
        )
    return Rows(data.X, tuple(str(t) for t in data.T.tolist()), data.notes)
