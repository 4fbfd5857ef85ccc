"""Training steps, ``step(theta, X, T) -> (loss, gradient)`` on flat vectors: the lifted program, and the scalar engine.

>>> from nn import MLP, moons
>>> network, (X, T) = MLP(2, [3, 1]), moons(8)
>>> theta = np.array([value.data for value in network.parameters()])
>>> steps = [make(network, "hinge", 0.0) for make in (lifted_step, eager_step)]
>>> (a, g), (b, h) = (step(theta, X, T) for step in steps)
>>> bool(abs(a - b) < 1e-12 and np.abs(g - h).max() < 1e-12)
True
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

import engine
from engine import Parameters
from engine.arguments import described, one_of
from engine.collector import collector_paused
from engine.lifting.run.program import Program
from nn.losses import mean_loss, sample_loss
from nn.module import Module
from nn.samples import Array

DTYPES = ("float64", "float32")  # that devices compute with
Step: TypeAlias = Callable[[Array, Array, Array], tuple[float, Array]]


def check_backend(lifted: bool, backend: Any, devices: Any, dtype: Any = "float64") -> None:
    """Refuse what trains no step, or devices and numbers of theirs where none are used.

    Raises
    ------
    TypeError, ValueError
        Saying what there is.
    """
    if not isinstance(backend, str):
        raise TypeError(f"backend={described(backend)} is not known; use 'numpy', or 'jax' with lifted=True.")
    if devices is not None and backend != "jax":
        raise ValueError(f"devices={described(devices)} is for backend='jax'; pass that as well, or leave it out.")
    if backend not in ("numpy", "jax") or (backend == "jax" and not lifted):
        wrong = f"backend={backend!r} is not known" if lifted else "the scalar engine has no backend='jax'"
        raise ValueError(f"{wrong}; use 'numpy', or 'jax' with lifted=True.")
    if one_of(dtype, "dtype", DTYPES) != "float64" and backend != "jax":
        raise ValueError(f"dtype={dtype!r} is for backend='jax'; pass that as well, or leave it out.")


def lifted_step(
    model: Module, loss: str, strength: float, verify: bool | str = True, parameters: Parameters | None = None
) -> Step:
    """Return the training step of the lifted program, verified as `engine.lift` does.

    The gradient is written to the same memory in every step.

    Parameters
    ----------
    model, loss, strength
        What the step is of.
    verify
        As in `engine.lift`.
    parameters
        The model's parameters, if somebody has laid them out already.
    """
    at = Extended(program_of(model, loss, strength, verify, parameters))
    program = at.program

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        vector, out = at.vector(theta, (X, T))
        value, _ = program.value_and_grad(X, T, parameters=vector, out=out)
        return value, out[: at.size]

    return step


def program_of(
    model: Module, loss: str, strength: float, verify: bool | str, parameters: Parameters | None = None
) -> Program:
    """Return the program of a model's mean loss; its vector begins with the model's parameters."""
    one = sample_loss(model, loss, strength)
    return engine.lift(one, batch=True, parameters=parameters or model.parameters(), verify=verify)


class Extended:
    """A program's vector: the model's parameters, and behind them what the model makes anew in every call.

    >>> from nn import MLP
    >>> at = Extended(program_of(MLP(2, [1]), "hinge", 0.0, True))
    >>> at.vector(np.ones(3), (np.ones((1, 2)), np.ones(1)))[0]
    array([1., 1., 1.])
    """

    def __init__(self, program: Program) -> None:
        self.program, self.size = program, numbers_of(program)
        self.constants: Array | None = None

    def vector(self, theta: Array, example: tuple[Array, ...]) -> tuple[Array, Array]:
        """Return the program's vector for some parameters, and a place for its gradient, the same in every call.

        Parameters
        ----------
        theta
            The parameters; where nothing follows them they are the program's vector themselves.
        example
            Inputs, from one sample of which the program is made.
        """
        if self.constants is None:
            self.constants = constants_of(self.program, self.size, tuple([x[:1] for x in example]))
            self._whole = np.concatenate([theta, self.constants])
            self._out = np.empty_like(self._whole)
        if self._whole.size == self.size:
            return theta, self._out
        self._whole[: self.size] = theta
        return self._whole, self._out


def constants_of(program: Program, size: int, example: tuple[Array, ...]) -> Array:
    """Return the numbers of Values that a model makes anew in every call: in its program they follow the parameters."""
    program(*example)
    return program.pull()[size:] if numbers_of(program) > size else np.empty(0)


def numbers_of(program: Program) -> int:
    """Return how many numbers a program's vector has."""
    return sum(map(math.prod, program.parameters.values()))


def eager_step(model: Module, loss: str, strength: float) -> Step:
    """Return the training step of the scalar engine: the whole batch as one graph of Values."""
    values = model.parameters()

    def step(theta: Array, X: Array, T: Array) -> tuple[float, Array]:
        for value, number in zip(values, theta.tolist()):
            value.data = number
        model.zero_grad()
        with collector_paused():
            root = mean_loss(model, X, T, loss, strength)
            root.backward()
        return root.data, np.array([value.grad for value in values])

    return step
