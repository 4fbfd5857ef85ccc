"""Vectors as arguments and results are nested, and back: what a direction is, and what a matrix's entries are of.

>>> filled(Structure("list", (), (Structure("number"), Structure("array", (2,)))), iter([1.0, 2.0, 3.0]))
[1.0, array([2., 3.])]
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.arguments import described
from engine.errors import ShapeError
from engine.lifting.run.executable import Specialisation
from engine.lifting.trace.inputs import Array, Spec, describe
from engine.tree import LEAF, Structure, array_of_objects, matched

Floats = npt.NDArray[Any]


def filled(structure: Structure, items: Iterator[Any]) -> Any:
    """Return items, one for each number of a structure, in their places; None for what is static.

    Parameters
    ----------
    structure
        Of a result or of an argument.
    items
        Numbers, or what stands in their places.
    """

    def make(part: Structure) -> Any:
        if part.kind == "static":
            return None
        if part.kind == LEAF or not part.keys:
            return next(items)
        elements = list(islice(items, math.prod(part.keys)))
        array = np.array(elements) if isinstance(elements[0], float) else array_of_objects(elements)
        return array.reshape(part.keys) if part.kind == "array" else array.reshape(part.keys).tolist()

    return structure.with_parts(make)


def shapes_of(spec: Spec) -> list[tuple[int, ...]]:
    """Return the shapes of an argument's arrays."""
    return [part.shape for _, part in spec.arrays("")]


def split(numbers: Floats, spec: Spec) -> Any:
    """Return an argument's numbers, along the last axis, in its structure; with an axis for samples, if they have one.

    Parameters
    ----------
    numbers, spec
        One for each of its numbers, and how they are nested.
    """
    shapes = shapes_of(spec)
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    pieces = np.split(numbers, ends[:-1], axis=-1)
    lead = numbers.shape[:-1]
    return spec.restore(iter([piece.reshape((*lead, *shape)) for piece, shape in zip(pieces, shapes)]))


def as_argument(x: Any, spec: Spec, samples: bool, what: str) -> Floats:
    """Return a direction of an argument's structure as a vector, or one for each sample.

    Raises
    ------
    ShapeError
        If it has another structure.
    """
    arrays: list[Array] = []
    structure = describe(_by_keys(x, spec, what), samples, what, arrays)
    if shapes_of(structure) != shapes_of(spec):
        raise ShapeError(
            f"{what} must have the structure of what is differentiated by, {listed_shapes(spec)}; "
            f"got {listed_shapes(structure)}."
        )
    rows = [np.asarray(a, float).reshape(len(a) if samples else 1, -1) for a in arrays]
    joined = np.concatenate(rows, axis=1)
    return joined if samples else joined[0]


def _by_keys(x: Any, structure: Structure, what: str) -> Any:
    """Return something with its dicts in the order of a structure's keys, which they must have."""
    if not structure.is_container or not isinstance(x, (dict, list, tuple)) or len(x) != len(structure.children):
        return x
    if isinstance(x, dict) != (structure.kind == "dict") or (isinstance(x, dict) and {*x} != {*structure.keys}):
        raise ShapeError(f"{what} must be {structure}, as what is differentiated by; got {described(x)}.")
    parts = {key: _by_keys(x[key], child, what) for key, child in structure.items()}
    return parts if isinstance(x, dict) else [*parts.values()]


def listed_shapes(spec: Spec) -> str:
    """Return the shapes of an argument's arrays, in words."""
    return " and ".join([f"shape {shape}" if shape else "a number" for shape in shapes_of(spec)]) or "nothing"


def as_result(x: Any, specialisation: Specialisation, samples: int, what: str) -> Floats:
    """Return a cotangent of a function's results as a vector, or one for each of some samples.

    Raises
    ------
    ShapeError
        If it has another structure, or not one entry for each sample.
    """
    returns = specialisation.returns
    if not samples:
        return np.array(matched(x, returns, what, "the function's result"), float)
    parts = [part.keys if part.kind == "array" else () for _, part in returns.parts()]
    leaves = _arrays(x, returns, what)
    for leaf, shape in zip(leaves, parts):
        if leaf.shape != (samples, *shape):
            raise ShapeError(f"{what} must have one entry for each of {samples} samples; got {described(leaf)}.")
    return np.concatenate([leaf.reshape(samples, -1) for leaf in leaves], axis=1)


def _arrays(x: Any, structure: Structure, what: str) -> list[Floats]:
    """Return the arrays, one for each part of a structure, that something of its nesting holds."""
    if not structure.is_container:
        return [np.asarray(x, float)]
    kinds = dict if structure.kind == "dict" else (list, tuple)
    if not isinstance(x, kinds) or len(x) != len(structure.children):
        raise ShapeError(f"{what} must have the structure of the function's result, {structure}; got {described(x)}.")
    return [leaf for key, child in structure.items() for leaf in _arrays(x[key], child, what)]


def arranged(matrix: Floats, outer: Structure, inner: Structure) -> Any:
    """Return a matrix of derivatives as the results are nested, and in place of each number as the variables are.

    Parameters
    ----------
    matrix
        (results, variables), behind an axis for samples if there are any.
    outer, inner
        The structures of results and variables.
    """
    plain = [structure.kind in ("array", LEAF) for structure in (outer, inner)]
    if all(plain) or matrix.ndim > 2:
        keys = [structure.keys if plain_one else (-1,) for structure, plain_one in zip((outer, inner), plain)]
        result = matrix.reshape((*matrix.shape[:-2], *keys[0], *keys[1]))
        return result if result.ndim else float(result)
    rows = [filled(inner, iter(row)) for row in matrix.tolist()]
    return filled(outer, iter(rows))
