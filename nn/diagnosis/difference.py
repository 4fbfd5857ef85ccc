"""Where a difference between two gradients sits, when nobody knows its cause.

>>> import numpy as np
>>> describe(np.array([[0.0, 0.0], [3.0, 4.0]]), {"x": np.array([1.0, 2.0])})
'only in row 1; rank 1'
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nn.samples import Array

CLEAR = 0.999
TELLING = 6  # entries, of which fewer look alike by chance


def describe(
    difference: Array,
    lines: Mapping[str, Array],
    names: tuple[str, str] = ("row", "column"),
) -> str:
    """Return what can be said of a difference: its rows and columns, its rank, what it is parallel to.

    Parameters
    ----------
    difference
        Yours minus right, (D, C) or (C,).
    lines
        Vectors by name that its rows or columns may be parallel to: one sample's input, one sample's delta.
    names
        What a row and a column are: an input and a unit, or a class.
    """
    if not np.isfinite(difference).all():
        return not_finite(difference)
    sentences = [placed(difference, names)]
    if difference.ndim == 2:
        sentences.append(f"rank {int(np.linalg.matrix_rank(difference))}")
        sentences.extend(_parallel(difference, lines, names))
    return "; ".join(part for part in sentences if part)


def not_finite(gradient: Array) -> str:
    """Return how many entries are no numbers, and which is the first of them.

    >>> not_finite(np.array([[1.0, 2.0], [np.inf, np.nan]]))
    '2 of 4 entries are not finite, the first at [1, 0]'
    """
    wrong = np.argwhere(~np.isfinite(gradient))
    place = f", the first at {wrong[0].tolist()}" if gradient.ndim else ""
    return f"{len(wrong)} of {gradient.size} entries are not finite{place}"


def placed(difference: Array, names: tuple[str, str] = ("row", "column")) -> str:
    """Return which rows and columns, or entries, a difference of one or two axes is in.

    >>> placed(np.array([0.0, 2.0, 0.0]))
    'only in entry 1'
    """
    wrong = np.abs(difference) > 1e-9 * np.abs(difference).max()
    if difference.ndim == 1:
        name = "entry" if names[1] == "column" else names[1]
        return _listed(name, wrong) or f"in all {_many(name)}"
    rows, columns = (_listed(name, wrong.any(axis=axis)) for name, axis in zip(names, (1, 0)))
    return " and ".join(filter(None, (rows, columns))) or f"in all {_many(names[0])} and {_many(names[1])}"


def _many(name: str) -> str:
    return {"entry": "entries", "class": "classes"}.get(name, f"{name}s")


def _listed(name: str, wrong: Array) -> str:
    """Say which of several are wrong; nothing, if all of them are."""
    if wrong.all():
        return ""
    places = np.flatnonzero(wrong).tolist()
    shown = ", ".join(map(str, places[:6])) + (", ..." if len(places) > 6 else "")
    return f"only in {name if len(places) == 1 else _many(name)} {shown}"


def _parallel(difference: Array, lines: Mapping[str, Array], names: tuple[str, str]) -> list[str]:
    """Say which of some vectors the only direction of a rank-one difference is."""
    left, size, right = np.linalg.svd(difference, full_matrices=False)
    if len(size) > 1 and size[1] > 1e-6 * size[0]:
        return []
    return [
        f"over {_many(side)} a multiple of {name}"
        for name, line in lines.items()
        for side, vector in zip(names, (left[:, 0], right[0]))
        if line.shape == vector.shape and abs(vector @ line) > CLEAR * np.linalg.norm(vector) * np.linalg.norm(line)
    ][:2]
