"""Tables as these pages hold them: what a script prints is copied into README.md as it is."""

from __future__ import annotations

from collections.abc import Sequence


def heading(columns: Sequence[str]) -> None:
    """Print the first two lines of a table."""
    row(columns)
    print("|" + "---|" * len(columns), flush=True)


def row(cells: Sequence[str]) -> None:
    """Print one line of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)
