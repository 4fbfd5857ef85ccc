"""Optimisers and learning-rate schedules, on flat vectors, so that training touches no Value.

Each does what its PyTorch namesake does.  `update` changes the vector in place; `step` is the same for Values.

>>> theta = np.array([1.0, 2.0])
>>> SGD(lr=0.1).update(theta, np.array([10.0, -10.0]))
>>> theta
array([0., 3.])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine import Value

Vector: TypeAlias = npt.NDArray[np.float64]
Schedule: TypeAlias = Callable[[int], float]


class Optimizer:
    """Base: counts steps, asks the schedule for the learning rate, keeps state in named vectors.

    Parameters
    ----------
    lr
        Learning rate, or a schedule: number of the step, from 0, -> learning rate.
    weight_decay
        Strength of the decay.
    """

    def __init__(self, lr: float | Schedule, weight_decay: float = 0.0) -> None:
        if not callable(lr) and not lr > 0.0:
            raise ValueError(f"lr={lr} must be positive.")
        self.lr = lr
        self.weight_decay = weight_decay
        self.steps = 0
        self.state: dict[str, Vector] = {}

    def learning_rate(self) -> float:
        """Return the learning rate of the next step."""
        return self.lr(self.steps) if callable(self.lr) else self.lr

    def update(self, theta: Vector, gradient: Vector) -> None:
        """Change the parameters in place."""
        self._update(theta, gradient, self.learning_rate())
        self.steps += 1

    def step(self, values: Iterable[Value]) -> None:
        """Update Values from their gradients."""
        values = list(values)
        theta = np.array([v.data for v in values])
        self.update(theta, np.array([v.grad for v in values]))
        for value, number in zip(values, theta.tolist()):
            value.data = number

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        raise TypeError(f"{type(self).__name__} defines no update; use SGD, Adam or AdamW.")

    def _vector(self, name: str, like: Vector) -> Vector:
        if name not in self.state:
            self.state[name] = np.zeros_like(like)
        return self.state[name]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov's if asked, and weight decay as in PyTorch."""

    def __init__(
        self,
        lr: float | Schedule = 0.1,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr, weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov=True needs momentum > 0.")
        self.momentum, self.nesterov = momentum, nesterov

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        g = gradient + self.weight_decay * theta if self.weight_decay else gradient
        if self.momentum:
            velocity = self._vector("velocity", theta)
            velocity *= self.momentum
            velocity += g
            g = g + self.momentum * velocity if self.nesterov else velocity
        theta -= lr * g


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1), with L2 as in PyTorch's `weight_decay`."""

    def __init__(
        self,
        lr: float | Schedule = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr, weight_decay)
        self.betas, self.eps = betas, eps

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        g = gradient + self.weight_decay * theta if self.weight_decay else gradient
        self._adapt(theta, g, lr)

    def _adapt(self, theta: Vector, g: Vector, lr: float) -> None:
        m, v = self._vector("m", theta), self._vector("v", theta)
        b1, b2 = self.betas
        m += (1.0 - b1) * (g - m)
        v *= b2
        v += (1.0 - b2) * g * g
        t = self.steps + 1
        theta -= (lr / (1.0 - b1**t)) * m / (np.sqrt(v) / math.sqrt(1.0 - b2**t) + self.eps)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

    def __init__(
        self,
        lr: float | Schedule = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        theta *= 1.0 - lr * self.weight_decay
        self._adapt(theta, gradient, lr)


OPTIMIZERS: dict[str, Callable[..., Any]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Multiply by `factor` every so many steps.

    >>> [step_decay(1.0, 2, 0.5)(k) for k in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lambda step: lr * factor ** (step // every)


def cosine(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """Go from `lr` to `lowest` along half a cosine (Loshchilov and Hutter 2017), and stay there.

    >>> [round(cosine(1.0, 4)(k), 3) for k in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    return lambda step: lowest + 0.5 * (lr - lowest) * (1.0 + math.cos(math.pi * min(step, steps) / steps))


def linear(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """Go from `lr` to `lowest` along a line, as micrograd's demo does, and stay there.

    >>> [linear(1.0, 4)(k) for k in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    return lambda step: lr + (lowest - lr) * min(step, steps) / steps


def warmup(schedule: Schedule, steps: int) -> Schedule:
    """Rise linearly to a schedule over its first steps.

    >>> [warmup(lambda step: 1.0, 4)(k) for k in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    return lambda step: schedule(step) * min(1.0, (step + 1) / steps)
