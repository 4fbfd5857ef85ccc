"""What is measured after an epoch on JAX's devices: metrics, and the validation loss, in one compiled function."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from nn.losses import loss_named
from nn.samples import Array
from nn.training.device_outputs import outputs_on_device
from nn.training.devices import jax_itself
from nn.training.mesh import Mesh
from nn.training.metrics import METRICS
from nn.training.scan import check_tables
from nn.training.targets import Targets
from nn.training.task import Task
from nn.training.vector import ParameterVector


class DeviceMeasures:
    """The metrics of a task at a vector of parameters on the devices.

    Parameters
    ----------
    task
        Whose metrics.
    samples
        Its samples and targets, which are on the devices.
    parameters
        What the vector stands for.
    mesh
        The devices, each of which computes its part of the samples.
    verify
        As in `engine.lift`.
    """

    def __init__(
        self, task: Task, samples: tuple[Any, Any], parameters: ParameterVector, mesh: Mesh, verify: bool | str = True
    ) -> None:
        self._task, self._mesh = task, mesh
        self._parts = {"": samples} if task.metrics else {}
        if task.held is not None:
            self._parts["validation "] = mesh.place(task.held[0]), mesh.place(task.held[1].values)
            self._loss = loss_on_device(task.held[1], verify)
        self.names = [
            *task.metrics,
            *[f"val_{name}" for name in task.metrics if task.held],
            *["val_loss"] * bool(task.held),
        ]
        if self._parts:
            self._outputs, limits = outputs_on_device(task.model, parameters, task.X[:1], verify)
            for X in [task.X, *([task.held[0]] if task.held else [])]:
                check_tables(limits, X)
            self._measured, self._of_part = mesh.jit(self._all), mesh.jit(self._outputs_of)

    def __call__(self, theta: Any) -> tuple[dict[str, float], list[tuple[str, Array]]]:
        """Return the measures, by name, and the outputs of parts of the data in which some are not finite."""
        if not self._parts:
            return {}, []
        values, are_finite = jax_itself().device_get(self._measured(theta, self._parts))
        bad = [part for part, is_finite in zip(sorted(self._parts), are_finite) if not is_finite]
        record = {name: float(value) for name, value in zip(self.names, values)}
        return record, [(part, np.asarray(self._of_part(theta, self._parts[part][0]))) for part in bad]

    def _all(self, theta: Any, parts: dict[str, tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
        values, are_finite, jnp = [], [], jax_itself().numpy
        for part, (X, T) in sorted(parts.items()):
            Y = self._outputs_of(theta, X)
            targets = self._task.targets.with_values(T)
            values += [METRICS[name](Y, targets, jnp) for name in self._task.metrics]
            values += [self._loss(Y, T)] if part else []
            are_finite.append(jnp.isfinite(Y).all())
        return values, are_finite

    def _outputs_of(self, theta: Any, X: Any) -> Any:
        if self._mesh.size == 1:
            return self._outputs(theta, X)
        rows = self._mesh.padded(np.arange(len(X)))
        return self._mesh.everywhere(self._outputs(theta, self._mesh.shared(X[rows])))[: len(X)]


def loss_on_device(targets: Targets, verify: bool | str = True) -> Any:
    """Return the mean loss of outputs (N, C) for the values of such targets, of JAX arrays: the scalar loss, lifted."""
    program = engine.lift(loss_named(targets.loss), batch=True, verify=verify)
    program.value_and_grad(np.zeros((1, targets.outputs)), targets.values[:1], wrt="inputs")
    function = program.to_jax(wrt="inputs")
    return lambda Y, T: function({}, Y, T)[0]
