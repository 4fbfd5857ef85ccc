"""Which axes of an array are meant.

>>> axes_of(None, 2), axes_of(-1, 2), axes_of((1, 0), 3), axes_in_order((-1, 0), 3)
([0, 1], [1], [0, 1], [2, 0])
"""

from __future__ import annotations

import operator
from typing import Any


def axes_of(axis: Any, ndim: int) -> list[int]:
    """Return the axes that a reduction goes along, in order: one, several, or with None all.

    Raises
    ------
    ValueError
        If there is no such axis, or one is named twice.
    """
    return sorted(axes_in_order(axis, ndim)) if axis is not None else list(range(ndim))


def axes_in_order(axes: Any, ndim: int) -> list[int]:
    """Return one axis, or several, as they are named, none of them negative; a number has none but is as good as one.

    Raises
    ------
    ValueError
        If there is no such axis, or one is named twice.
    """
    named = [operator.index(k) for k in (axes if isinstance(axes, (tuple, list)) else (axes,))]
    if not ndim and named in ([0], [-1], []):
        return []
    for k in named:
        if not -ndim <= k < ndim:
            raise ValueError(f"axis {k} is none of an array of {ndim} dimensions; give one from {-ndim} to {ndim - 1}.")
    counted = [k % ndim for k in named]
    if len(set(counted)) < len(counted):
        raise ValueError(f"axis={axes} names an axis twice; name each once.")
    return counted
