"""IDX files: MNIST and its relatives, gzipped or not, under each of the names that they have been given.

Nothing is unpacked beyond what a file's own header says, nor if that is more than the file can hold.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.arguments import one_of
from engine.arguments import path as checked_path
from nn.files import DataError, read_bytes
from nn.samples import Array

PARTS = ("train", "t10k")
KINDS = {"images": "idx3", "labels": "idx1"}
FOLDERS = ("", "raw", "MNIST/raw")  # where torchvision puts them
DEEPEST = 32  # axes that NumPy has
EXPANSION = 1032  # bytes that one byte of a gzip stream becomes, at most


def mnist(path: str | Path, part: str = "t10k") -> tuple[Array, Array]:
    """Return MNIST images and labels from IDX files, gzipped or not.

    Parameters
    ----------
    path
        The folder that holds ``<part>-images-idx3-ubyte`` and ``<part>-labels-idx1-ubyte``, with or without ``.gz``,
        with a point in place of the second hyphen, or in a folder of that name.
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
    checked_path(path, "path", "a folder")
    one_of(part, "part", PARTS)
    images_path, labels_path = (idx_file(path, part, kind) for kind in KINDS)
    images, labels = idx(images_path), idx(labels_path)
    if images.ndim != 3:
        raise DataError(f"{images_path}: expected images (3 axes), found {images.ndim}; are the files swapped?")
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: expected labels (1 axis), found {labels.ndim}; are the files swapped?")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels)} labels for {len(images)} images; the files do not belong together."
        )
    if not images.size:
        raise DataError(f"{images_path}: no images in it (its shape is {images.shape}).")
    if labels.max() > 9:
        where = int(np.argmax(labels > 9))
        raise DataError(f"{labels_path}: label {labels[where]} at {where}; expected 0 to 9.")
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)


def idx_file(folder: str | Path, part: str, kind: str) -> Path:
    """Return the file of a part ("train" or "t10k") and a kind ("images" or "labels") in a folder.

    Raises
    ------
    DataError
        If there is none.
    """
    for candidate in _candidates(Path(folder), part, kind):
        if candidate.is_file():
            return candidate
    name = f"{part}-{kind}-{KINDS[kind]}-ubyte"
    raise DataError(f"{folder}: no {name} or {name}.gz there; pass the folder that holds the IDX files.")


def parts_of(folder: str | Path) -> list[str]:
    """Return which of "train" and "t10k" a folder has the images of."""
    return [part for part in PARTS if any(c.is_file() for c in _candidates(Path(folder), part, "images"))]


def _candidates(folder: Path, part: str, kind: str) -> Iterator[Path]:
    for inner in FOLDERS:
        for name in (f"{part}-{kind}-{KINDS[kind]}-ubyte", f"{part}-{kind}.{KINDS[kind]}-ubyte"):
            for ending in ("", ".gz"):
                yield folder / inner / f"{name}{ending}"
                yield folder / inner / name / f"{name}{ending}"


def idx(path: str | Path) -> Array:
    """Return the array of unsigned bytes in an IDX file, gzipped or not.

    Raises
    ------
    DataError
        If it is none, or holds more or less than its header says.
    """
    raw = read_bytes(path)
    if raw[:2] != b"\x1f\x8b":
        return _array(path, io.BytesIO(raw), len(raw), len(raw))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as unpacked:
            return _array(path, unpacked, None, EXPANSION * len(raw))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: the gzip stream is damaged or cut short ({error}); download it again.") from None


def _array(path: str | Path, file: BinaryIO | gzip.GzipFile, size: int | None, most: int) -> Array:
    """Return the array of a file of `size` bytes, if that is known, and of `most` at the most."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= DEEPEST:
        start = magic[:3].hex(" ") if magic[:3] != b"\0\0\x08" else magic.hex(" ")
        raise DataError(f"{path}: byte 0: expected the IDX magic 00 00 08, found {start or 'nothing'}.")
    axes = magic[3]
    header = file.read(4 * axes)
    if len(header) < 4 * axes:
        raise DataError(f"{path}: byte {4 + len(header)}: the header of {axes} axes is cut short.")
    shape = struct.unpack(f">{axes}I", header)
    expected = 4 + 4 * axes + math.prod(shape)
    if size not in (None, expected):
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}, found {size}.")
    if expected > most:
        raise DataError(f"{path}: its header says {expected} bytes for shape {shape}, more than the file can hold.")
    content = file.read(math.prod(shape))
    if len(content) < math.prod(shape) or file.read(1):
        found_bytes = "more" if len(content) == math.prod(shape) else str(4 + 4 * axes + len(content))
        raise DataError(f"{path}: expected {expected} bytes for shape {shape}, found {found_bytes}.")
    return np.frombuffer(content, np.uint8).reshape(shape)
