"""What a command line asks to learn: a data set by its name, a loss that suits it, and a network that fits both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nn import matrix
from nn.command_line.sizes import check_size
from nn.data import digits, moons, xor
from nn.files import DataError
from nn.neuron import MLP
from nn.reading.columns import Column
from nn.reading.dataset import Dataset, read_dataset
from nn.reading.idx_files import idx_file, mnist, parts_of
from nn.reading.schema import Schema
from nn.samples import Array
from nn.training.targets import SQUARED

MADE = ("digits", "moons", "xor")
DATA = f"{', '.join(MADE)}, a CSV file, or the folder of MNIST's files"  # what --data takes
LIKE_SAMPLES = 20  # as many weigh against a regression's weights, unless that is chosen
SUITS = {"moons": "hinge", "xor": "binary_cross_entropy"}  # losses of one output, for the data sets of two classes


@dataclass(frozen=True)
class TrainingProblem:
    """Samples, targets as the loss means them, and a network.

    Attributes
    ----------
    data
        The data set.
    T
        Targets, as `loss` means them.
    loss
        A name from `nn.losses`.
    model
        A network of as many outputs as the targets need.
    """

    data: Dataset
    T: Array
    loss: str
    model: MLP


def dataset(name: str, loss: str | None = None, **reading: Any) -> Dataset:
    """Return a data set by name, by the path of a CSV file, or by MNIST's folder or one of its files.

    Parameters
    ----------
    name
        "digits", "moons", "xor", or a path.
    loss
        What the targets are for, if that is known.
    reading
        Options of `nn.reading.dataset.read_dataset`, for CSV files.
    """
    if not name:
        raise DataError(f"no data set is named; use {DATA}.")
    if name in MADE or _is_mnist(name):
        options = [f"--{option.replace('_', '-')}" for option, value in reading.items() if value not in (None, ())]
        if options:
            raise DataError(f"{' and '.join(options)}: for CSV files; {name} has its own samples and targets.")
        return _made(name) if name in MADE else _images(Path(name))
    if not Path(name).exists():
        raise DataError(f"{name}: is there neither as a file nor as a data set; use {DATA}.")
    return read_dataset(name, loss=loss, **{k: v for k, v in reading.items() if v is not None})


def problem(
    data: Dataset, loss: str | None, hidden: Sequence[int], activation: str | None, seed: int
) -> TrainingProblem:
    """Return what there is to learn.

    Parameters
    ----------
    data
        The data set.
    loss
        A name from `nn.losses`, or None for what suits the targets.
    hidden, activation, seed
        Of the network: neurons in each hidden layer, their activation (by default relu, and for numbers tanh, with
        which few samples make a smooth function), and what its weights are drawn from.

    Raises
    ------
    DataError
        If all targets are the same.
    """
    if len(data.T) and (data.T[0] == data.T).all():
        target = repr(data.schema.classes[int(data.T[0])]) if data.schema.classes else f"{data.T[0]:g}"
        where = f"{data.files[0]}: " if data.files else ""
        raise DataError(
            f"{where}the target is {target} in all {len(data.T):,} samples: there is nothing to learn; choose another "
            "column with --target."
        )
    loss = loss or ("cross_entropy" if data.schema.classes else "mse")
    T, outputs = targets_for(data.T, data.schema.classes, loss)
    activation = activation or ("relu" if data.schema.classes else "tanh")
    sizes = [*hidden, outputs]
    check_size(data.X.shape[1], sizes)
    return TrainingProblem(data, T, loss, MLP(data.X.shape[1], sizes, activation=activation, seed=seed))


def targets_for(T: Array, classes: Sequence[str] | None, loss: str) -> tuple[Array, int]:
    """Return targets as a loss means them, and how many outputs they need.

    >>> targets_for(np.array([0, 1]), ("no", "yes"), "hinge")
    (array([-1.,  1.]), 1)
    >>> targets_for(np.array([2, 0]), ("a", "b", "c"), "binary_cross_entropy")[0].tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if classes is None:
        return T, 1 if T.ndim == 1 else T.shape[1]
    if loss == "cross_entropy":
        return T, len(classes)
    each = T.astype(float) if len(classes) == 2 else matrix.one_hot(T, len(classes))  # one output against all others
    return 2.0 * each - 1.0 if loss == "hinge" else each, 1 if each.ndim == 1 else len(classes)


def usual_strength(problem: TrainingProblem) -> float:
    """Return the strength of the regularisation that suits a problem: a little for a squared error, else none.

    Few samples of numbers are easily learnt by heart.  The penalty is in the units of their squared error, and weighs
    as much as `LIKE_SAMPLES` of them.
    """
    if problem.data.schema.classes or problem.loss not in SQUARED:
        return 0.0
    return LIKE_SAMPLES / len(problem.T) * float(np.var(problem.T))


def probabilities(scores: Array, classes: Sequence[str], loss: str) -> tuple[Array, Array | None]:
    """Return the class of each row of outputs, and (N, classes) probabilities if the loss gives any.

    >>> codes, p = probabilities(np.array([[0.0], [2.0]]), ("no", "yes"), "binary_cross_entropy")
    >>> codes.tolist(), p.round(3).tolist()
    ([0, 1], [[0.5, 0.5], [0.119, 0.881]])
    """
    if scores.shape[1] == 1:
        yes = scores[:, 0]
        border = 0.5 if loss in SQUARED else 0.0
        p = matrix.sigmoid(yes) if loss == "binary_cross_entropy" else None
        return (yes > border).astype(np.int64), None if p is None else np.stack([1.0 - p, p], axis=1)
    activation = {"cross_entropy": matrix.softmax, "binary_cross_entropy": matrix.sigmoid}.get(loss)
    return scores.argmax(axis=1), None if activation is None else activation(scores)


def _is_mnist(name: str) -> bool:
    path = Path(name)
    return path.is_dir() or ("ubyte" in path.name and "-images" in path.name and path.is_file())


def _made(name: str) -> Dataset:
    if name == "digits":
        X, T = digits()
        return _unnamed(X / 16.0, T, tuple("0123456789"), 16.0, "digits: 1,797 images of 8 x 8 pixels, divided by 16")
    X, T = moons(100) if name == "moons" else xor()
    names = ("-1", "1") if name == "moons" else ("0", "1")
    return _unnamed(X, (T > 0).astype(np.int64), names, 1.0, f"{name}: {len(X)} points")


def _images(path: Path) -> Dataset:
    folder = path if path.is_dir() else path.parent
    parts = parts_of(folder) if path.is_dir() else [path.name.split("-images")[0]]
    part = (parts or ["t10k"])[0]
    X, T = mnist(folder, part)
    files = tuple(idx_file(folder, part, kind) for kind in ("images", "labels"))
    note = f"{files[0]}: {len(X):,} images of {X.shape[1]:,} pixels, divided by 255"
    note += "; the t10k images beside them are left for predict" if parts == ["train", "t10k"] else ""
    classes = tuple(str(i) for i in range(int(T.max()) + 1))
    return _unnamed(X, T, classes, 255.0, note, files)


def _unnamed(
    X: Array, T: Array, classes: tuple[str, ...], divisor: float, note: str, files: tuple[Path, ...] = ()
) -> Dataset:
    features = tuple(Column("", place, "number") for place in range(1, X.shape[1] + 1))
    target = Column("", X.shape[1] + 1, "category")
    places = tuple(range(1, X.shape[1] + 2))
    return Dataset(X, T, Schema(features, target, classes, places, divisor=divisor), (note,), files)
