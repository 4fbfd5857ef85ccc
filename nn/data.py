"""Data sets: two that are made, one that is shipped, and those in files.

Each returns ``(X, T)``: samples as rows of floats, and targets.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from engine.arguments import number, whole
from nn.files import DataError as DataError
from nn.files import read_text
from nn.reading.dataset import read_dataset
from nn.reading.idx_files import idx as idx
from nn.reading.idx_files import mnist as mnist
from nn.samples import Array, array


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Return two interleaved half circles: X (n, 2), and T (n,) of -1.0 and 1.0.

    >>> X, T = moons(4, noise=0.0)
    >>> X.round(3).tolist(), T.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [-1.0, -1.0, 1.0, 1.0])
    """
    n = whole(n, "n", "the points", least=2)
    number(noise, "noise", least=0.0)
    whole(seed, "seed", "the seed of the noise", least=0)
    first = n // 2
    up, down = np.linspace(0.0, np.pi, first), np.linspace(0.0, np.pi, n - first)
    X = np.concatenate([np.stack([np.cos(up), np.sin(up)], 1), np.stack([1.0 - np.cos(down), 0.5 - np.sin(down)], 1)])
    X += np.random.default_rng(seed).normal(0.0, noise, X.shape) if noise else 0.0
    return X, np.where(np.arange(n) < first, -1.0, 1.0)


def xor() -> tuple[Array, Array]:
    """Return the four points of exclusive or, and 0.0 or 1.0 for each.

    >>> xor()[1].tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])


def digits() -> tuple[Array, Array]:
    """Return 1,797 real handwritten digits: X (1797, 64) of 0 to 16, T (1797,) of classes.

    UCI Optical Recognition of Handwritten Digits, CC BY 4.0; see ``digits.md`` beside the file.

    >>> X, T = digits()
    >>> X.shape, T[:5].tolist()
    ((1797, 64), [0, 1, 2, 3, 4])
    """
    packed = gzip.decompress((files("nn") / "digits.csv.gz").read_bytes()).decode("ascii")
    table = np.array([line.split(",") for line in packed.split()], dtype=np.int64)
    return table[:, :-1].astype(float), table[:, -1]


def split(X: Array, T: Array, test: float = 0.2, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    """Return ``X_train, T_train, X_test, T_test`` after a seeded shuffle, as arrays.

    >>> [len(part) for part in split(np.zeros((10, 2)), np.zeros(10), test=0.3)]
    [7, 7, 3, 3]

    Raises
    ------
    TypeError, ValueError
        If there are not as many targets as samples, or `test` is no fraction of them.
    """
    test = number(test, "test, the fraction of the samples,", least=0.0, below=1.0)
    whole(seed, "seed", "the seed of the shuffling", least=0)
    X, T = array(X, "X"), array(T, "T")
    if X.ndim == 0 or T.ndim == 0 or len(X) != len(T):
        raise ValueError(f"split needs as many targets as samples; got X {X.shape} and T {T.shape}.")
    order = np.random.default_rng(seed).permutation(len(X))
    n = len(X) - round(test * len(X))
    return X[order[:n]], T[order[:n]], X[order[n:]], T[order[n:]]


def names(path: str | Path, seed: int = 0) -> tuple[list[list[int]], str]:
    """Return the names in a text file as lists of tokens, shuffled, and the letters they are made of.

    Token i is letter i; the last token marks the beginning and the end of a name.  A line of several words is as many
    names.
    """
    words = read_text(path).split()
    if not words:
        raise DataError(f"{path}: no names in it; one per line is expected.")
    letters = "".join(sorted(set("".join(words))))
    code, end = {c: i for i, c in enumerate(letters)}, len(letters)
    order = np.random.default_rng(seed).permutation(len(words)).tolist()
    return [[end, *[code[c] for c in words[i]], end] for i in order], letters


def csv(
    path: str | Path,
    target: int | str = -1,
    *,
    header: bool | None = None,
    missing: str | None = None,
    drop: Sequence[int | str] = (),
    decimal: str | None = None,
) -> tuple[Array, Array]:
    """Return a CSV file as samples and targets; `nn.reading.dataset.read_dataset` says as well what was taken for what.

    Parameters
    ----------
    path
        A file as spreadsheets, pandas, NumPy or R write it.
    target
        The column of targets, by index or name.
    header
        Whether the first line holds names; by default that is found by looking.
    missing
        "mean" fills missing values with their column's mean, "drop" leaves their rows out; by default they are refused.
    drop
        Columns to leave out, by index or name.
    decimal
        What stands before decimals, "." or ","; by default that is found by looking.

    Returns
    -------
    tuple
        X (N, D) with categories as columns of 0 and 1, and T (N,): whole numbers as integers, other numbers as floats,
        text as classes from 0 in alphabetical order.

    Raises
    ------
    DataError
        Naming file, line and column of what cannot be read, or may be read in two ways.
    """
    data = read_dataset(path, target=target, header=header, missing=missing, drop=drop, decimal=decimal, loss="mse")
    return data.X, data.T
