"""Standardising: columns shifted to mean 0 and scaled to deviation 1, kept with the network that was trained on them.

`fit` standardises where samples (or, for a squared error, targets) are not of a moderate scale.  The network keeps
the `Scaling`: it takes samples as they are, gives results in the targets' own units, and its saved file holds both.

>>> X = np.array([[1.0, 5000.0], [3.0, 9000.0]])
>>> is_moderate(X), Standard.of(X)
(False, Standard(mean=(2.0, 7000.0), deviation=(1.0, 2000.0)))
>>> Standard.of(X).apply(X).tolist()
[[-1.0, -1.0], [1.0, 1.0]]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arguments import described
from nn.samples import Array, numbers

LARGEST, SMALLEST = 3.0, 0.1  # of a moderate column's mean and deviation: weights start, and learn, for about 1
HUGE = 1e100  # beyond which a square might overflow, or below its inverse underflow
SEEN = 1000  # samples that say whether a column is mostly one value


@dataclass(frozen=True)
class Standard:
    """A shift and a scale for every column: ``(x - mean) / deviation``.

    Attributes
    ----------
    mean, deviation
        One number per column; the deviation of a constant column is 1.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, X: Array) -> Standard:
        """Return the standard of samples (N, D): each column has its own."""
        mean, deviation = _moments(X)
        return cls(tuple(mean.tolist()), tuple(np.where(deviation > 0.0, deviation, 1.0).tolist()))

    @classmethod
    def of_targets(cls, T: Array, *, shifted: bool = True) -> Standard:
        """Return the standard of targets (N, C): one deviation for all, so that their squared error stays the same.

        Parameters
        ----------
        T
            Targets.
        shifted
            Whether their means go to 0; else 0 stays 0, as it must for outputs that have a lowest number.

        >>> Standard.of_targets(np.array([[1.0, 0.0], [3.0, 2.0]]))
        Standard(mean=(2.0, 1.0), deviation=(1.0, 1.0))
        """
        mean, deviation = _moments(T)
        if not shifted:
            mean, deviation = np.zeros_like(mean), np.hypot(mean, deviation)
        common = (
            float(np.sqrt(((deviation / deviation.max()) ** 2).mean())) * deviation.max() if deviation.any() else 1.0
        )
        return cls(tuple(mean.tolist()), (float(common),) * len(mean))

    def apply(self, X: Array) -> Array:
        """Return samples (N, D) standardised."""
        Z: Array = (X - np.array(self.mean)) / np.array(self.deviation)
        return Z

    def undo(self, Z: Array) -> Array:
        """Return what was standardised in its own units."""
        X: Array = Z * np.array(self.deviation) + np.array(self.mean)
        return X

    def apply_to_sample(self, x: Sequence[Any]) -> list[Any]:
        """Return one sample standardised, number by number (floats or Values)."""
        return [(v - m) / d for v, m, d in zip(x, self.mean, self.deviation)]

    def undo_for_sample(self, z: Sequence[Any]) -> list[Any]:
        """Return one sample in its own units, number by number (floats or Values)."""
        return [v * d + m for v, m, d in zip(z, self.mean, self.deviation)]


