"""Plain object arrays, which everything in this room computes on; `engine.arrays.array` makes Arrays of what comes out.

>>> objects([1.0, 2.0])
array([1.0, 2.0], dtype=object)
>>> settled(np.array([True, False], object))
array([ True, False])
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from engine.arguments import described
from engine.conditions import Condition
from engine.errors import TraceError
from engine.lines import user_line
from engine.number import as_float
from engine.operands import is_value
from engine.tracing import LOCAL

ndarray, OBJECT = np.ndarray, np.dtype(object)
Objects = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Undecided:
    """An array of comparisons of which some are conditions: no ndarray, since what indexes wants bools."""

    def __init__(self, items: Objects) -> None:
        self.items = items


def objects(x: Any) -> Objects:
    """Return a number, a Value, lists of them or an array as a plain array of objects."""
    if isinstance(x, ndarray):
        plain: Objects = x if x.__class__ is ndarray else x.view(ndarray)
        if x.dtype is OBJECT or x.dtype == object:
            return plain
        return (plain.astype(float) if x.dtype.kind in "iu" else plain).astype(object)  # integers become numbers
    if isinstance(x, Undecided):
        return x.items
    if is_value(x) or isinstance(x, Condition):
        box = np.empty((), dtype=object)
        box[()] = x
        return box
    if isinstance(x, (list, tuple)):
        return filled([objects(item) for item in x]) if any(isinstance(item, Undecided) for item in x) else _of_lists(x)
    x = x.item() if isinstance(x, np.generic) else x
    return np.asarray(as_float(x) if x.__class__ is int else x, dtype=object)


def _of_lists(x: Any) -> Objects:
    try:
        return np.array(x, dtype=object)
    except ValueError as error:
        raise ValueError(f"{described(x)} is no array of numbers: {error}. Pass lists of one length.") from None


def filled(items: list[Any]) -> Objects:
    """Return a list of numbers, or of arrays of one shape, as an array."""
    array = np.empty((len(items), *np.shape(items[0])) if items else (0,), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def settled(items: Any) -> Any:
    """Return comparisons as bools, or as undecided where one is a condition."""
    if not isinstance(items, np.ndarray):
        return items
    if not items.ndim:
        return items[()]
    if LOCAL.active is not None and any(isinstance(c, Condition) for c in items.flat):
        return Undecided(items)
    return items.astype(bool)


def decided(mask: Any) -> Bools:
    """Return a mask as bools: what is undecided is decided now, and guarded."""
    if isinstance(mask, np.ndarray) and mask.dtype == np.bool_:
        return mask
    items = objects(mask)
    bools: np.ndarray[Any, np.dtype[np.bool_]] = np.array([bool(x) for x in items.flat], dtype=bool).reshape(
        items.shape
    )
    return bools


def into(out: Any, result: Any, name: str) -> Any:
    """Put a result where the caller wants it, if anywhere; what is true or not is decided for an array of numbers.

    Raises
    ------
    TraceError
        If that is an array of floats, which would hold the numbers of Values and lose their derivatives.
    """
    out = out[0] if isinstance(out, tuple) else out
    if out is None:
        return result
    if isinstance(out, np.ndarray) and out.dtype != object and is_truth(result):
        out[...] = decided(result)
        return out
    writable(out, name)[...] = result.items if isinstance(result, Undecided) else result
    return out


def is_truth(result: Any) -> bool:
    """Return whether a result is bools or comparisons, which have no derivative to lose."""
    kind = result.dtype if isinstance(result, np.ndarray) else None
    return kind == np.bool_ or isinstance(result, (Undecided, Condition, bool, np.bool_))


def writable(out: Any, name: str) -> Objects:
    """Return an array that Values can be written into."""
    if not isinstance(out, np.ndarray) or out.dtype != object:
        _no_room(out, name)
    return out.view(np.ndarray)


def _no_room(out: Any, name: str) -> NoReturn:
    where = f"an array of {out.dtype}" if isinstance(out, np.ndarray) else described(out)
    raise TraceError(
        f"np.{name} writes into {where}: Values would be turned into floats in {user_line()}, and their derivatives "
        "would be lost. Write into engine.array(...) or np.zeros(..., dtype=object); a constant is "
        "np.array(engine.stop_gradient(x), dtype=float)."
    )
