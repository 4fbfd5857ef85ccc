"""Epochs: passes over a task's samples, what is measured after each, and the best of them.

>>> from nn import MLP, SGD, moons
>>> from nn.training.steps import lifted_step
>>> from nn.training.task import Task
>>> network = MLP(2, [3, 1])
>>> task, parameters = Task.read(network, *moons(20), "hinge"), ParameterVector(network.parameters())
>>> training = Epochs(task, lifted_step(network, "hinge", 0.0), SGD(), parameters, 5, seed=0)
>>> [list(training.run(epoch)) for epoch in range(2)]
[['epoch', 'loss', 'accuracy'], ['epoch', 'loss', 'accuracy']]
"""

from __future__ import annotations

import math

import numpy as np

from nn.optim import Optimizer
from nn.samples import Array
from nn.training.forward import Outputs, outputs_at
from nn.training.metrics import mean_loss_of, measure
from nn.training.origin import origin
from nn.training.progress import History
from nn.training.steps import Step
from nn.training.targets import Targets
from nn.training.task import Task
from nn.training.vector import ParameterVector


class TrainingError(FloatingPointError):
    """The loss is no longer a number; the message says at which step, and with which learning rate."""


class Epochs:
    """The state of a training: parameters as one vector, what the optimiser keeps, the best so far, and the history.

    Parameters
    ----------
    task, step, optimizer, parameters
        What is learnt, by which step and optimiser, and the vector that moves.
    batch_size, seed
        Samples per step, and the seed of the shuffling, which is an epoch's own however often training was interrupted.
    patience
        After how many epochs without a lower loss to stop; None for never.
    outputs
        What gives the outputs of samples at the vector; by default `outputs_at`.
    """

    def __init__(
        self,
        task: Task,
        step: Step,
        optimizer: Optimizer,
        parameters: ParameterVector,
        batch_size: int,
        seed: int,
        patience: int | None = None,
        outputs: Outputs | None = None,
    ) -> None:
        self.task, self.step, self.optimizer, self.parameters = task, step, optimizer, parameters
        self.batch_size, self.seed = batch_size, seed
        self.best, self.history = Best(patience, parameters.numbers), History()
        self.outputs = outputs or outputs_at(task.model, parameters)

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
                self.parameters.write()
            self.history.append({"epoch": epoch + 1, "loss": loss} | self._measured(epoch))
        return self.history[-1]

    def end(self, restore_best: bool) -> str:
        """Take the best parameters back if that is wanted and they are known; return what is to be said of it."""
        if not restore_best or (self.task.held is None and self.best.patience is None):
            return ""
        self.parameters.numbers[:] = self.best.theta
        what = "loss" if self.task.held is None else "val_loss"
        sentence = f"the weights of epoch {self.best.epoch} come back: {what} {self.best.lowest:.4g}, the lowest"
        return sentence if self.best.epoch < len(self.history) else ""

    def _pass(self, epoch: int) -> float:
        """Take a step for every batch; return their mean loss."""
        X, T, total = self.task.X, self.task.targets.values, 0.0
        step, optimizer, theta = self.step, self.optimizer, self.parameters.numbers
        order = np.random.default_rng([self.seed, epoch]).permutation(len(X))
        for begin in range(0, len(order), self.batch_size):
            rows = order[begin : begin + self.batch_size]
            value, gradient = step(theta, X.take(rows, axis=0), T.take(rows, axis=0))
            if not math.isfinite(value):
                raise self._diverged(value, rows, epoch)
            optimizer.update(theta, gradient)
            total += value * len(rows)
        if not np.isfinite(theta).all():
            raise TrainingError(f"parameters are no longer finite after epoch {epoch + 1}; lower the learning rate.")
        return total / len(order)

    def _diverged(self, value: float, rows: Array, epoch: int) -> TrainingError:
        """Return the error that says at which step the loss stopped being a number, and where that began."""
        self.parameters.write()
        task = self.task
        where = origin(task.model, task.targets.loss, task.X[rows], task.targets.values[rows])
        return TrainingError(
            f"the loss is {value} at step {self.optimizer.steps} (epoch {epoch + 1}), learning rate "
            f"{self.optimizer.learning_rate():g}; lower the learning rate, or look for a log or a division of zero."
            + f" In this batch, {where}."
            * (where != "")
        )

    def _measured(self, epoch: int) -> dict[str, float]:
        """Return the metrics, and with validation its loss and metrics."""
        task, record = self.task, dict[str, float]()
        if task.metrics:
            Y = self._outputs("", task.X, epoch)
            record |= {name: measure(name, Y, task.targets) for name in task.metrics}
        if task.held is not None:
            X, targets = task.held
            Y = self._outputs("validation ", X, epoch)
            record |= {f"val_{name}": measure(name, Y, targets) for name in task.metrics}
            record["val_loss"] = self._validation_loss(Y, targets, epoch)
        return record

    def _outputs(self, part: str, X: Array, epoch: int) -> Array:
        Y = self.outputs(X)
        if not np.isfinite(Y).all():
            row = int(np.argmax(~np.isfinite(Y).all(axis=1)))
            raise TrainingError(
                f"after epoch {epoch + 1} the outputs for {part}sample {row} are {Y[row].tolist()}; lower the learning "
                "rate."
            )
        return Y

    def _validation_loss(self, Y: Array, targets: Targets, epoch: int) -> float:
        loss = mean_loss_of(Y, targets) * self.task.scaling.unit_of_loss
        if not math.isfinite(loss):
            raise TrainingError(f"the validation loss is {loss} after epoch {epoch + 1}; lower the learning rate.")
        return loss


class Best:
    """The lowest loss seen, its parameters, and how long ago that was."""

    def __init__(self, patience: int | None, theta: Array) -> None:
        self.patience, self.lowest, self.waited, self.epoch = patience, math.inf, 0, 0
        self.theta = theta.copy()

    def replay(self, history: History, theta: Array) -> bool:
        """Note the epochs of a checkpoint, whose best parameters are `theta`; return whether patience had run out."""
        return any([self.see(record, theta) for record in history][-1:])

    def see(self, record: dict[str, float], theta: Array) -> bool:
        """Note an epoch; return whether patience has run out."""
        loss = record.get("val_loss", record["loss"])
        if loss < self.lowest:
            self.lowest, self.waited, self.epoch, self.theta = loss, 0, int(record["epoch"]), theta.copy()
        else:
            self.waited += 1
        return self.patience is not None and self.waited >= self.patience
