"""The checkpoint of a training: written by one process alone, after every epoch, and taken up where it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nn.training.checkpoint import check_own, fingerprint, load_checkpoint, save_checkpoint
from nn.training.epochs import Epochs
from nn.training.locks import only_writer


class Keeper:
    """Keeps a training in a file.

    Parameters
    ----------
    training, strength
        What is kept, and the strength of its regularisation, which the file notes too.
    source
        The file that the training goes on from, or None.
    target
        The file that this process writes, or None.

    Raises
    ------
    CheckpointError
        If a file is there that is no checkpoint.
    """

    def __init__(self, training: Epochs, strength: float, source: str | Path | None, target: str | Path | None) -> None:
        self.training, self.source, self.target = training, source, target
        if target is not None:
            check_own(target)
        if target is not None or source is not None:
            self.run = fingerprint(training.task, strength, training.batch_size, training.seed)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who writes the file, as long as the context lasts."""
        with only_writer(self.target):
            yield

    def begin(self) -> tuple[int, bool]:
        """Take up what the file holds.

        Returns
        -------
        tuple
            How many epochs were made, and whether patience had run out.
        """
        training = self.training
        if self.source is None:
            return 0, False
        size = len(training.parameters.numbers)
        theta, best, epochs, history = load_checkpoint(self.source, size, training.optimizer, self.run)
        training.parameters.numbers[:], training.history = theta, history
        training.optimizer.owner = None  # its state is the checkpoint's now
        return epochs, training.best.replay(history, best)

    def keep(self, epoch: int) -> None:
        """Write the state after so many epochs."""
        t = self.training
        if self.target is not None:
            t.collect()
            theta, best = t.parameters.numbers, np.asarray(t.best.theta, dtype=np.float64)
            save_checkpoint(self.target, theta, best, t.optimizer, epoch, t.history, t.task.scaling, self.run)
