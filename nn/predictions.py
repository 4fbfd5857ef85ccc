"""Predictions: rows of a file, read as those that a network was trained on, and what it makes of them, by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nn.columns import numbers, refuse_missing
from nn.dataset import filled
from nn.files import DataError
from nn.matrix import sigmoid
from nn.numerals import MISSING
from nn.problems import dataset, probabilities
from nn.saved import Saved
from nn.schema import Schema
from nn.tables import Table, listed, read_table
from nn.train import predict

Array: TypeAlias = npt.NDArray[Any]

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
        As `nn.tables.read_table` has them.

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
    places, said = _by_name(table, schema) if schema.header and table.names is not None else _by_place(table, schema)
    parts = []
    for column, k in zip(schema.features, places):
        part = numbers(table, k, column)
        if not column.means:
            refuse_missing(table, k, np.isnan(part).any(axis=1), f"expected {column.meant}; {HOLES}")
        parts.append(filled(part, column) if column.means else part)
    notes = (f"{path}: {len(table.rows):,} rows; {', '.join([*table.notes, *said])}",)
    return Rows(np.concatenate(parts, axis=1) / schema.divisor, _targets(table, schema, places), notes)


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
    codes, found = probabilities(scores, classes, saved.loss)
    rows = [[classes[code]] for code in codes.tolist()]
    if found is None:
        return ["prediction"], rows
    for row, p in zip(rows, found.tolist()):
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


def _by_name(table: Table, schema: Schema) -> tuple[list[int], list[str]]:
    assert table.names is not None
    found: dict[str, list[int]] = {}
    for k, name in enumerate(table.names):
        found.setdefault(name, []).append(k)
    wanted = [column.name for column in schema.features]
    missing = [name for name in dict.fromkeys(wanted) if len(found.get(name, [])) < wanted.count(name)]
    if missing:
        there = listed(table.names)
        raise DataError(
            f"{table.path}: no column is called {missing[0]!r}, which the network needs; there are {there}."
        )
    places = [found[name].pop(0) for name in wanted]
    target = schema.target.name if schema.target else ""
    others = [name for k, name in enumerate(table.names) if k not in places and name != target]
    return places, [f"not used: {listed(others)}"] if others else []


def _by_place(table: Table, schema: Schema) -> tuple[list[int], list[str]]:
    """Return columns by their order: the features alone, or all that the training's file had."""
    width, wanted = len(table.places), len(schema.features)
    if width == wanted:
        return list(range(width)), ["columns are taken in the order of the training's"]
    if width == schema.columns:
        return [column.place - 1 for column in schema.features], ["columns are taken as the training's file has them"]
    both = f"{wanted} or {schema.columns}" if schema.columns > wanted else f"{wanted}"
    raise DataError(f"{table.path}:{table.lines[0]}: expected {both} columns as in training, found {width}.")


def _targets(table: Table, schema: Schema, places: Sequence[int]) -> tuple[str, ...] | None:
    """Return the targets of the rows as text, if the file has them, and all of them are known."""
    target = schema.target
    if target is None:
        return None
    if schema.header and table.names is not None:
        k = table.names.index(target.name) if target.name and target.name in table.names else -1
    else:
        k = target.place - 1 if len(table.places) == schema.columns else -1
    if k < 0 or k in places:
        return None
    cells = table.cells(k)
    if any(cell.lower() in MISSING for cell in cells):
        return None
    return _as_written(table, k, schema, cells)


def _as_written(table: Table, k: int, schema: Schema, cells: Sequence[str]) -> tuple[str, ...] | None:
    """Return targets written as the classes are, or as Python writes numbers."""
    known = set(schema.classes or ())
    if schema.classes is not None and all(cell in known for cell in cells):
        return tuple(cells)
    found = [table.numerals.number(cell) for cell in cells]
    if any(number is None for number in found):
        return tuple(cells) if schema.classes is not None else None
    exact = [float(number or 0.0) for number in found]
    if schema.classes is None:
        return tuple(repr(number) for number in exact)
    return tuple(str(int(number)) if number.is_integer() else repr(number) for number in exact)


def _images(path: str | Path, schema: Schema) -> Rows:
    data = dataset(str(path))
    if data.X.shape[1] != schema.width or data.schema.divisor != schema.divisor:
        raise DataError(
            f"{path}: images of {data.X.shape[1]} pixels; the network was trained on {schema.width} numbers."
        )
    return Rows(data.X, tuple(str(t) for t in data.T.tolist()), data.notes)
