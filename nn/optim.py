"""Optimisers, on flat vectors, so that training touches no Value; their schedules are `nn.schedules`.

Each does what its PyTorch namesake does.  `update` changes the vector in place; `step` is the same for Values.

>>> theta = np.array([1.0, 2.0])
>>> SGD(lr=0.1).update(theta, np.array([10.0, -10.0]))
>>> theta
array([0., 3.])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.arguments import described, listed, number, positive, truth
from nn.schedules import Schedule as Schedule
from nn.schedules import cosine as cosine
from nn.schedules import is_known
from nn.schedules import linear as linear
from nn.schedules import step_decay as step_decay
from nn.schedules import warmup as warmup

Vector: TypeAlias = npt.NDArray[np.float64]


class Optimizer:
    """Base: counts steps, asks the schedule for the learning rate, keeps state in named vectors.

    Parameters
    ----------
    lr
        Learning rate, or a schedule: number of the step, from 0, -> learning rate.
    weight_decay
        Strength of the decay.

    Raises
    ------
    TypeError, ValueError
        If one of them is no number, or out of range.
    """

    def __init__(self, lr: float | Schedule, weight_decay: float = 0.0) -> None:
        if isinstance(lr, Iterable) or hasattr(lr, "parameters"):
            raise TypeError(f"lr={described(lr)}: pass a learning rate; parameters go to step(model.parameters()).")
        if not callable(lr) or isinstance(lr, type):
            positive(lr, "lr")
        self.lr = lr
        self.weight_decay = number(weight_decay, "weight_decay", least=0.0)
        self.steps = 0
        self.state: dict[str, Vector] = {}
        self._places: list[Vector] = []  # for what an update computes on its way
        self._checked: tuple[Any, Any] = (None, None)  # the vectors of the last step: mostly those of the next
        self.owner: tuple[Value, int] | None = None

    @property
    def runs_own_code(self) -> bool:
        """Whether a step runs code that is not this package's: a schedule or an optimiser of somebody's own.

        >>> SGD(cosine(0.1, 100)).runs_own_code, SGD(lambda step: 0.1).runs_own_code
        (False, True)
        """
        return type(self) not in OPTIMIZERS.values() or (callable(self.lr) and not is_known(self.lr))

    def learning_rate(self) -> float:
        """Return the learning rate of the next step.

        Raises
        ------
        TypeError, ValueError
            If the schedule gives none.
        """
        return self._learning_rate_at(self.steps)

    def learning_rates(self, first: int, steps: int) -> list[float]:
        """Return the learning rates of so many steps, from one on.

        >>> SGD(step_decay(1.0, 2, 0.5)).learning_rates(1, 3)
        [1.0, 0.5, 0.5]

        Raises
        ------
        TypeError, ValueError
            If the schedule gives none.
        """
        return [self._learning_rate_at(step) for step in range(first, first + steps)]

    def stops_after(self, steps: int) -> int | None:
        """Return after how many more steps the schedule comes to 0 for good, if that is before so many are taken.

        >>> SGD(cosine(0.1, 100)).stops_after(1000), SGD(cosine(0.1, 100)).stops_after(100)
        (100, None)

        Raises
        ------
        TypeError, ValueError
            If the schedule gives no learning rate for the last of them.
        """
        left = steps if callable(self.lr) else 0
        while left and self._learning_rate_at(self.steps + left - 1) == 0.0:
            left -= 1
        return left if callable(self.lr) and left < steps else None

    def _learning_rate_at(self, step: int) -> float:
        if not callable(self.lr):
            return self.lr
        return number(self.lr(step), f"the schedule's learning rate at step {step}", least=0.0)

    def claim(self, values: Sequence[Value]) -> None:
        """Become the optimiser of these parameters; its steps and state belong to them from the first step on.

        >>> from nn import MLP
        >>> optimizer = SGD()
        >>> optimizer.step(MLP(2, [2]).parameters())
        >>> optimizer.claim(MLP(2, [3]).parameters())
        Traceback (most recent call last):
        ValueError: this SGD has taken 1 step with another network's parameters; make a new one: nn.SGD(...).

        Raises
        ------
        ValueError
            If it has taken steps with others, or its schedule has come to its end.
        """
        values, kind = _values(values), type(self).__name__
        if self.steps and self.owner is not None and not _is(self.owner, values):
            taken = f"{self.steps} step{'s' * (self.steps > 1)}"
            raise ValueError(
                f"this {kind} has taken {taken} with another network's parameters; make a new one: nn.{kind}(...)."
            )
        self.owner = (values[0], len(values)) if values else None

    def check_unspent(self) -> None:
        """Refuse a schedule that earlier training has brought to its end.

        Raises
        ------
        ValueError
            If steps were taken and the learning rate of the next is 0.
        """
        if self.steps and self.learning_rate() == 0.0:
            kind = type(self).__name__
            raise ValueError(
                f"the schedule of this {kind} is spent: after {self.steps} steps its learning rate is 0, and nothing "
                f"would move; make a new one: nn.{kind}(...)."
            )

    def update(self, theta: Vector, gradient: Vector) -> None:
        """Change the parameters in place.

        Raises
        ------
        ValueError
            If the shapes differ, or the state is of a vector of another length.
        """
        if theta is not self._checked[0] or gradient is not self._checked[1]:
            self._check(theta, gradient)
            self._checked = theta, gradient
        self._update(theta, gradient, self.learning_rate())
        self.steps += 1

    def step(self, values: Iterable[Value]) -> None:
        """Update Values from their gradients.

        Raises
        ------
        TypeError, ValueError
            If these are no Values, or other ones than in the steps before.
        """
        values = _values(values)
        self.claim(values)
        theta = np.array([v.data for v in values])
        self.update(theta, np.array([v.grad or 0.0 for v in values]))
        for value, x in zip(values, theta.tolist()):
            value.data = x

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        raise TypeError(f"{type(self).__name__} defines no update; use SGD, Adam or AdamW.")

    def _check(self, theta: Any, gradient: Any) -> None:
        """Refuse what is no pair of vectors of one shape."""
        if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f":
            raise TypeError(f"theta must be a vector of floats, as program.pull() returns it; got {described(theta)}.")
        if not isinstance(gradient, np.ndarray) or gradient.dtype.kind not in "fiu":
            raise TypeError(f"gradient must be a vector of numbers, as theta is one; got {described(gradient)}.")
        shape = theta.shape
        if gradient.shape != shape or any(v.shape != shape for v in self.state.values()):
            raise ValueError(
                f"theta {theta.shape}, gradient {gradient.shape} and the state of this {type(self).__name__} must have "
                "one shape; an optimiser belongs to one vector, so make a new one for another."
            )

    def _vector(self, name: str, like: Vector) -> Vector:
        if name not in self.state:
            self.state[name] = np.zeros_like(like)
        return self.state[name]

    def _two_places(self, like: Vector) -> list[Vector]:
        """Return two vectors to write to, the same ones in every step."""
        if not self._places or self._places[0].shape != like.shape or self._places[0].dtype != like.dtype:
            self._places = [np.empty_like(like), np.empty_like(like)]
        return self._places

    def _decayed(self, theta: Vector, gradient: Vector, place: Vector) -> Vector:
        """Return the gradient of the loss with weight decay, written to a place; the gradient itself without."""
        if not self.weight_decay:
            return gradient
        np.multiply(theta, self.weight_decay, out=place)
        return np.add(place, gradient, out=place)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_places": [], "_checked": (None, None)}  # nothing that outlasts a step


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov's if asked, and weight decay as in PyTorch.

    Parameters
    ----------
    lr, weight_decay
        As for every `Optimizer`.
    momentum
        What is left of the velocity after each step, from 0 to less than 1.
    nesterov
        Whether the gradient counts as of where the velocity leads; it needs momentum.

    Examples
    --------
    >>> theta, sgd = np.array([1.0]), SGD(lr=0.1, momentum=0.5)
    >>> sgd.update(theta, np.array([1.0])), sgd.update(theta, np.array([1.0])), theta.round(6)
    (None, None, array([0.75]))
    """

    def __init__(
        self,
        lr: float | Schedule = 0.1,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr, weight_decay)
        self.momentum = number(momentum, "momentum", least=0.0, below=1.0)
        truth(nesterov, "nesterov")
        if nesterov and not momentum:
            raise ValueError("nesterov=True needs momentum > 0.")
        self.nesterov = bool(nesterov)

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        a, b = self._two_places(theta)
        g = self._decayed(theta, gradient, a)
        if self.momentum:
            velocity = self._vector("velocity", theta)
            velocity *= self.momentum
            velocity += g
            g = np.add(g, np.multiply(velocity, self.momentum, out=b), out=b) if self.nesterov else velocity
        theta -= np.multiply(g, lr, out=b)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1), with L2 as in PyTorch's `weight_decay`.

    Parameters
    ----------
    lr, weight_decay
        As for every `Optimizer`.
    betas
        What is left after each step of the means of gradients and of their squares, from 0 to less than 1.
    eps
        What is added to the root of the latter.
    """

    def __init__(
        self,
        lr: float | Schedule = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(lr, weight_decay)
        self.betas, self.eps = _two_betas(betas), positive(eps, "eps")

    def _update(self, theta: Vector, gradient: Vector, lr: float) -> None:
        self._adapt(theta, self._decayed(theta, gradient, self._two_places(theta)[1]), lr)

    def _adapt(self, theta: Vector, g: Vector, lr: float) -> None:
        m, v = self._vector("m", theta), self._vector("v", theta)
        a, b = self._two_places(theta)  # g may be b
        b1, b2, t = *self.betas, self.steps + 1
        unit = math.sqrt(1.0 - b2**t)
        m += np.multiply(np.subtract(g, m, out=a), 1.0 - b1, out=a)
        v *= b2
        v += np.multiply(np.multiply(g, 1.0 - b2, out=a), g, out=a)
        np.sqrt(v, out=a)
        a += self.eps * unit  # sqrt(v) / unit + eps, times the unit, of which the learning rate takes care
        np.multiply(m, lr * unit / (1.0 - b1**t), out=b)
        theta -= np.divide(b, a, out=b)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); parameters as for `Adam`."""

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


def _two_betas(betas: Any) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(
            f"betas must be two numbers from 0 to less than 1, such as (0.9, 0.999); got {described(betas)}."
        )
    b1, b2 = (number(b, f"betas[{i}]", least=0.0, below=1.0) for i, b in enumerate(betas))
    return b1, b2


def _is(owner: tuple[Value, int], values: Sequence[Value]) -> bool:
    return bool(values) and values[0] is owner[0] and len(values) == owner[1]


def _values(values: Any) -> list[Value]:
    listed_values = listed(values, "the parameters", "Values, as model.parameters() returns it")
    for v in listed_values:
        if not isinstance(v, Value):
            raise TypeError(f"an optimiser moves Values, as model.parameters() returns them; got {described(v)}.")
    return listed_values
