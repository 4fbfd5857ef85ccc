"""Pieces of a saved file's text: functions, arrays, and numbers along an axis nested as arguments and results are.

>>> from engine.tree import flatten
>>> print(results_text(flatten({"a": 1.0, "b": [2.0]})[1], "x", lead=False))
{'a': float(x[0]), 'b': [float(x[1])]}
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.lifting.emit.writer import array_text
from engine.lifting.views import Source
from engine.tree import LEAF, Structure

WRITTEN_OUT = 64  # numbers of an array, up to which they are written as such


def function_text(name: str, takes: str, doc: str, lines: Sequence[str]) -> str:
    """Return a function's text."""
    return "\n".join([f"\ndef {name}({takes}):", f'    """{doc}"""', *[f"    {line}" for line in lines]])


def shape_said(source: Source) -> str:
    """Return an input's shape, N samples in front if it has any."""
    return shape_text(source.shape, source.batched)


def shape_text(shape: Sequence[int], batched: bool) -> str:
    """Return a shape, N samples in front if there are any.

    >>> shape_text((3,), False), shape_text((3,), True)
    ('(3,)', '(N, 3)')
    """
    lengths = [*(["N"] if batched else []), *map(str, shape)]
    return f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"


def results_text(structure: Structure, whole: str, *, lead: bool) -> str:
    """Return an expression for results, nested as a function nests them, of numbers along the last axis.

    Parameters
    ----------
    structure, whole
        Of the results, and the expression for the numbers.
    lead
        Whether there is an axis for samples in front.
    """

    def leaf(part: Structure, start: int) -> str:
        if part.kind == LEAF:
            return f"{whole}[..., {start}]" if lead else f"float({whole}[{start}])"
        return f"{whole}[..., {start} : {start + part.size}].reshape({whole}.shape[:-1] + {part.keys})"

    return nested_text(structure, leaf)


def variables_text(spec: Structure, whole: str) -> str:
    """Return an expression for an argument's numbers, along the last axis, as the argument nests them."""

    def leaf(part: Structure, start: int) -> str:
        if part.kind == "static":
            return "None"
        piece = f"{whole}[..., {start} : {start + size_of(part)}].reshape({whole}.shape[:-1] + {part.keys})"
        return piece if part.kind == "array" else f"{piece}.tolist()"

    return nested_text(spec, leaf)


def items_text(structure: Structure, items: str) -> str:
    """Return an expression for results in whose places are items of a list, arrays of which are arrays of objects."""

    def leaf(part: Structure, start: int) -> str:
        if part.kind == LEAF:
            return f"{items}[{start}]"
        return f"_objects({items}[{start} : {start + part.size}]).reshape({part.keys})"

    return nested_text(structure, leaf)


def size_of(part: Structure) -> int:
    """Return how many numbers a part without children has: an array, a regular nesting, a number, or none."""
    return 0 if part.kind == "static" else math.prod(part.keys)


def nested_text(structure: Structure, leaf: Callable[[Structure, int], str], start: int = 0) -> str:
    """Return an expression for a nesting, of what `leaf` says of each part and the number of its first element."""
    if not structure.is_container:
        return leaf(structure, start)
    parts = []
    for key, child in structure.items():
        text = nested_text(child, leaf, start)
        parts.append(f"{key!r}: {text}" if structure.kind == "dict" else text)
        start += sum([size_of(part) for _, part in child.parts()])
    if structure.kind == "dict":
        return f"{{{', '.join(parts)}}}"
    return f"[{', '.join(parts)}]" if structure.kind == "list" else f"({', '.join(parts)},)"


def numbers_text(x: Any) -> str:
    """Return an expression for an array: its numbers, or where they are many their bytes."""
    dtype = "np.int64" if x.dtype.kind == "i" else "np.float64"
    if x.size <= WRITTEN_OUT:
        numbers = array_text(x) if x.dtype.kind == "f" else x.tolist()
        return f"np.array({numbers}, {dtype})" if x.size else f"np.zeros({x.shape}, {dtype})"
    encoded = base64.b64encode(np.ascontiguousarray(x, x.dtype.newbyteorder("<")).tobytes()).decode()
    kind = x.dtype.newbyteorder("<").str
    return f'np.frombuffer(base64.b64decode("{encoded}"), "{kind}").astype({dtype}).reshape({x.shape})'
