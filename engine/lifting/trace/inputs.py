"""What a program is called with: numbers, arrays and nested lists of them, described so that structure can be compared.

Each array (or number, or regular nested list of numbers) is one input array of the program; dicts and ragged lists
hold several.  In a batch, every input array has a leading axis that the described sample does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.arguments import described
from engine.arrays.array import ValueArray
from engine.errors import ShapeError
from engine.tree import Structure, array_of_objects
from engine.value import Value

Array = npt.NDArray[Any]
STATIC = (str, bytes, bool, type(None))  # what is part of the structure, and no number
LARGEST = np.iinfo(np.int64).max  # integer that can choose


@dataclass(frozen=True)
class Spec(Structure):
    """The structure of one argument: as any, and with two kinds of leaves more.

    A "nested" list of numbers that is regular is one array; what is "static" (a string, a bool, None) is its own key.

    Attributes
    ----------
    integer
        Whether an array or number holds integers, which may choose from tables.
    """

    integer: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample of an array."""
        return self.keys if self.kind in ("array", "nested") else ()

    def arrays(self, name: str) -> Iterator[tuple[str, Spec]]:
        """Yield the input arrays that this holds, each with a name."""
        for keys, part in self.parts():
            if part.kind != "static":
                yield "_".join([name, *map(str, keys)]), cast(Spec, part)

    def build(self, leaves: Iterator[list[Value]]) -> Any:
        """Return an argument of this structure with Values in it."""

        def make(part: Structure) -> Any:
            if part.kind == "static":
                return part.keys
            numbers = next(leaves)
            if not part.keys:
                return numbers[0]  # an array of no axes is a number too
            shaped = array_of_objects(numbers).view(ValueArray).reshape(part.keys)
            return shaped if part.kind == "array" else shaped.tolist()

        return self.with_parts(make)

    def restore(self, arrays: Iterator[Array]) -> Any:
        """Return gradients in the structure of the argument, None for what is static."""

        def make(part: Structure) -> Any:
            if part.kind == "static":
                return None
            array = next(arrays)
            if part.kind == "array":
                return array
            return array.tolist() if array.ndim else float(array)

        return self.with_parts(make)


def describe(x: Any, batch: bool, name: str, arrays: list[Array]) -> Spec:
    """Return an argument's structure, and append its arrays to `arrays`.

    >>> arrays = []
    >>> describe([[1.0, 2.0]], False, "x", arrays)
    Spec(kind='nested', keys=(1, 2), children=(), integer=False)
    >>> arrays
    [array([[1., 2.]])]
    """
    if isinstance(x, STATIC):
        return Spec("static", keys=x)
    if isinstance(x, dict):
        children = tuple([describe(v, batch, f"{name}_{k}", arrays) for k, v in x.items()])
        return Spec("dict", keys=tuple(x), children=children)
    array = _regular(x)
    if array is not None:
        kind = "array" if isinstance(x, np.ndarray) else "nested" if array.ndim else "number"
        return _described(array, kind, batch, name, arrays)
    if isinstance(x, (list, tuple)):
        if batch:
            raise ShapeError(
                f"'{name}' is ragged; a batch needs samples of one shape. Pad them, or lift without batch."
            )
        children = tuple([describe(v, batch, f"{name}_{k}", arrays) for k, v in enumerate(x)])
        return Spec("list" if isinstance(x, list) else "tuple", children=children)
    raise TypeError(
        f"'{name}' is {described(x)}; a lifted program takes numbers, arrays, and lists, tuples and dicts of them. "
        "Let the function capture anything else."
    )


def _described(array: Array, kind: str, batch: bool, name: str, arrays: list[Array]) -> Spec:
    integer = array.dtype.kind in "iu" and not _is_large(array)
    if not integer and array.dtype.kind not in "biuf":
        raise TypeError(f"'{name}' is an array of {array.dtype}; numbers are needed. Convert it to float first.")
    arrays.append(np.ascontiguousarray(array, dtype=np.int64 if integer else np.float64).reshape(array.shape))
    if not batch:
        return Spec(kind, array.shape, integer=integer)
    if not array.ndim:
        raise ShapeError(f"'{name}' is one number; batch=True needs one for each sample. Pass an array of them.")
    shape = array.shape[1:]
    return Spec("number" if not shape else kind, shape, integer=integer)


def _is_large(array: Array) -> bool:
    """Whether there are integers beyond those that choose: they are numbers, as they are to the scalar engine."""
    return array.dtype == np.uint64 and bool(array.size) and int(array.max()) > LARGEST


def _regular(x: Any) -> Array | None:
    """Return numbers, or a regular nesting of them, as an array; None for anything else."""
    if isinstance(x, Value):
        return np.asarray(x.data)
    if isinstance(x, (int, float, np.number, np.bool_)):
        return np.asarray(Value(x)._data if isinstance(x, int) and abs(x) > LARGEST else x)
    if isinstance(x, np.ndarray) and x.dtype != object:
        return x
    if isinstance(x, (list, tuple, np.ndarray)):
        try:
            array = np.array(x, dtype=None if not _holds_values(x) else np.float64)
        except (ValueError, TypeError):
            return None
        if array.dtype == object and all(isinstance(v, (int, float)) for v in array.flat):
            array = np.array([Value(v)._data for v in array.flat]).reshape(array.shape)
        return array if array.dtype.kind in "biuf" else None
    return None


def _holds_values(x: Any) -> bool:
    while isinstance(x, (list, tuple, np.ndarray)) and len(x):
        x = x[0]
    return isinstance(x, Value)


def batch_size(arrays: Sequence[Sequence[Any] | Array], names: Sequence[str]) -> int:
    """Return the common length of the leading axes.

    Raises
    ------
    ShapeError
        If they differ, or there are no samples.
    """
    if not arrays:
        raise ShapeError("batch=True needs at least one input with a leading batch axis.")
    n = len(arrays[0])
    for array, name in zip(arrays, names):
        if len(array) != n:
            raise ShapeError(f"'{names[0]}' has {n} samples and '{name}' has {len(array)}; pass equally many.")
    if not n:
        raise ShapeError("The batch is empty; pass at least one sample.")
    return n
