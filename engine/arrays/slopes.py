"""The slope of a function that is known at some points: `numpy.gradient`, of even and of uneven steps.

>>> from engine.arrays.array import array
>>> np.gradient(array([0.0, 1.0, 4.0, 9.0])).tolist(), np.gradient(array([0.0, 1.0, 9.0]), [0.0, 1.0, 3.0]).tolist()
([1.0, 2.0, 4.0, 5.0], [1.0, 2.0, 4.0])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arguments import one_of
from engine.arrays.array import as_array
from engine.arrays.axes import axes_in_order
from engine.arrays.table import written


@written("gradient")
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """Return central differences inside, and at the edges one-sided ones, along each axis.

    Raises
    ------
    ValueError
        If an axis is too short, or the places of its points are not as many.
    """
    f = as_array(f)
    axes = list(range(f.ndim)) if axis is None else axes_in_order(axis, f.ndim)
    steps = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if len(steps) != len(axes):
        raise TypeError(f"np.gradient needs one spacing, or one for each of {len(axes)} axes; got {len(steps)}.")
    edge = one_of(edge_order, "np.gradient's edge_order", (1, 2))
    slopes = [np.moveaxis(_along_first(np.moveaxis(f, k, 0), k, step, edge), 0, k) for k, step in zip(axes, steps)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _along_first(x: Any, axis: int, spacing: Any, edge: int) -> Any:
    if len(x) < edge + 1:
        raise ValueError(f"np.gradient needs {edge + 1} points along an axis or more; axis {axis} has {len(x)}.")
    steps = _steps(spacing, len(x), axis).reshape((-1,) + (1,) * (x.ndim - 1))
    rises = (x[1:] - x[:-1]) / steps
    first, last = rises[:1], rises[-1:]
    if edge == 2:
        first = first - steps[:1] * (rises[1:2] - rises[:1]) / (steps[:1] + steps[1:2])
        last = last + steps[-1:] * (rises[-1:] - rises[-2:-1]) / (steps[-2:-1] + steps[-1:])
    before, after = steps[:-1], steps[1:]
    inside = (after * rises[:-1] + before * rises[1:]) / (before + after)  # of the parabola through three points
    return np.concatenate([first, inside, last])


def _steps(spacing: Any, n: int, axis: int) -> Any:
    """Return the steps between points: all alike, or those between their places."""
    if not np.ndim(spacing):
        return as_array(spacing) * np.ones(n - 1)
    places = as_array(spacing)
    if places.shape != (n,):
        raise ValueError(f"np.gradient needs the places of {n} points along axis {axis}; got shape {places.shape}.")
    return places[1:] - places[:-1]