@dataclass(frozen=True)
class Scaling:
    """What a network does to its samples, and to its results; None where they are taken as they are.

    A network that has never been trained has none (``model.scaling is None``); after that it keeps what it got.

    Attributes
    ----------
    inputs, targets
        How samples are standardised, and how results are put back into the targets' units.

    Examples
    --------
    >>> Scaling(inputs=Standard((70.0,), (10.0,))).inputs.apply(np.array([[85.0]])).tolist()
    [[1.5]]
    """

    inputs: Standard | None = None
    targets: Standard | None = None

    def __post_init__(self) -> None:
        for what, part in (("inputs", self.inputs), ("targets", self.targets)):
            if part is not None and not isinstance(part, Standard):
                raise TypeError(f"{what} must be a nn.training.scaling.Standard or None; got {described(part)}.")

    def arrays(self) -> dict[str, Array]:
        """Return the numbers as named arrays, as they are saved beside the parameters.

        >>> Scaling(Standard((2.0,), (0.5,))).arrays()
        {'scaling.inputs.mean': array([2.]), 'scaling.inputs.deviation': array([0.5])}
        """
        return {name: np.array(getattr(part, kind)) for name, part, kind in self._named() if part is not None}

    @classmethod
    def from_arrays(cls, state: Mapping[str, Any]) -> Scaling:
        """Return the scaling among named arrays; there need be none.

        Raises
        ------
        ValueError
            If one of a pair of arrays is missing, or has another length, or a deviation is not positive.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"a scaling is among named arrays, as state_dict() returns them; got {described(state)}.")
        parts: dict[str, Standard | None] = {}
        for what in ("inputs", "targets"):
            names = [f"scaling.{what}.{kind}" for kind in ("mean", "deviation")]
            pair = [numbers(state[name], name).astype(float) for name in names if name in state]
            if pair and (len(pair) < 2 or pair[0].ndim != 1 or pair[0].shape != pair[1].shape):
                raise ValueError(f"{names[0]} and {names[1]} must both be there, one number per column each.")
            if pair and not (np.isfinite(pair).all() and (pair[1] > 0.0).all()):
                raise ValueError(f"{names[0]} must be finite, and {names[1]} positive.")
            parts[what] = Standard(*(tuple(array.tolist()) for array in pair)) if pair else None
        return cls(**parts)

    def apply(self, X: Array, T: Array) -> tuple[Array, Array]:
        """Return samples (N, D) and targets as the layers of the network see them."""
        X = X if self.inputs is None else self.inputs.apply(_columns(X, "X", self.inputs))
        if self.targets is None:
            return X, T
        T = numbers(T, "T")
        rows = _columns(T[:, None] if T.ndim == 1 else T, "T", self.targets)
        return X, self.targets.apply(rows).reshape(T.shape)

    @property
    def unit_of_loss(self) -> float:
        """The squared error that is 1 to the layers, in the targets' own units."""
        return 1.0 if self.targets is None else self.targets.deviation[0] ** 2

    def sentences(self) -> list[str]:
        """Return what is done, in words: nothing where nothing is."""
        lines = []
        if self.inputs is not None:
            n = len(self.inputs.mean)
            columns = "the one column" if n == 1 else f"each of {n} columns"
            lines.append(f"inputs standardised: {columns} to mean 0 and deviation 1, kept with the network")
        if self.targets is not None:
            means = ", ".join(f"{m:.4g}" for m in self.targets.mean)
            less = f"less {means}, over {self.targets.deviation[0]:.4g}"
            lines.append(f"targets standardised: {less}; the network gives results in their own units")
        return lines

    def _named(self) -> Iterator[tuple[str, Standard | None, str]]:
        for what, part in (("inputs", self.inputs), ("targets", self.targets)):
            for kind in ("mean", "deviation"):
                yield f"scaling.{what}.{kind}", part, kind


def _columns(X: Any, name: str, standard: Standard) -> Array:
    """Return samples, one per row, if they have as many columns as a standard."""
    array = numbers(X, name)
    if array.ndim != 2 or array.shape[1] != len(standard.mean):
        raise ValueError(f"{name} must have shape (N, {len(standard.mean)}); got {array.shape}.")
    return array


NAMES = tuple(name for name, _, _ in Scaling()._named())  # under which a saved file holds a scaling


def is_moderate(X: Array) -> bool:
    """Whether columns (N, D) can be learnt from as they are: means and deviations of about 1, none far smaller.

    Constant columns are not asked; nor, for how small they are, those that are mostly one value, such as the pixels
    at an image's border or a category's 0 and 1.

    >>> rng = np.random.default_rng(0)
    >>> is_moderate(rng.normal(size=(50, 3))), is_moderate(rng.normal(size=(50, 3)) * [1.0, 1.0, 1e-3])
    (True, False)
    >>> is_moderate(np.eye(50))
    True
    """
    if not X.size:
        return True
    mean, deviation = _moments(X)
    varies = deviation > 0.0
    few = X[:: -(-len(X) // SEEN)]
    dense = varies & (np.median(np.abs(few - np.median(few, axis=0)), axis=0) > 0.0)
    large = varies & ((np.abs(mean) > LARGEST) | (deviation > LARGEST))
    return not (large | (dense & (deviation < SMALLEST))).any()


def _moments(X: Array) -> tuple[Array, Array]:
    """Return every column's mean and deviation, which is 0 where rounding alone would make one, without overflow."""
    largest = np.maximum(X.max(axis=0), -X.min(axis=0))
    extreme = (largest > HUGE) | ((largest > 0.0) & (largest < 1.0 / HUGE))
    unit = np.where(extreme, largest, 1.0)
    scaled = X / unit if extreme.any() else X
    mean, deviation = scaled.mean(axis=0), scaled.std(axis=0)
    constant = deviation <= len(X) * np.finfo(float).eps * np.abs(mean)
    return mean * unit, np.where(constant, 0.0, deviation) * unit
