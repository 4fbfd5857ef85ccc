"""Targets: what a loss compares a network's outputs with, read once from what is given, for everything that needs them.

What targets are is decided by the loss and by the number of outputs, never by the data at hand; data that is
something else is refused, with its place and what to pass.

| loss                 | targets                                                   | measured by              |
|----------------------|-----------------------------------------------------------|--------------------------|
| cross_entropy        | classes from 0, (N,) or (N, 1); or rows of probabilities  | accuracy                 |
| binary_cross_entropy | 0 to 1, one per output                                    | accuracy, label_accuracy |
| hinge                | -1 and 1, one per output                                  | accuracy, label_accuracy |
| mse, half_mse        | numbers, one per output                                   | r2                       |

>>> Targets.read([[2], [0], [1]], "cross_entropy", 3).values
array([2, 0, 1])
>>> Targets.read([0, 1, 1], "hinge", 1)
Traceback (most recent call last):
ValueError: loss='hinge' takes targets of -1 and 1; got 0 at [0]. Pass 2 * T - 1 for targets of 0 and 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.arguments import described, one_of, text, whole
from nn.leaky import USUAL, ByActivation
from nn.samples import Array, finite, numbers

KNOWN_LOSSES = ("mse", "half_mse", "cross_entropy", "binary_cross_entropy", "hinge")
WHOLE_LINE = (-math.inf, math.inf)


def _of_leaky(slope: float) -> tuple[float, float]:
    return WHOLE_LINE if slope > 0.0 else (0.0, math.inf)


REACHES: dict[str, tuple[float, float]] = {  # of what an activation gives, from its lowest to its highest
    "identity": WHOLE_LINE,
    "leaky_relu": _of_leaky(USUAL),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "silu": (-0.27846454276107, math.inf),
    "gelu": (-0.16997120747990, math.inf),
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
}
REACH = ByActivation(REACHES, _of_leaky)
NEEDED = {"cross_entropy": WHOLE_LINE, "binary_cross_entropy": WHOLE_LINE, "hinge": (-1.0, 1.0)}
SQUARED = ("mse", "half_mse")
UNEQUAL = 10.0  # times the deviation of one output's targets, beside which another's hardly count
ONE_OUTPUT = "'binary_cross_entropy' for targets of 0 and 1, 'hinge' for -1 and 1, 'mse' for numbers"


@dataclass(frozen=True)
class Targets:
    """Targets as a loss and a number of outputs mean them.

    Attributes
    ----------
    values
        Classes (N,) as integers, or numbers (N,) or (N, C).
    loss
        A name from `nn.losses`.
    outputs
        How many the network has.
    what
        Their name in messages.
    """

    values: Array
    loss: str
    outputs: int
    what: str = "T"

    @classmethod
    def read(cls, T: Any, loss: str, outputs: int, *, samples: int | None = None, what: str = "T") -> Targets:
        """Return targets from what is given.

        Parameters
        ----------
        T
            A list, an array, a frame or series of pandas.
        loss, outputs
            What they are for: a name from `nn.losses`, and the number of outputs.
        samples
            How many there must be, if that is known.
        what
            Their name in messages.

        Raises
        ------
        TypeError, ValueError
            If they are not what the loss means, or do not fit the outputs; the message says where.
        """
        check_loss(loss)
        text(what, "what")
        whole(outputs, "outputs", "of the network", least=0)
        if samples is not None:
            whole(samples, "samples", "how many there must be", least=0)
        values = finite(numbers(T, what), what, getattr(T, "columns", None))
        if values.ndim == 0 or values.ndim > 2:
            raise ValueError(f"{what} has shape {values.shape}: pass one target per sample, (N,), or one row, (N, C).")
        if samples not in (None, len(values)) or not len(values):
            raise ValueError(
                f"{what}: there must be as many targets as samples, and at least one; got {samples} and {len(values)}."
            )
        check_values(values, loss)
        read = _classes if loss == "cross_entropy" else _one_an_output
        return cls(read(values, loss, outputs, what), loss, outputs, what)

    def __len__(self) -> int:
        return len(self.values)

    def like(self, T: Any, samples: int | None = None, what: str = "T") -> Targets:
        """Return other targets, for the same loss and outputs."""
        return Targets.read(T, self.loss, self.outputs, samples=samples, what=what)

    def take(self, order: Array) -> Targets:
        """Return the targets of some samples, by their numbers."""
        order = numbers(order, "order")
        if order.dtype.kind not in "iu" or order.ndim != 1:
            raise TypeError(f"order must be the numbers of samples, whole ones in a row; got {described(order)}.")
        if order.size and not 0 <= order.min() <= order.max() < len(self):
            raise IndexError(f"order holds {order.min()} to {order.max()}, but there are {len(self)} samples, from 0.")
        return replace(self, values=self.values[order])

    def with_values(self, values: Array) -> Targets:
        """Return the same targets in other units."""
        return replace(self, values=values)

    def rows(self) -> Array:
        """Return the targets as an (N, C) float array: classes become one-hot rows, a vector becomes a column."""
        if self.are_classes:
            rows: Array = self.values[:, None] == np.arange(self.outputs)
            return rows.astype(float)
        return self.values.reshape(len(self.values), -1).astype(float)

    @property
    def are_classes(self) -> bool:
        """Whether a target is the number of a class."""
        return self.loss == "cross_entropy" and self.values.ndim == 1

    @property
    def one_class_each(self) -> bool:
        """Whether every row of several outputs says one class: one number above the border of the loss."""
        return bool(((self.rows() > border(self.loss)).sum(axis=1) == 1).all())

    def metrics(self) -> tuple[str, ...]:
        """Return the names of what such targets are measured by."""
        if self.loss in SQUARED:
            return ("r2",)
        several = self.loss != "cross_entropy" and self.outputs > 1 and not self.one_class_each
        return ("label_accuracy",) if several else ("accuracy",)

    def check_learnable(self, activation: str) -> None:
        """Refuse targets from which a network with such outputs cannot learn.

        Parameters
        ----------
        activation
            Of the network's outputs.

        Raises
        ------
        ValueError
            If the outputs cannot reach the targets, or all samples are of one class.
        """
        low, high = REACH[one_of(activation, "activation", REACH)]
        values = self.rows()
        needed = NEEDED.get(self.loss, (float(values.min()), float(values.max())))
        if needed[0] < low or needed[1] > high:
            raise ValueError(_unreachable(self.loss, activation, (low, high), needed))
        if self.loss not in SQUARED and (values == values[0]).all() and _is_certain(values[0], self.loss):
            raise ValueError(
                f"all {len(self)} targets are the same ({_one(self.values[0])}): there is nothing to tell apart. "
                "Pass samples of every class."
            )


def remarks(targets: Targets) -> tuple[str, ...]:
    """Return what is to be said of numbers: an output that never changes, or hardly counts in the squared error.

    >>> remarks(Targets.read([[1.0, 5.0], [2.0, 5.0]], "mse", 2))
    ('targets of output 1 are 5 in all 2 samples: there is nothing to learn in them',)
    """
    rows = targets.rows()
    if targets.loss not in SQUARED or len(rows) < 2:
        return ()
    unit = np.maximum(np.abs(rows).max(axis=0), np.finfo(float).tiny)
    deviation = (rows / unit).std(axis=0) * unit  # without overflow
    constant = (rows == rows[0]).all(axis=0)
    sentences = [
        f"targets{f' of output {j}' * (rows.shape[1] > 1)} are {rows[0, j]:g} in all {len(rows):,} samples: there is "
        "nothing to learn in them"
        for j in np.flatnonzero(constant).tolist()
    ]
    largest = int(deviation.argmax())
    small = np.flatnonzero(~constant & (deviation < deviation[largest] / UNEQUAL)).tolist()
    if small:
        which, least = ", ".join(map(str, small)), deviation[small].min()
        sentences.append(
            f"targets of output {which} vary little (deviation {least:.3g}) beside those of output {largest} "
            f"({deviation[largest]:.3g}), and hardly count in the squared error; where they should, train on "
            "nn.training.scaling.Standard.of(T).apply(T)"
        )
    return tuple(sentences)


def check_loss(loss: Any) -> None:
    """Refuse what is no name of a loss.

    Raises
    ------
    TypeError, ValueError
        Naming those that there are.
    """
    if not isinstance(loss, str):
        raise TypeError(f"loss={described(loss)} is no name: use one of {', '.join(map(repr, KNOWN_LOSSES))}.")
    if loss not in KNOWN_LOSSES:
        raise ValueError(f"loss={loss!r} is not known; use one of {', '.join(KNOWN_LOSSES)}.")


def check_enough_outputs(loss: str, outputs: int) -> None:
    """Refuse a loss that one output cannot learn from.

    Raises
    ------
    ValueError
        If there is one output and the loss is cross-entropy.
    """
    if loss == "cross_entropy" and outputs == 1:
        raise ValueError(
            "loss='cross_entropy' is 0 over one output, whatever the weights: give the network one output per class, "
            f"or use loss={ONE_OUTPUT}."
        )


def check_values(T: Array, loss: str) -> None:
    """Refuse numbers that a loss does not mean.

    Raises
    ------
    ValueError
        Naming the first that does not fit, and where it is.
    """
    way = ""
    if loss == "cross_entropy" and T.ndim == 2 and T.shape[1] > 1:
        wrong, wanted = ~((T >= 0) & (T <= 1)), "probabilities from 0 to 1"
    elif loss == "cross_entropy":
        wrong, wanted = (T < 0) | (T % 1 != 0), "integer classes from 0, or a row of probabilities per sample"
    elif loss == "hinge":
        wrong, wanted = np.abs(T.astype(float)) != 1, "targets of -1 and 1"
        way = " Pass 2 * T - 1 for targets of 0 and 1." if ((T == 0) | (T == 1)).all() else ""
    elif loss == "binary_cross_entropy":
        wrong, wanted = ~((T >= 0) & (T <= 1)), "targets from 0 to 1"
        way = " Pass (T + 1) / 2 for targets of -1 and 1." if (np.abs(T.astype(float)) == 1).all() else ""
    else:
        wrong, wanted = ~np.isfinite(T), "finite targets"
    if wrong.any():
        place = [int(i) for i in np.argwhere(wrong)[0]]
        raise ValueError(f"loss={loss!r} takes {wanted}; got {T[tuple(place)]} at {place}.{way}")


def border(loss: str) -> float:
    """Return the number above which a target says yes."""
    return 0.0 if loss == "hinge" else 0.5


def _classes(T: Array, loss: str, outputs: int, what: str) -> Array:
    if T.ndim == 2 and T.shape[1] > 1:
        sums = T.sum(axis=1)
        if T.shape[1] != outputs:
            raise ValueError(f"{what} has shape {T.shape}: pass classes (N,), or a probability for each of {outputs}.")
        if (np.abs(sums - 1.0) > 1e-6).any():
            row = int(np.argmax(np.abs(sums - 1.0) > 1e-6))
            raise ValueError(
                f"loss='cross_entropy' takes rows of probabilities that sum to 1; row {row} of {what} sums to "
                f"{sums[row]:g}. For several labels per sample use loss='binary_cross_entropy'."
            )
        return T.astype(float)
    T = T.reshape(-1)
    outside = np.greater_equal(T, outputs)
    if outside.any():
        at = int(np.argmax(outside))
        raise ValueError(f"class {T[at]:g} at [{at}] is outside the network's {outputs} outputs (0 to {outputs - 1}).")
    return T.astype(np.int64)


def _one_an_output(T: Array, loss: str, outputs: int, what: str) -> Array:
    if T.ndim == 1 and outputs > 1:
        way = f"for classes use loss='cross_entropy', or pass np.eye({outputs})[{what}]"
        raise ValueError(f"loss={loss!r} takes one target per output, (N, {outputs}); got {what} {T.shape}: {way}.")
    if T.ndim == 2 and T.shape[1] != outputs:
        raise ValueError(f"loss={loss!r} takes one target per output, (N, {outputs}); got {what} {T.shape}.")
    return T.astype(float) if T.dtype.kind in "bu" else T


def _unreachable(loss: str, activation: str, reach: tuple[float, float], needed: tuple[float, float]) -> str:
    gives = f"output={activation!r} gives numbers from {reach[0]:.3g} to {reach[1]:.3g}"
    if NEEDED.get(loss) == WHOLE_LINE:
        return f"{gives}, but loss={loss!r} takes scores, of any size and sign: use output='identity'."
    return f"{gives}, but loss={loss!r} has targets from {needed[0]:.4g} to {needed[1]:.4g}: use output='identity'."


def _is_certain(row: Array, loss: str) -> bool:
    """Whether a row of targets says yes or no for certain, and not how probable it is."""
    return bool(((row == row.round()) | (row == 1.0)).all())


def _one(target: Any) -> str:
    return f"class {target}" if isinstance(target, np.integer) else str(target)
