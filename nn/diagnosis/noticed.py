"""What is seen in a wrong gradient that has no name: zero, right in a part, a ratio along an axis.

>>> x = np.array([[1.0, -2.0, 3.0], [-1.0, 2.0, 5.0]])
>>> noticed(np.ones((2, 3)), np.array([[1.0, 1.0, 1.0], [3.0, 3.0, 3.0]]), x)
['the ratio to the right one is one number for each index of axis 0: 1, 3']
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nn.diagnosis.difference import TELLING, not_finite
from nn.samples import Array

SAME, NEAR = 1e-7, 1e-2  # of ratios, and of the largest entry
FEW = 4  # ratios that are listed
APPROXIMATE = "near the right one, as the derivative of an approximation of the function is, or with another constant"


def noticed(right: Array, theirs: Array, x: Array) -> list[str]:
    """Return sentences about a gradient, in the shape of what it is by."""
    if right.shape != theirs.shape or right.shape != x.shape or right.size < 2:
        return []
    if not np.isfinite(theirs).all():
        return [not_finite(theirs), *_in_a_part(~np.isfinite(theirs), x, "so")]
    largest = float(np.abs(right).max())
    if np.abs(theirs).max() <= SAME * largest:
        return ["the gradient is zero"]
    is_right = np.abs(theirs - right) <= SAME * np.maximum(np.abs(right), SAME * largest)
    seen = [*(_in_a_part(is_right, x, "right") if x.size >= TELLING else ()), *_ratios(right, theirs)]
    off = float(np.abs(theirs - right).max()) / largest if largest else np.inf
    return seen or [f"{APPROXIMATE}: it is off by {off:.1e} of the largest entry at most"] * (off <= NEAR)


def _in_a_part(is_something: Array, x: Array, what: str) -> Iterator[str]:
    """Yield the sign of x where the gradient is something, if it is that there and nowhere else."""
    parts = {"x > 0": x > 0, "x < 0": x < 0, "x <= 0": x <= 0, "x >= 0": x >= 0, "x = 0": x == 0}
    for text, part in parts.items():
        if 0 < np.count_nonzero(part) < x.size and np.array_equal(is_something, part):
            yield f"it is {what} where {text}, and nowhere else"
            return


def _ratios(right: Array, theirs: Array) -> Iterator[str]:
    """Yield the first axis along which the ratio to the right gradient is one number per index."""
    if right.ndim < 2 or not right.all():
        return
    ratio = theirs / right
    for axis in range(right.ndim):
        rows = np.moveaxis(ratio, axis, 0).reshape(right.shape[axis], -1)
        if rows.shape[1] > 1 and (np.ptp(rows, axis=1) <= SAME * np.abs(rows).max(axis=1)).all():
            shown = ", ".join(f"{row:.4g}" for row in rows[:FEW, 0]) + (", ..." if len(rows) > FEW else "")
            yield f"the ratio to the right one is one number for each index of axis {axis}: {shown}"
            return
