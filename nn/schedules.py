"""Learning-rate schedules: the number of a step, from 0, in, its learning rate out.

>>> import nn
>>> optimizer = nn.SGD(warmup(cosine(0.1, 100), 10))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.arguments import described, number, positive, whole

Schedule: TypeAlias = Callable[[int], float]


def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Multiply by `factor` every so many steps.

    >>> [step_decay(1.0, 2, 0.5)(k) for k in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    positive(lr, "lr"), positive(factor, "factor")
    whole(every, "every", "the steps between two changes", least=1)
    return _OfSteps(lambda step: lr * factor ** (step // every))


def cosine(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """Go from `lr` to `lowest` along half a cosine (Loshchilov and Hutter 2017), and stay there.

    >>> [round(cosine(1.0, 4)(k), 3) for k in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    _check_descent(lr, steps, lowest)
    return _OfSteps(lambda step: lowest + 0.5 * (lr - lowest) * (1.0 + math.cos(math.pi * min(step, steps) / steps)))


def linear(lr: float, steps: int, lowest: float = 0.0) -> Schedule:
    """Go from `lr` to `lowest` along a line, as micrograd's demo does, and stay there.

    >>> [linear(1.0, 4)(k) for k in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    _check_descent(lr, steps, lowest)
    return _OfSteps(lambda step: lr + (lowest - lr) * step / steps if step < steps else lowest)


def warmup(schedule: Schedule, steps: int) -> Schedule:
    """Rise linearly to a schedule over its first steps.

    >>> [warmup(lambda step: 1.0, 4)(k) for k in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    if not callable(schedule):
        raise TypeError(f"schedule={described(schedule)}: pass a schedule, such as cosine(0.1, 1000).")
    whole(steps, "steps", "the steps of the rise", least=1)
    return _OfSteps(lambda step: schedule(step) * min(1.0, (step + 1) / steps), is_known(schedule))


def _check_descent(lr: float, steps: int, lowest: float) -> None:
    positive(lr, "lr")
    number(lowest, "lowest", least=0.0)
    whole(steps, "steps", "the steps of the descent", least=1)


def is_known(schedule: Any) -> bool:
    """Whether a schedule is made of this module's alone, and runs no code of somebody's own.

    >>> is_known(warmup(cosine(0.1, 100), 10)), is_known(warmup(lambda step: 0.1, 10))
    (True, False)
    """
    return isinstance(schedule, _OfSteps) and schedule.is_known


@dataclass(frozen=True)
class _OfSteps:
    """A schedule that takes the number of a step, and nothing else."""

    rate: Schedule
    is_known: bool = True  # whether nothing in it is somebody's own

    def __call__(self, step: int) -> float:
        return self.rate(whole(step, "step", "the number of the step, from 0", least=0))
