"""What people pass as samples and targets, as arrays of numbers: lists, arrays, frames and series of pandas, tensors.

What is no number is refused with its place, and what would turn it into one.

>>> numbers([[1, 2], [3, 4]], "X").dtype.kind, numbers([True, False], "T").tolist()
('i', [True, False])
>>> numbers([["1.5", "red"]], "X")
Traceback (most recent call last):
TypeError: X[0, 0] is the text '1.5': pass numbers (np.asarray(X, dtype=float) reads those that are written as text).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


def array(x: Any, what: str) -> Array:
    """Return what is passed as an array, of whatever it holds.

    Raises
    ------
    TypeError
        If it is no array and makes none: a text, a dict, a sparse matrix, a function.
    ValueError
        If it is ragged, or a number is masked.
    """
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        place = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(x))[0])
        raise ValueError(f"{_at(what, place)} is masked: leave that sample out, or fill the number in.")
    if hasattr(x, "toarray") and not isinstance(x, np.ndarray):
        raise TypeError(f"{what} is a sparse {type(x).__name__}: pass {what}.toarray().")
    if isinstance(x, (str, bytes, dict, set, frozenset)) or x is None or callable(x):
        raise TypeError(f"{what} is {_named(x)}: pass an array of numbers.")
    try:
        converted = np.asarray(x)
    except ValueError:
        raise ValueError(f"{what} is ragged: give every sample as many numbers, {_lengths(x)}.") from None
    except Exception as error:  # a tensor that must be detached, or lies on a device
        raise TypeError(f"{what} is no array of numbers ({error}): pass a NumPy array.") from None
    if converted.dtype == object and converted.ndim == 0:
        raise TypeError(f"{what} is {_named(x)}: pass an array of numbers.")
    return converted


def numbers(x: Any, what: str) -> Array:
    """Return an array of bools, integers or floats.

    Parameters
    ----------
    x
        A list, an array, a frame or series of pandas, a tensor.
    what
        Its name in a message.

    Raises
    ------
    TypeError
        If it holds text, or anything else that is no number; the message says where.
    ValueError
        If it is ragged, or a number is missing.
    """
    values = array(x, what)
    if values.dtype.kind in "biuf":
        return values
    columns = getattr(x, "columns", None)
    if values.dtype.kind in "OUS":
        flat = np.array([_number(v, what, place, columns) for place, v in np.ndenumerate(values)])
        return (flat if flat.dtype.kind in "biuf" else flat.astype(float)).reshape(values.shape)
    raise TypeError(f"{what} is an array of {values.dtype}: pass numbers.")


def finite(x: Array, what: str, columns: Any = None) -> Array:
    """Return an array in which every number is finite.

    >>> finite(np.array([[1.0, 2.0], [3.0, np.nan]]), "X")
    Traceback (most recent call last):
    ValueError: X[1, 1] (row 1, column 1) is nan: leave that sample out, or fill the number in.

    Raises
    ------
    ValueError
        Naming the first that is not, by its row and column.
    """
    if not np.isfinite(x).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(f"{_at(what, place, columns)} is {x[place]}: leave that sample out, or fill the number in.")
    return x


def samples(X: Any, inputs: int | None, what: str = "X") -> Array:
    """Return samples as rows of finite numbers, (N, D): floats, or integers where the model alone knows what they are.

    Parameters
    ----------
    X
        Samples as rows; for one input a flat row of numbers is a column of samples.
    inputs
        How many numbers a sample has, or None where the model alone knows.
    what
        Its name in a message.

    Raises
    ------
    TypeError, ValueError
        If these are not finite numbers, or there are none, or their shape is not that of samples of `inputs` numbers.

    Examples
    --------
    >>> samples([1, 2, 3], 1).shape
    (3, 1)
    """
    values = numbers(X, what)
    tokens = values.dtype.kind == "i" and inputs is None  # they may be tokens
    return finite(
        rows(values if tokens else values.astype(float, copy=False), inputs, what), what, getattr(X, "columns", None)
    )


def rows(values: Array, inputs: int | None, what: str = "X") -> Array:
    """Return an array as samples of so many numbers, one per row.

    Raises
    ------
    ValueError
        If its shape is another.
    """
    if values.ndim == 1 and inputs == 1:
        values = values[:, None]
    if values.ndim < 2:
        n = "one number" if values.ndim == 0 else f"one row of {len(values)} numbers"
        raise ValueError(f"{what} is {n}: pass samples as rows, (N, D); for one sample {what}[None, :].")
    if inputs is not None and values.ndim > 2:
        raise ValueError(f"{what} has shape {values.shape}: pass one row per sample, {what}.reshape(len({what}), -1).")
    if inputs is not None and values.shape[1] != inputs:
        turned = f" (columns are samples? pass {what}.T)" if values.shape[0] == inputs else ""
        raise ValueError(f"the network takes samples of {inputs} numbers; got {what} {values.shape}{turned}.")
    return values


def _number(v: Any, what: str, place: tuple[int, ...], columns: Any) -> Any:
    if isinstance(v, (bool, int, float, np.number, np.bool_)):
        return v
    at = _at(what, place, columns)
    if isinstance(v, (str, bytes)):
        way = f"pass numbers (np.asarray({what}, dtype=float) reads those that are written as text)"
        try:
            float(v)
        except ValueError:
            way = _for_text(what, len(place), columns)
        raise TypeError(f"{at} is the text {_plain(v)!r}: {way}.")
    if hasattr(type(v), "pullback"):
        raise TypeError(f"{at} is a Value: pass plain numbers, such as v.data.")
    if isinstance(v, (list, tuple, np.ndarray)):
        raise ValueError(f"{what} is ragged: {at} holds {_named(v)}; give every sample as many numbers.")
    try:
        return float(v)
    except (TypeError, ValueError):
        raise ValueError(f"{at} is {_plain(v)}: leave that sample out, or fill the number in.") from None


def _for_text(what: str, axes: int, columns: Any) -> str:
    if axes == 1:
        return f"number the classes first, names, {what} = np.unique({what}, return_inverse=True)"
    frame = "pandas.get_dummies(frame)" if columns is not None else "one column of 0 and 1 for each"
    return f"pass numbers, and categories as columns ({frame})"


def _at(what: str, place: Sequence[int], columns: Any = None) -> str:
    text = f"{what}[{', '.join(map(str, place))}]"
    if len(place) != 2:
        return text
    column = f"{place[1]}" if columns is None else f"{columns[place[1]]!r}"
    return f"{text} (row {place[0]}, column {column})"


def _plain(v: Any) -> Any:
    return v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) if isinstance(v, str) else v


def _named(x: Any) -> str:
    if x is None:
        return "None"
    if isinstance(x, str):
        return f"the text {x[:40]!r}"
    return f"a {type(x).__name__}"


def _lengths(x: Any) -> str:
    sizes = [np.size(row) for row in x]
    odd = next(k for k, n in enumerate(sizes) if n != sizes[0]) if len(set(sizes)) > 1 else 0
    return f"as row 0 has {sizes[0]} and row {odd} has {sizes[odd]}"
