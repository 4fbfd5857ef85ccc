"""The comparison of gradients as rows, text and HTML."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from nn.agreement.printed import aligned, as_html

HEADER = ("parameter", "shape", "path", "max abs error", "max rel error", "units", "worst at", "verdict")


@dataclass(frozen=True)
class Row:
    """How one path's gradient of one parameter compares with the hand-derived one.

    Attributes
    ----------
    parameter, shape, path
        Which array, and whose gradient: "scalar", "lifted" or "candidate".
    absolute, relative
        Largest errors.
    units, allowed
        Largest error in units of rounding, and how many are allowed.
    worst
        Index of the worst entry.
    unresolved
        How many entries cancel so much that rounding could hide an error of 1e-9 of them.
    verdict
        "agrees", or what is wrong.
    """

    parameter: str
    shape: tuple[int, ...]
    path: str
    absolute: float
    relative: float
    units: float
    allowed: float
    worst: tuple[int, ...]
    unresolved: int
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether it agrees to rounding."""
        return self.verdict == "agrees"


@dataclass(frozen=True)
class Report:
    """All rows; `ok` if every one agrees."""

    rows: tuple[Row, ...]
    value: float

    @property
    def ok(self) -> bool:
        """Whether every path agrees on every parameter."""
        return all(row.ok for row in self.rows)

    def data(self) -> list[dict[str, Any]]:
        """Return the rows as dicts."""
        return [asdict(row) for row in self.rows]

    def table(self) -> list[tuple[str, ...]]:
        """Return one row of text per row, under a header."""
        rows: list[tuple[str, ...]] = [
            (
                row.parameter,
                " x ".join(map(str, row.shape)),
                row.path,
                f"{row.absolute:.1e}",
                f"{row.relative:.1e}",
                f"{row.units:.3g}",
                str(list(row.worst)),
                row.verdict,
            )
            for row in self.rows
        ]
        return [HEADER, *rows]

    def __str__(self) -> str:
        verdict = "all gradients agree to rounding" if self.ok else "gradients DIFFER"
        return "\n".join([*aligned(self.table()), verdict, *self._limits()])

    def _limits(self) -> list[str]:
        unresolved = sum({row.parameter: row.unresolved for row in self.rows}.values())
        entries = sum({row.parameter: math.prod(row.shape) for row in self.rows}.values())
        sentence = f"in {unresolved:,} of {entries:,} entries terms cancel so much that rounding hides 1e-9 of them"
        return [sentence] if unresolved else []

    def _repr_html_(self) -> str:
        return as_html(self.table())
