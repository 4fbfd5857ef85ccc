"""Training steps, ``step(theta, X, T) -> (loss, gradient)`` on flat vectors: the lifted program, and the scalar engine.

>>> from nn import MLP, moons
>>> network, (X, T) = MLP(2, [3, 1]), moons(8)
>>> registry = Registry(network.parameters())
>>> steps = [make(network, "hinge", 0.0, registry) for make in (lifted_step, eager_step)]
>>> (a, g), (b, h) = (step(registry.read(), X, T) for step in steps)
>>> bool(abs(a - b) < 1e-12 and np.abs(g - h).max() < 1e-12)
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import engine
from engine.collector import collector_paused
from engine.lifting.run.parameters import Registry
from engine.lifting.run.program import Program
from nn.losses import mean_loss, sample_loss
from nn.module import Module

Array: TypeAlias = npt.NDArray[Any]
Step: TypeAlias = Callable[[Array, Array, Array], tuple[float, Array]]


def lifted_step(model: Module, loss: str, strength: float, registry: Registry, verify: bool | str = True) -> Step:
    """Return the training step of the lifted program, verified as `engine.lift` does."""
    program = engine.lift(sample_loss(model, loss, strength), batch=True, parameters=registry.values, verify=verify)
    constants: Array | None = None

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        nonlocal constants
        if constants is None:
            constants = constants_of(program, registry, (X[:1], T[:1]))
        theta = np.concatenate([theta, constants]) if constants.size else theta
        value, gradient = program.value_and_grad(X, T, parameters=theta)
        assert gradient.parameters is not None
        return value, gradient.parameters[: registry.size]

    return step


def constants_of(program: Program, registry: Registry, example: tuple[Array, Array]) -> Array:
    """Return the numbers of Values that a model makes anew in every call: in its program they are no parameters."""
    program(*example)
    return np.array([v.data for v in program.registry.values[registry.size :]])


def eager_step(model: Module, loss: str, strength: float, registry: Registry) -> Step:
    """Return the training step of the scalar engine: the whole batch as one graph of Values."""

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        registry.write(theta)
        model.zero_grad()
        with collector_paused():
            value = mean_loss(model, X, T, loss, strength)
            value.backward()
        return value.data, np.array([v.grad for v in registry.values])

    return step
