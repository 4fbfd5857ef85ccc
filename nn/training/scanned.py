"""Epochs on JAX's devices: samples are placed once, and an epoch is one compiled scan over its batches.

Batches are those of NumPy's shuffling, the optimiser is Optax's, and metrics are computed where the outputs are: of an
epoch the host sees one vector, of the losses of its steps and a number per metric.  Parameters and the optimiser's
state come back when somebody looks.  Where the devices have no room for the samples, an epoch is a few scans.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from nn.optim import Optimizer
from nn.training.device_measures import DeviceMeasures
from nn.training.epochs import Epochs, TrainingError
from nn.training.mesh import Mesh
from nn.training.on_optax import state_by_name, state_of, transformation
from nn.training.placed import Placed
from nn.training.scan import Batches, Parts, Passed, Scan, check_tables
from nn.training.steps import constants_of, program_of
from nn.training.task import Task
from nn.training.vector import ParameterVector


class Position(NamedTuple):
    """Where a training is on the devices."""

    steps: int
    theta: Any
    state: Any  # of Optax's transformation


class ScannedEpochs(Epochs):
    """The state of a training on devices, which the host has after `collect`.

    Parameters
    ----------
    task, optimizer, parameters, batch_size, seed, patience
        As for `Epochs`.
    mesh
        The devices.
    strength, verify
        Of the regularisation, and how programs are compared with their scalars.

    Raises
    ------
    TypeError
        If the optimiser has no counterpart on devices.
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
        mesh: Mesh,
        strength: float = 0.0,
        verify: bool | str = True,
    ) -> None:
        super().__init__(task, optimizer, parameters, batch_size, seed, patience)
        self._mesh, self._rule = mesh, transformation(optimizer)
        self._at: Position | None = None
        self._is_ahead = False  # of what the host has
        self._seen: list[float] = []  # what was measured after the latest steps
        program = program_of(task.model, task.targets.loss, strength, verify, parameters.layout)
        constants = constants_of(program, len(parameters.numbers), (task.X[:1], task.targets.values[:1]))
        function = program.to_jax()
        check_tables(function.limits, task.X, task.targets.values)
        with mesh.computing():
            self._samples = Placed(task.X, task.targets.values, mesh)
            self._measures = DeviceMeasures(task, self._samples, parameters, mesh, verify)
            self._scan = Scan(function, self._rule, constants.astype(mesh.dtype), mesh, self._measures.at)
            whole = all(placed.is_whole for placed in [self._samples, *self._measures.parts.values()])
            self._parts = {part: x.samples for part, x in self._measures.parts.items()} if whole else None

    def sentences(self) -> tuple[str, ...]:
        """Return that numbers are rounded to float32, where they are."""
        if self._mesh.dtype == np.float64:
            return ()
        return (
            f"the devices compute with {self._mesh.dtype}: losses differ from those of float64 from the 7th digit on",
        )

    def collect(self) -> None:
        """Bring parameters and the optimiser's state back to the host."""
        if self._at is not None and self._is_ahead:
            with self._mesh.computing():
                self.parameters.numbers[:] = np.asarray(self._at.theta)
                self.optimizer.state, self.optimizer.steps = state_by_name(self._at.state), self._at.steps
            self._is_ahead = False

    def end(self, restore_best: bool) -> str:
        """Take the best parameters back if that is wanted and they are known; return what is to be said of it."""
        sentence = super().end(restore_best)
        self._at = None  # the host has other parameters now
        return sentence

    @property
    def _theta(self) -> Any:
        return self._position().theta

    def _position(self) -> Position:
        """Return where the training is: where the host has it, if nothing is on the devices yet."""
        if self._at is None:
            theta = self._mesh.place(self.parameters.numbers.copy())
            fresh = self._mesh.jit(self._rule.init)(theta)
            self._at = Position(self.optimizer.steps, theta, state_of(self.optimizer, fresh, self._mesh.place))
        return self._at

    def _pass(self, epoch: int) -> float:
        order, total, taken = self._order(epoch), 0.0, 0
        with self._mesh.computing():
            for samples, batches in self._samples.batches(order, self.batch_size):
                at = self._position()
                passed = self._steps(at, samples, batches, self._parts or {})
                for step, (loss, size) in enumerate(zip(passed.losses, batches.sizes)):
                    if not math.isfinite(loss):
                        self._go_back(at, samples, batches, step)
                        raise self._diverged(loss, order[taken : taken + size], epoch)
                    total, taken = total + loss * size, taken + size
                self._at = Position(at.steps + len(passed.losses), passed.theta, passed.state)
                self._is_ahead, self._seen = True, passed.measured
        if not passed.is_finite:
            raise TrainingError(self._not_finite(epoch))
        return total / len(order)

    def _steps(self, at: Position, samples: tuple[Any, Any], batches: Batches, parts: Parts) -> Passed:
        rates = np.array(self.optimizer.learning_rates(at.steps, len(batches.sizes)))
        return self._scan(at.theta, at.state, samples, batches, rates, parts)

    def _go_back(self, start: Position, samples: tuple[Any, Any], batches: Batches, steps: int) -> None:
        """Go to where so many of some steps had come, and have the host see it."""
        weights = None if batches.weights is None else batches.weights[:steps]
        few = Batches(batches.rows[:steps], weights, batches.sizes[:steps])
        passed = self._steps(start, samples, few, {})
        self._at, self._is_ahead = Position(start.steps + steps, passed.theta, passed.state), True
        self.collect()

    def _measured(self, epoch: int) -> dict[str, float]:
        with self._mesh.computing():
            seen = self._seen if self._parts is not None else self._measures.in_portions(self._theta)
            record, parts = self._measures.record(seen, self._theta)
        for part, Y in parts:
            self._refuse_infinite(part, Y, epoch)
        if "val_loss" in record:
            record["val_loss"] = self._validation_loss(record["val_loss"], epoch)
        return record
