"""What a training says while it runs, and what it leaves behind: a bar or lines, and a history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from engine.arguments import described, listed


class History(list[dict[str, float]]):
    """One dict per epoch: ``epoch``, ``loss``, metrics, and with validation ``val_loss`` and its metrics.

    Attributes
    ----------
    said
        What training decided and did besides, in sentences.
    """

    def __init__(self, records: Iterable[dict[str, float]] = ()) -> None:
        listed_records = listed(records, "records", "dicts, one per epoch")
        for record in listed_records:
            if not isinstance(record, dict):
                raise TypeError(f"a history holds a dict per epoch, as nn.fit returns it; got {described(record)}.")
        super().__init__(listed_records)
        self.said: list[str] = []

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the curves with matplotlib (extra ``plot``); write them to `path` if given."""
        from nn.training.plot import loss_curve

        return loss_curve(self, path)


class Progress:
    """A bar on a terminal, a line per epoch (at most twenty) elsewhere."""

    def __init__(self, epochs: int, wanted: bool | None, report: Callable[[str], None] | None) -> None:
        terminal = sys.stderr.isatty() and report is None
        self.every = max(1, epochs // 20)
        self.epochs = epochs
        self.bar = tqdm(total=epochs, unit="epoch") if wanted is not False and terminal else None
        self.report = report or print if wanted is not False else None

    def __call__(self, record: dict[str, float]) -> None:
        """Show an epoch."""
        numbers = ", ".join(f"{k} {v:.4g}" for k, v in record.items() if k != "epoch")
        if self.bar is not None:
            self.bar.n = int(record["epoch"])
            self.bar.set_postfix_str(numbers)
        elif self.report is not None and (record["epoch"] % self.every == 0 or record["epoch"] == self.epochs):
            self.report(f"epoch {int(record['epoch'])}/{self.epochs}: {numbers}")

    def say(self, sentence: str) -> None:
        """Say something that is no epoch."""
        if self.bar is not None:
            self.bar.write(sentence, file=sys.stderr)
        elif self.report is not None:
            self.report(sentence)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()
