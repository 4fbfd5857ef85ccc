"""The steps of an epoch as one compiled scan: gradients of the lifted program, updates of Optax."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine.lifting.run.flat import Flat
from engine.lifting.run.on_jax import JaxFunction
from nn.samples import Array
from nn.training.devices import jax_itself
from nn.training.mesh import Mesh

WHOLE = ""  # the name of a vector that is not cut into arrays

Parts: TypeAlias = dict[str, tuple[Any, Any]]  # samples and targets that are measured, by what they are part of


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
    """Where the steps of a scan have come, on the devices, and what the host sees of them."""

    theta: Any
    state: Any
    losses: list[float]  # of each step
    is_finite: bool  # whether all parameters are
    measured: list[float]


class Scan:
    """Steps one after another, and what is measured after the last, as one compiled function.

    What the host sees of it is one vector: each transfer has it wait for the devices.

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
    measure
        What returns the measures of some parts of the data at a vector of parameters.
    """

    def __init__(
        self,
        program: JaxFunction,
        rule: Any,
        constants: Array,
        mesh: Mesh,
        measure: Callable[[Any, Parts], list[Any]] = lambda theta, parts: [],
    ) -> None:
        self._program = replace(program, limits={})  # all samples have been looked at before the first step
        self._rule, self._mesh, self._measure = rule, mesh, measure
        self._parts, self._behind = _laid(program.flat, constants)
        self._run = mesh.jit(self._scanned)
        self._placed: dict[str, tuple[bytes, Any]] = {}  # what is the same in every epoch: weights, mostly the rates

    def __call__(
        self, theta: Any, state: Any, samples: tuple[Any, Any], batches: Batches, rates: Array, parts: Parts
    ) -> Passed:
        """Take a step for every batch of samples that are on the devices, at its learning rate; measure some parts."""
        rows = self._mesh.handed(batches.rows.astype(np.int32), None, "samples")
        weights = None if batches.weights is None else self._once("weights", batches.weights, None, "samples")
        theta, state, seen = self._run(theta, state, samples, rows, weights, self._once("rates", rates), parts)
        numbers, steps = np.asarray(seen).tolist(), len(batches.sizes)
        return Passed(theta, state, numbers[:steps], bool(numbers[steps]), numbers[steps + 1 :])

    def _once(self, name: str, x: Array, *axes: Any) -> Any:
        """Put an array on the devices, unless the one of its name that is there has the same numbers."""
        numbers, known = x.tobytes(), self._placed.get(name)
        if known is None or known[0] != numbers:
            self._placed[name] = known = numbers, self._mesh.place(x, *axes)
        return known[1]

    def _scanned(
        self, theta: Any, state: Any, samples: tuple[Any, Any], rows: Any, weights: Any, rates: Any, parts: Parts
    ) -> Any:
        jax, jnp = jax_itself(), jax_itself().numpy
        shared, split, join = self._mesh.shared, self._split, self._joined

        def step(at: tuple[Any, Any], batch: tuple[Any, Any, Any]) -> tuple[tuple[Any, Any], Any]:
            (named, state), (rows, weights, rate) = at, batch
            X, T = (shared(x[shared(rows)]) for x in samples)
            loss, gradients = self._gradients(named, X, T, weights)
            update, state = self._rule.update(gradients, state, named)
            return (jax.tree.map(lambda x, u: x - rate * u, named, update), state), loss

        begin = split(theta), jax.tree.map(lambda x: split(x) if x.ndim else x, state)
        (named, state), losses = jax.lax.scan(step, begin, (rows, weights, rates))
        theta = join(named)
        state = jax.tree.map(lambda x: join(x) if _is_split(x) else x, state, is_leaf=_is_split)
        numbers = jnp.asarray([jnp.isfinite(theta).all(), *self._measure(theta, parts)], float)
        return theta, state, jnp.concatenate([losses.astype(float), numbers])

    def _gradients(self, named: dict[str, Any], X: Any, T: Any, weights: Any) -> tuple[Any, dict[str, Any]]:
        """Return the loss of a batch and its gradient by every array."""
        if WHOLE not in named:
            loss, gradients = self._program(named | self._behind, X, T, weights=weights)
            return loss, {name: gradients[name] for name in named}
        whole = jax_itself().numpy.concatenate([named[WHOLE], self._behind[WHOLE]])
        loss, gradient = self._program(whole, X, T, weights=weights)
        return loss, {WHOLE: gradient[: len(named[WHOLE])]}

    def _split(self, vector: Any) -> dict[str, Any]:
        """Return the named arrays of a vector of parameters: they are cut out once an epoch, and not in every step."""
        return {p.name: p.of(vector) for p in self._parts}

    def _joined(self, named: dict[str, Any]) -> Any:
        return jax_itself().numpy.concatenate([named[p.name].reshape(-1) for p in self._parts])


class Part(NamedTuple):
    """An array that lies in a vector from one number to another."""

    name: str
    begin: int
    end: int
    shape: tuple[int, ...]

    def of(self, vector: Any) -> Any:
        """Return the array."""
        return vector[self.begin : self.end].reshape(self.shape)


def _laid(flat: Flat, constants: Array) -> tuple[list[Part], dict[str, Array]]:
    """Return the arrays that a model's parameters are cut into, and what follows them in the program's vector.

    Where named arrays do not lie in the vector one after the other, the vector is one array.
    """
    size = flat.size - len(constants)
    if flat.order is not None or any(p.read for p in flat.arrays):
        return [Part(WHOLE, 0, size, (size,))], {WHOLE: constants}
    parts = [Part(p.name, p.offset, p.offset + p.size, p.shape) for p in flat.arrays]
    behind = [Part(name, begin - size, end - size, shape) for name, begin, end, shape in parts if begin >= size]
    return [part for part in parts if part.begin < size], {part.name: part.of(constants) for part in behind}


def _is_split(x: Any) -> bool:
    return isinstance(x, dict)


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
