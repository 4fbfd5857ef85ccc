"""One formula of a note: as printed, made runnable, and the scalar engine's verdict; and the table of them all.

A note's module writes its formulas down in reading order, which numbers them:

    @note.wrong([57], "derivation of BP2", "Σ_j ∂C/∂z_j^{l+1} ∂z_j^{l+1}/∂z_k^l σ'(z_k^l)", "σ' twice", "∂z_j/∂a_k")
    def the_slope_is_counted_twice():
        return truth, as_printed, corrected

The function returns what the engine says, then what is printed.  Of a right formula everything must agree with the
engine (each member of a chain of equalities is given).  Of any other, what is printed must differ, or raise, and the
corrected form must agree; a fourth value is what the printed form amounts to, which proves the remark.  “...” in
`printed` is quoted to the letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import engine

Values = Callable[[], tuple[Any, ...]]  # truth first, then as printed, then corrected
VERDICTS = ("right", "inexact", "wrong", "cannot run")


@dataclass(frozen=True)
class Formula:
    """What a note prints at some lines, the verdict, and the function that computes truth, printed and corrected."""

    id: str
    lines: tuple[int, ...]
    place: str
    printed: str
    verdict: str
    why: str
    corrected: str
    values: Values
    raises: type[Exception] | None = None

    def row(self) -> str:
        """Return the formula's line in the table."""
        verdict = self.verdict if self.verdict == "right" else f"**{self.verdict}**"
        printed, corrected = (f"`{text}`" if text else "" for text in (self.printed, self.corrected))
        cells = [self.id, f"{self.place}, {runs(self.lines)}", printed, verdict, self.why, corrected]
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def runs(lines: Iterable[int]) -> str:
    """Return numbers with neighbours joined.

    >>> runs([23, 26, 27, 28, 33])
    '23, 26-28, 33'
    """
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][-1] + 1:
            found[-1][1:] = [line]
        else:
            found.append([line])
    return ", ".join("-".join(map(str, run)) for run in found)


@dataclass(frozen=True)
class Note:
    """A note's formulas in reading order, and its lines of mathematics or code that claim nothing, with the reason."""

    number: str
    title: str
    silent: Mapping[int, str] = field(default_factory=dict)
    formulas: list[Formula] = field(default_factory=list)

    def right(self, lines: Iterable[int], place: str, printed: str, why: str = "") -> Callable[[Values], Values]:
        """Record what agrees with the engine; `why` may say under which reading."""
        return self._enter("right", lines, place, printed, why, "")

    def inexact(
        self, lines: Iterable[int], place: str, printed: str, why: str, corrected: str
    ) -> Callable[[Values], Values]:
        """Record what is right in one reading or to first order only, or leaves out what it needs."""
        return self._enter("inexact", lines, place, printed, why, corrected)

    def wrong(
        self, lines: Iterable[int], place: str, printed: str, why: str, corrected: str
    ) -> Callable[[Values], Values]:
        """Record what differs from the engine, in a value or a shape."""
        return self._enter("wrong", lines, place, printed, why, corrected)

    def cannot_run(
        self, raises: type[Exception], lines: Iterable[int], place: str, printed: str, why: str, corrected: str
    ) -> Callable[[Values], Values]:
        """Record code, or a product, that raises; the second value is a function that runs it."""
        return self._enter("cannot run", lines, place, printed, why, corrected, raises)

    def _enter(
        self,
        verdict: str,
        lines: Iterable[int],
        place: str,
        printed: str,
        why: str,
        corrected: str,
        raises: type[Exception] | None = None,
    ) -> Callable[[Values], Values]:
        def enter(values: Values) -> Values:
            name = f"{self.number}.{len(self.formulas) + 1:02d}"
            self.formulas.append(Formula(name, tuple(lines), place, printed, verdict, why, corrected, values, raises))
            return values

        return enter

    def table(self) -> str:
        """Return the note's rows, with a heading."""
        head = ["| id | place, line | as printed | verdict | remark | corrected |", "|---|---|---|---|---|---|"]
        return "\n".join([f"## Note {self.number}: {self.title}", "", *head, *[f.row() for f in self.formulas]])


def table(notes: Iterable[Note]) -> str:
    """Return the whole table, headed by the count of verdicts."""
    notes = list(notes)
    verdicts = [f.verdict for note in notes for f in note.formulas]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in VERDICTS)
    return "\n\n".join(
        [f"{len(verdicts)} formulas, statements and blocks of code: {counts}.", *[n.table() for n in notes]]
    )


def deviation(a: Any, truth: Any) -> float:
    """Return the largest difference, relative to the largest entry; infinite where shapes differ or a NaN stands.

    >>> deviation([1.0, 2.0], [1.0, 4.0]), deviation([1.0], [[1.0]])
    (0.5, inf)
    """
    a, truth = np.asarray(a, dtype=float), np.asarray(truth, dtype=float)
    if a.shape != truth.shape or not np.isfinite(a).all():
        return float("inf")
    return float(np.abs(a - truth).max(initial=0.0) / (np.abs(truth).max(initial=0.0) or 1.0))


def jacobian(f: Callable[[Any], Any], x: Any) -> Any:
    """Return J[i, j] = df_i/dx_j by the scalar engine, whatever the shapes of rows, columns and matrices."""
    return engine.jacobian(lambda x: np.ravel(f(x)))(np.asarray(x)).reshape(-1, np.size(x))


def grad(f: Callable[[Any], Any], x: Any) -> Any:
    """Return df/dx by the scalar engine, in the shape of `x`."""
    return engine.grad(f)(np.asarray(x, dtype=float))


def run(code: str, **names: Any) -> dict[str, Any]:
    """Execute code that a note prints, with NumPy as `np`, and return its names."""
    names.update(np=np)
    exec(code, names)
    return names
