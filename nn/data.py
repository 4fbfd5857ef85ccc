"""Data sets: two that are made, one that is shipped, and readers of two file formats.

Each returns ``(X, T)``: samples as rows of floats, and targets.
"""

from __future__ import annotations

import csv as csv_module
import gzip
import math
import numbers
import struct
import zlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nn.arguments import number, shown, whole
from nn.samples import array

Array: TypeAlias = npt.NDArray[Any]


class DataError(ValueError):
    """A file is not what it should be; the message says which file, where in it, and what was expected."""


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Array, Array]:
    """Return two interleaved half circles: X (n, 2), and T (n,) of -1.0 and 1.0.

    >>> X, T = moons(4, noise=0.0)
    >>> X.round(3).tolist(), T.tolist()
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [-1.0, -1.0, 1.0, 1.0])
    """
    if isinstance(n, bool) or not isinstance(n, numbers.Integral):
        raise TypeError(f"n={shown(n)} is the number of points; use a whole number, 2 or more.")
    number("noise", noise, "must be 0 or more")
    whole("seed", seed, "the seed of the noise", least=0)
    if n < 2:
        raise ValueError(f"moons needs at least 2 points; got {n}.")
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
    if isinstance(test, bool) or not isinstance(test, numbers.Real):
        raise TypeError(f"test={shown(test)} is a fraction of the samples; use 0 to less than 1.")
    if not 0.0 <= test < 1.0:
        raise ValueError(f"test={test} is a fraction of the samples; use 0 to less than 1.")
    whole("seed", seed, "the seed of the shuffling", least=0)
    X, T = array(X, "X"), array(T, "T")
    if X.ndim == 0 or T.ndim == 0 or len(X) != len(T):
        raise ValueError(f"split needs as many targets as samples; got X {X.shape} and T {T.shape}.")
    order = np.random.default_rng(seed).permutation(len(X))
    n = len(X) - round(test * len(X))
    return X[order[:n]], T[order[:n]], X[order[n:]], T[order[n:]]


def names(path: str | Path, seed: int = 0) -> tuple[list[list[int]], str]:
    """Return the names in a text file as lists of tokens, shuffled, and the letters they are made of.

    Token i is letter i; the last token marks the beginning and the end of a name.
    """
    path = Path(path)
    try:
        found = _read(path).decode("utf-8").split()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8 text; one name a line is expected.") from None
    if not found:
        raise DataError(f"{path}: no names in it; one a line is expected.")
    letters = "".join(sorted(set("".join(found))))
    code, end = {c: i for i, c in enumerate(letters)}, len(letters)
    order = np.random.default_rng(seed).permutation(len(found)).tolist()
    return [[end, *[code[c] for c in found[i]], end] for i in order], letters


# --- IDX files: MNIST and its relatives ----------------------------------------------------------------------------

IMAGES = ("t10k-images-idx3-ubyte", "train-images-idx3-ubyte")


def mnist(path: str | Path, part: str = "t10k") -> tuple[Array, Array]:
    """Return MNIST images and labels from IDX files, gzipped or not.

    Parameters
    ----------
    path
        The folder that holds ``<part>-images-idx3-ubyte`` and ``<part>-labels-idx1-ubyte``, with or without ``.gz``.
    part
        "t10k" or "train".

    Returns
    -------
    tuple
        X (n, 784), scaled to 0..1, and T (n,) of classes.

    Raises
    ------
    DataError
        If a file is missing, is no IDX file, is cut short, or the two do not belong together.
    """
    images_path = _existing(Path(path), f"{part}-images-idx3-ubyte")
    labels_path = _existing(Path(path), f"{part}-labels-idx1-ubyte")
    images, labels = idx(images_path), idx(labels_path)
    if images.ndim != 3:
        raise DataError(f"{images_path}: expected images (3 axes), found {images.ndim}; are the files swapped?")
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: expected labels (1 axis), found {labels.ndim}; are the files swapped?")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels)} labels for {len(images)} images; the files do not belong together."
        )
    if labels.size and labels.max() > 9:
        where = int(np.argmax(labels > 9))
        raise DataError(f"{labels_path}: label {labels[where]} at {where}; expected 0 to 9.")
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)


def _existing(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise DataError(f"{folder}: no {name} or {name}.gz there; pass the folder that holds the IDX files.")


def idx(path: str | Path) -> Array:
    """Return the array of unsigned bytes in an IDX file, gzipped or not."""
    path = Path(path)
    raw = _read(path)
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: the gzip stream is damaged or cut short ({error}); download it again.") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != 8:
        raise DataError(f"{path}: byte 0: expected the IDX magic 00 00 08, found {raw[:3].hex(' ') or 'nothing'}.")
    axes = raw[3]
    if len(raw) < 4 + 4 * axes:
        raise DataError(f"{path}: byte {len(raw)}: the header of {axes} axes is cut short.")
    shape = struct.unpack(f">{axes}I", raw[4 : 4 + 4 * axes])
    expected = 4 + 4 * axes + int(np.prod(shape, dtype=np.int64))
    if len(raw) != expected:
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}, found {len(raw)}.")
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).") from None


def csv(path: str | Path, target: int = -1) -> tuple[Array, Array]:
    """Return the numbers of a CSV file: all columns but one as X, that one as T; a header line is skipped.

    Raises
    ------
    DataError
        Naming file, line and column of a ragged row or of what is no number.
    """
    path = Path(path)
    try:
        text = _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8 text.") from None
    rows: list[list[float]] = []
    for line, cells in _lines(path, text):
        if not cells or (line == 1 and not any(_is_number(c) for c in cells)):
            continue
        if rows and len(cells) != len(rows[0]):
            raise DataError(f"{path}:{line}: expected {len(rows[0])} columns, found {len(cells)}.")
        for column, cell in enumerate(cells, 1):
            if not _is_number(cell):
                raise DataError(f"{path}:{line}: column {column} is {cell!r}; expected a number.")
            if not math.isfinite(float(cell)):
                raise DataError(f"{path}:{line}: column {column} is {cell!r}; expected a finite number.")
        rows.append([float(c) for c in cells])
    if not rows:
        raise DataError(f"{path}: no rows of numbers in it.")
    table = np.array(rows)
    width = table.shape[1]
    if width < 2 or not -width <= target < width:
        raise DataError(f"{path}: target column {target} of {width}; at least one more column is needed for X.")
    T = table[:, target]
    X = np.delete(table, target % width, axis=1)
    return X, T.astype(np.int64) if (np.round(T) == T).all() else T


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv_module.reader(text.splitlines())
    try:
        yield from enumerate(reader, 1)
    except csv_module.Error as error:
        raise DataError(f"{path}:{reader.line_num}: is no line of a CSV file ({error}).") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
