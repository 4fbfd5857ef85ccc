"""Epochs on the host, step by step: a batch, its gradient, the optimiser's update of the vector.

>>> from nn import MLP, SGD, moons
>>> from nn.training.steps import lifted_step
>>> network = MLP(2, [3, 1])
>>> task, parameters = Task.read(network, *moons(20), "hinge"), ParameterVector(network)
>>> training = SteppedEpochs(task, SGD(), parameters, 5, 0, step=lifted_step(network, "hinge", 0.0))
>>> [list(training.run(epoch)) for epoch in range(2)]
[['epoch', 'loss', 'accuracy'], ['epoch', 'loss', 'accuracy']]
"""

from __future__ import annotations

import math

import numpy as np

from nn.optim import Optimizer
from nn.samples import Array
from nn.training.epochs import Epochs, TrainingError
from nn.training.forward import Outputs, outputs_at
from nn.training.metrics import mean_loss_of, measure
from nn.training.steps import Step
from nn.training.task import Task
from nn.training.vector import ParameterVector


class SteppedEpochs(Epochs):
    """The state of a training on the host.

    Parameters
    ----------
    task, optimizer, parameters, batch_size, seed, patience
        As for `Epochs`.
    step
        The loss of a batch and its gradient.
    outputs
        What gives the outputs of samples at the vector; by default `outputs_at`.
    """

    def __init__(
        self,
        task: Task,
        optimizer: Optimizer,
        parameters: ParameterVector,
        batch_size: int,
        seed: int,
        patience: int | None = None,
        *,
        step: Step,
        outputs: Outputs | None = None,
    ) -> None:
        super().__init__(task, optimizer, parameters, batch_size, seed, patience)
        self._step, self._outputs = step, outputs or outputs_at(task.model, parameters)
        n, tables = min(batch_size, len(task.X)), (task.X, task.targets.values)
        self._batch = [np.empty((n, *x.shape[1:]), x.dtype) for x in tables]  # of samples and targets, in every step

    @property
    def _theta(self) -> Array:
        return self.parameters.numbers

    def _pass(self, epoch: int) -> float:
        X, T, total = self.task.X, self.task.targets.values, 0.0
        step, optimizer, theta = self._step, self.optimizer, self.parameters.numbers
        order, (x, t) = self._order(epoch), self._batch
        for begin in range(0, len(order), len(x)):
            rows = order[begin : begin + len(x)]
            if len(rows) < len(x):
                x, t = x[: len(rows)], t[: len(rows)]
            X.take(rows, 0, x, "clip")  # a mode in which `out` is written without a copy; all rows are there
            T.take(rows, 0, t, "clip")
            value, gradient = step(theta, x, t)
            if not math.isfinite(value):
                raise self._diverged(value, rows, epoch)
            optimizer.update(theta, gradient)
            total += value * len(rows)
        if not np.isfinite(theta).all():
            raise TrainingError(self._not_finite(epoch))
        return total / len(order)

    def collect(self) -> None:
        """Do nothing: the vector is what moves."""

    def _measured(self, epoch: int) -> dict[str, float]:
        task, record = self.task, dict[str, float]()
        if task.metrics:
            Y = self._refuse_infinite("", self._outputs(task.X), epoch)
            record |= {name: measure(name, Y, task.targets) for name in task.metrics}
        if task.held is not None:
            X, targets = task.held
            Y = self._refuse_infinite("validation ", self._outputs(X), epoch)
            record |= {f"val_{name}": measure(name, Y, targets) for name in task.metrics}
            record["val_loss"] = self._validation_loss(mean_loss_of(Y, targets), epoch)
        return record
