"""Where a difference between two gradients sits, when nobody knows its cause.

>>> import numpy as np
>>> describe(np.array([[0.0, 0.0], [3.0, 4.0]]), {"x": np.array([1.0, 2.0])}, {})
'only in row 1; rank 1'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
CLEAR = 0.999


def describe(difference: Array, lines: Mapping[str, Array], arrays: Mapping[str, Array]) -> str:
    """Return what can be said of a difference: its rows and columns, its rank, what it is parallel to.

    Parameters
    ----------
    difference
        Yours minus right, (D, C) or (C,).
    lines
        Vectors by name that its rows or columns may be parallel to: one sample's input, one sample's delta.
    arrays
        Arrays by name that it may be proportional to: W, the right gradient.
    """
    if not np.isfinite(difference).all():
        return f"{int((~np.isfinite(difference)).sum())} of {difference.size} entries are not finite"
    said = [_placed(difference)]
    if difference.ndim == 2:
        said.append(f"rank {int(np.linalg.matrix_rank(difference))}")
        said.extend(_parallel(difference, lines))
    for name, array in arrays.items():
        correlation = _correlation(difference, array) if array.shape == difference.shape else 0.0
        if abs(correlation) > 0.5:
            said.append(f"correlation {correlation:.2f} with {name}")
    return "; ".join(part for part in said if part)


def _placed(difference: Array) -> str:
    wrong = np.abs(difference) > 1e-9 * np.abs(difference).max()
    if difference.ndim == 1:
        return _listed("entry", "entries", np.flatnonzero(wrong), len(wrong))
    rows = _listed("row", "rows", np.flatnonzero(wrong.any(axis=1)), wrong.shape[0])
    columns = _listed("column", "columns", np.flatnonzero(wrong.any(axis=0)), wrong.shape[1])
    return " and ".join(part for part in (rows, columns) if part) or "in all rows and columns"


def _listed(one: str, many: str, found: Array, of: int) -> str:
    if len(found) == of:
        return "" if one != "entry" else "in all entries"
    shown = ", ".join(str(int(i)) for i in found[:6]) + (", ..." if len(found) > 6 else "")
    return f"only in {one if len(found) == 1 else many} {shown}"


def _parallel(difference: Array, lines: Mapping[str, Array]) -> list[str]:
    """Say which of some vectors the only direction of a rank-one difference is."""
    left, size, right = np.linalg.svd(difference, full_matrices=False)
    if len(size) > 1 and size[1] > 1e-6 * size[0]:
        return []
    found = []
    for name, line in lines.items():
        for side, vector in (("columns", left[:, 0]), ("rows", right[0])):
            if line.shape == vector.shape and abs(_correlation(vector, line, centred=False)) > CLEAR:
                found.append(f"its {side} are multiples of {name}")
    return found[:2]


def _correlation(one: Array, other: Array, centred: bool = True) -> float:
    a, b = one.ravel(), other.ravel()
    if centred:
        a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 0.0
