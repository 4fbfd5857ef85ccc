"""The steps of an epoch as one compiled scan: gradients of the lifted program, updates of Optax."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engine.lifting.run.on_jax import JaxFunction
from nn.samples import Array
from nn.training.devices import jax_itself
from nn.training.mesh import Mesh


class Batches(NamedTuple):
    """An epoch's batches, all of one size, which the devices divide.

    Attributes
    ----------
    rows
        The samples of each, (steps, size): where there are too few, sample 0 as well.
    weights
        Of each sample, 0 for what was added; None where nothing was.
    sizes
        How many samples each batch has of its own.
    """

    rows: Array
    weights: Array | None
    sizes: list[int]

    @classmethod
    def of(cls, order: Array, size: int, mesh: Mesh) -> Batches:
        """Return the batches of samples in an order."""
        n, size = len(order), min(size, len(order))
        steps = -(-n // size)
        rows = mesh.padded(np.concatenate([order, np.zeros(steps * size - n, order.dtype)]).reshape(steps, size))
        sizes = [size] * (n // size) + [n % size] * (n % size > 0)
        weights = (np.arange(rows.shape[1]) < np.array(sizes)[:, None]).astype(float)
        return cls(rows, None if weights.all() else weights, sizes)


class Passed(NamedTuple):
    """Where the steps of a scan have come, on the devices."""

    theta: Any
    state: Any
    losses: Any  # of each step
    is_finite: Any  # whether all parameters are


class Scan:
    """Steps one after another, as they are compiled.

    Parameters
    ----------
    program
        The value and the gradient of a batch.
    rule
        Optax's transformation.
    constants
        What follows the parameters in the program's vector.
    mesh
        The devices, each of which computes its part of a batch.
    """

    def __init__(self, program: JaxFunction, rule: Any, constants: Array, mesh: Mesh) -> None:
        self._program, self._rule, self._constants, self._mesh = program, rule, constants, mesh
        self._run = mesh.jit(self._scanned)

    def __call__(self, theta: Any, state: Any, samples: tuple[Any, Any], batches: Batches, rates: Array) -> Passed:
        """Take a step for every batch of samples that are on the devices, at its learning rate."""
        place = self._mesh.place
        rows = place(batches.rows.astype(np.int32), None, "samples")
        weights = None if batches.weights is None else place(batches.weights, None, "samples")
        return Passed(*self._run(theta, state, samples, rows, weights, place(rates)))

    def _scanned(self, theta: Any, state: Any, samples: tuple[Any, Any], rows: Any, weights: Any, rates: Any) -> Any:
        jax, jnp = jax_itself(), jax_itself().numpy
        shared, size = self._mesh.shared, theta.shape[0]

        def step(at: tuple[Any, Any], batch: tuple[Any, Any, Any]) -> tuple[tuple[Any, Any], Any]:
            (theta, state), (rows, weights, rate) = at, batch
            X, T = (shared(x[shared(rows)]) for x in samples)
            whole = jnp.concatenate([theta, self._constants]) if len(self._constants) else theta
            loss, gradient = self._program(whole, X, T, weights=weights)
            update, state = self._rule.update(gradient[:size], state, theta)
            return (theta - rate * update, state), loss

        (theta, state), losses = jax.lax.scan(step, (theta, state), (rows, weights, rates))
        return theta, state, losses, jnp.isfinite(theta).all()


def check_tables(limits: dict[int, int], *arrays: Array) -> None:
    """Refuse an integer that is outside the table that it chooses from: on a device it could only give NaN.

    Raises
    ------
    IndexError
        Naming it, and the table's entries.
    """
    for argument, limit in limits.items():
        x = arrays[argument]
        if x.min() < 0 or x.max() >= limit:
            bad = x[(x < 0) | (x >= limit)].flat[0]
            raise IndexError(f"{bad} is outside a table of {limit} entries (0 to {limit - 1}).")
