"""What the columns of a file were taken for, as it is kept with the model that was trained on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nn.reading.columns import Column


@dataclass(frozen=True)
class Schema:
    """What the columns of a file were taken for; it is kept with the model that was trained on them.

    Attributes
    ----------
    features
        The columns that samples are made of, in their order.
    target
        The column of targets, None where samples have no names.
    classes
        The names of the classes, None for targets that are numbers.
    places
        The number in the file of each column of the table, of those that samples leave out as well; an index without
        a name is no column of the table.
    names
        The name of each; None if the file had no header.
    missing
        "mean" or "drop", if values were missing and that was asked for.
    divisor
        What pixels are divided by.
    """

    features: tuple[Column, ...]
    target: Column | None = None
    classes: tuple[str, ...] | None = None
    places: tuple[int, ...] = ()
    names: tuple[str, ...] | None = None
    missing: str | None = None
    divisor: float = 1.0

    @property
    def width(self) -> int:
        """Columns of numbers a sample has."""
        return sum(column.width for column in self.features)

    def notes(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "features": [column.notes() for column in self.features],
            "target": self.target and self.target.notes(),
            "classes": self.classes and list(self.classes),
            "places": list(self.places),
            "names": self.names and list(self.names),
            "missing": self.missing,
            "divisor": self.divisor,
        }

    @classmethod
    def of_notes(cls, notes: Mapping[str, Any]) -> Schema:
        """Return the schema that `notes` was made of."""
        return cls(
            tuple(Column.of_notes(column) for column in notes["features"]),
            Column.of_notes(notes["target"]) if notes["target"] else None,
            tuple(map(str, notes["classes"])) if notes["classes"] else None,
            tuple(map(int, notes["places"])),
            tuple(map(str, notes["names"])) if notes["names"] is not None else None,
            notes["missing"],
            float(notes["divisor"]),
        )
