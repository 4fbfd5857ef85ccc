"""Epochs: passes over a task's samples, what is measured after each, and the best of them.

What computes a pass is `nn.training.stepped` on the host, and `nn.training.scanned` on JAX's devices.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from nn.optim import Optimizer
from nn.samples import Array
from nn.training.origin import origin
from nn.training.progress import History
from nn.training.task import Task
from nn.training.vector import ParameterVector


class TrainingError(FloatingPointError):
    """The loss is no longer a number; the message says at which step, and with which learning rate."""


class Epochs(ABC):
    """The state of a training: parameters as one vector, what the optimiser keeps, the best so far, and the history.

    Parameters
    ----------
    task, optimizer, parameters
        What is learnt, by which optimiser, and the vector that moves.
    batch_size, seed
        Samples per step, and the seed of the shuffling, which is an epoch's own however often training was interrupted.
    patience
        After how many epochs without a lower loss to stop; None for never.
    """

    def __init__(
        self,
        task: Task,
        optimizer: Optimizer,
        parameters: ParameterVector,
        batch_size: int,
        seed: int,
        patience: int | None = None,
    ) -> None:
        self.task, self.optimizer, self.parameters = task, optimizer, parameters
        self.batch_size, self.seed = batch_size, seed
        self.best, self.history = Best(patience, parameters.numbers), History()

    def run(self, epoch: int) -> dict[str, float]:
        """Run an epoch, and return its record.

        Raises
        ------
        TrainingError
            If the loss, the parameters or an output is no longer a number.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused
            loss = self._pass(epoch) * self.task.scaling.unit_of_loss
            if self.optimizer.runs_own_code:
                self.write()
            self.history.append({"epoch": epoch + 1, "loss": loss} | self._measured(epoch))
        return self.history[-1]

    def see(self, record: dict[str, float]) -> bool:
        """Note an epoch that was run; return whether patience has run out."""
        return self.best.see(record, self._theta)

    def sentences(self) -> tuple[str, ...]:
        """Return what is to be said of how it computes."""
        return ()

    @abstractmethod
    def collect(self) -> None:
        """Have vector and optimiser hold what they are by now, where they are not what moves."""

    def write(self) -> None:
        """Have the Values hold the parameters as they are by now."""
        self.collect()
        self.parameters.write()

    def end(self, restore_best: bool) -> str:
        """Take the best parameters back if that is wanted and they are known; return what is to be said of it."""
        self.collect()
        if not restore_best or (self.task.held is None and self.best.patience is None):
            return ""
        self.parameters.numbers[:] = self.best.theta
        what = "loss" if self.task.held is None else "val_loss"
        sentence = f"the weights of epoch {self.best.epoch} come back: {what} {self.best.lowest:.4g}, the lowest"
        return sentence if self.best.epoch < len(self.history) else ""

    @property
    @abstractmethod
    def _theta(self) -> Any:
        """The parameters as they are by now, an array wherever it lies."""

    @abstractmethod
    def _pass(self, epoch: int) -> float:
        """Take a step for every batch; return their mean loss."""

    @abstractmethod
    def _measured(self, epoch: int) -> dict[str, float]:
        """Return the metrics, and with validation its metrics and loss."""

    def _order(self, epoch: int) -> Array:
        """Return the samples in the order of an epoch."""
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.task.X))

    def _not_finite(self, epoch: int) -> str:
        return f"parameters are no longer finite after epoch {epoch + 1}; lower the learning rate."

    def _diverged(self, value: float, rows: Array, epoch: int) -> TrainingError:
        """Return the error that says at which step the loss stopped being a number, and where that began."""
        self.write()
        task = self.task
        where = origin(task.model, task.targets.loss, task.X[rows], task.targets.values[rows])
        return TrainingError(
            f"the loss is {value} at step {self.optimizer.steps} (epoch {epoch + 1}), learning rate "
            f"{self.optimizer.learning_rate():g}; lower the learning rate, or look for a log or a division of zero."
            + f" In this batch, {where}."
            * (where != "")
        )

    def _refuse_infinite(self, part: str, Y: Array, epoch: int) -> Array:
        """Return outputs of a part of the data, all of which must be finite."""
        if not np.isfinite(Y).all():
            row = int(np.argmax(~np.isfinite(Y).all(axis=1)))
            raise TrainingError(
                f"after epoch {epoch + 1} the outputs for {part}sample {row} are {Y[row].tolist()}; lower the learning "
                "rate."
            )
        return Y

    def _validation_loss(self, of_layers: float, epoch: int) -> float:
        """Return the validation loss in the targets' units."""
        loss = of_layers * self.task.scaling.unit_of_loss
        if not math.isfinite(loss):
            raise TrainingError(f"the validation loss is {loss} after epoch {epoch + 1}; lower the learning rate.")
        return loss


class Best:
    """The lowest loss seen, its parameters, and how long ago that was."""

    def __init__(self, patience: int | None, theta: Array) -> None:
        self.patience, self.lowest, self.waited, self.epoch = patience, math.inf, 0, 0
        self.theta: Any = theta.copy()

    def replay(self, history: History, theta: Any) -> bool:
        """Note the epochs of a checkpoint, whose best parameters are `theta`; return whether patience had run out."""
        return any([self.see(record, theta) for record in history][-1:])

    def see(self, record: dict[str, float], theta: Any) -> bool:
        """Note an epoch; return whether patience has run out."""
        loss = record.get("val_loss", record["loss"])
        if loss < self.lowest:
            self.lowest, self.waited, self.epoch = loss, 0, int(record["epoch"])
            self.theta = theta.copy() if isinstance(theta, np.ndarray) else theta  # on a device nothing changes it
        else:
            self.waited += 1
        return self.patience is not None and self.waited >= self.patience
