"""What is measured after an epoch on JAX's devices: metrics, and the validation loss, in one compiled function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import engine
from nn.losses import loss_named
from nn.samples import Array
from nn.training.device_outputs import outputs_on_device
from nn.training.devices import jax_itself
from nn.training.mesh import Mesh
from nn.training.metrics import METRICS
from nn.training.placed import Placed
from nn.training.scan import Parts, check_tables
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
        Its samples and targets.
    parameters
        What the vector stands for.
    mesh
        The devices, each of which computes its part of the samples.
    verify
        As in `engine.lift`.

    Attributes
    ----------
    parts
        The samples and targets that are measured, by what they are part of.
    names
        Of the measures.
    """

    def __init__(
        self, task: Task, samples: Placed, parameters: ParameterVector, mesh: Mesh, verify: bool | str = True
    ) -> None:
        self._task, self._mesh = task, mesh
        self.parts = {"": samples} if task.metrics else {}
        if task.held is not None:
            self.parts["validation "] = Placed(task.held[0], task.held[1].values, mesh)
            self._loss = loss_on_device(task.held[1], verify)
        self.names = [
            *task.metrics,
            *[f"val_{name}" for name in task.metrics if task.held],
            *["val_loss"] * bool(task.held),
        ]
        if self.parts:
            self._outputs, limits = outputs_on_device(task.model, parameters, task.X[:1], verify)
            for part in self.parts.values():
                check_tables(limits, part.X)
            self._of_samples, self._of_outputs = mesh.jit(self._outputs_of), mesh.jit(self._seen)

    def at(self, theta: Any, parts: Parts) -> list[Any]:
        """Return the measures of parts, and of each whether all outputs are finite: within a compiled function."""
        return self._seen({part: (self._outputs_of(theta, X), T) for part, (X, T) in parts.items()})

    def in_portions(self, theta: Any) -> list[float]:
        """Return the same of parts of which the devices hold some samples at a time."""
        jax = jax_itself()
        parts = {
            part: (jax.numpy.concatenate([self._of_samples(theta, X) for X in placed.portions()]), placed.targets())
            for part, placed in self.parts.items()
        }
        return [float(x) for x in jax.device_get(self._of_outputs(parts))]

    def record(self, seen: Sequence[float], theta: Any) -> tuple[dict[str, float], list[tuple[str, Array]]]:
        """Return the measures, by name, and the outputs of parts of the data in which some are not finite."""
        bad = [part for part, is_finite in zip(sorted(self.parts), seen[len(self.names) :]) if not is_finite]
        return dict(zip(self.names, seen)), [(part, self._outputs_seen(theta, self.parts[part])) for part in bad]

    def _outputs_seen(self, theta: Any, part: Placed) -> Array:
        return np.concatenate([np.asarray(self._of_samples(theta, X)) for X in part.portions()])

    def _seen(self, outputs: Parts) -> list[Any]:
        values, are_finite, jnp = [], [], jax_itself().numpy
        for part, (Y, T) in sorted(outputs.items()):
            targets = self._task.targets.with_values(T)
            values += [METRICS[name](Y, targets, jnp) for name in self._task.metrics]
            values += [self._loss(Y, T)] if part else []
            are_finite.append(jnp.isfinite(Y).all())
        return values + are_finite

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
