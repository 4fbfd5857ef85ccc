"""How far somebody's gradients may be off: the one policy of the comparison and of the diagnosis.

An entry agrees if its error is at most so many units of what rounding may do to that very entry (`nn.agreement.units`;
how many is argued in `engine.agreement`).  Where a mistake is sought among numbers that are *not* right, arrays are
compared as wholes, relative to their largest entry: `close` and `proportion`.

>>> close(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-13]), 1e-12)
True
>>> proportion(np.array([2.0, 4.0]), np.array([1.0, 2.0]), 1e-12)
2.0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.agreement import EPS, agrees, differenced, is_differenced
from nn.samples import Array

UNIT_OF_SINGLE = float(np.finfo(np.float32).eps) / EPS  # a unit of single precision, in units of double
UNDERFLOW_OF_SINGLE = float(np.finfo(np.float32).tiny)  # what is less than that it may have lost
FEW = 4  # numbers that may all be of single precision by chance
TIGHTEST, LOOSEST = 1e-11, 1e-5  # relative tolerances within which a mistake can be told from none
LOOSEST_SINGLE = 3e-4  # of numbers in single precision


@dataclass(frozen=True)
class Limits:
    """What the right gradients of a network are, and how far rounding may move each of their entries.

    Attributes
    ----------
    right, units
        By parameter: the right gradient, and one unit of rounding of every entry.
    allowed
        How many units are.
    """

    right: Mapping[str, Array]
    units: Mapping[str, Array]
    allowed: float

    def agrees(self, name: str, gradient: Array) -> bool:
        """Whether every entry of a parameter's gradient is right."""
        return bool(agrees(gradient, self.right[name], self.allowed * self.units[name]).all())

    def errors(self, name: str, gradient: Array) -> tuple[Array, Array]:
        """Return the error of every entry, and the same in units of rounding; NaN is off by infinity."""
        error = np.abs(gradient - self.right[name])
        error = np.where(np.isnan(error), np.inf, error)
        with np.errstate(divide="ignore", invalid="ignore"):
            return error, np.where(error == 0.0, 0.0, error / self.units[name])

    def largest(self, name: str) -> float:
        """Return the largest entry of a parameter's right gradient."""
        return float(np.abs(self.right[name]).max(initial=0.0))

    def relative(self, name: str) -> float:
        """Return how far off an array may be that reproduces a parameter's gradient, as a part of its largest entry."""
        largest = self.largest(name)
        part = 64.0 * float(self.units[name].max(initial=0.0)) / largest if largest else 0.0
        return min(LOOSEST, max(TIGHTEST, part))

    def is_inexact(self, gradients: Mapping[str, Array], above: float = 0.0) -> bool:
        """Whether most entries above a size are off by more than rounding, as those of differences of the loss are."""
        exact = [agrees(x, self.right[k], 4.0 * self.units[k]).ravel() for k, x in gradients.items()]
        right = np.concatenate([self.right[k].ravel() for k in gradients])
        return is_differenced(np.concatenate(exact), np.where(np.abs(right) > above, right, 0.0))

    def are_hidden(self, gradients: Mapping[str, Array]) -> bool:
        """Whether gradients are off by no more than differences of the loss are, and large entries are off so, too."""
        noise = differenced(0.0, max(map(self.largest, gradients)))
        is_less = all(agrees(x, self.right[k], noise).all() for k, x in gradients.items())
        return is_less and self.is_inexact(gradients, noise)

    def is_coarse(self, gradients: Mapping[str, Array]) -> bool:
        """Whether gradients are right to the precision of what computed them: float32, or differences of the loss."""
        names, single = list(gradients), is_single(gradients.values())
        lost = UNDERFLOW_OF_SINGLE if single else 0.0
        if all(agrees(gradients[k], self.right[k], differenced(self.right[k], 0.0) + lost).all() for k in names):
            return True
        if not single and not self.is_inexact(gradients):
            return False
        noise = max(map(self.largest, names))
        coarser = {
            name: np.maximum(
                self.units[name] * UNIT_OF_SINGLE, lost if single else differenced(self.right[name], noise)
            )
            for name in names
        }
        return all(replace(self, units=coarser).agrees(name, gradients[name]) for name in names)


def is_single(gradients: Iterable[Array]) -> bool:
    """Whether every number is one that float32 can hold, and not only because they are few and round."""
    numbers = np.concatenate([gradient.ravel() for gradient in gradients] or [np.empty(0)])
    numbers = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):
        is_held = numbers.astype(np.float32).astype(float) == numbers
        is_round = numbers.astype(np.float16).astype(float) == numbers  # counts, and masks that were added up
    return bool(is_held.all()) and len(np.unique(numbers[~is_round])) > FEW


def close(one: Array, other: Array, tolerance: float, floor: float = 0.0) -> bool:
    """Whether two arrays are the same to a tolerance relative to their largest entry, or to a floor."""
    if one.shape != other.shape:
        return False
    size = max(float(np.abs(one).max(initial=0.0)), float(np.abs(other).max(initial=0.0)), floor)
    return bool(np.all(agrees(one, other, tolerance * size)))


def proportion(one: Array, other: Array, tolerance: float) -> float | None:
    """Return the c for which one = c * other, or None."""
    flat = other.ravel()
    square = float(flat @ flat)
    if not 0.0 < square < np.inf:
        return None
    factor = float(one.ravel() @ flat) / square
    return factor if factor and close(one, factor * other, tolerance) else None
