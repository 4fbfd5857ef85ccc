"""When two derivatives are the same: the one decision that every check, comparison and diagnosis takes.

`agrees` compares an error with a limit, entry by entry, and whatever is not a finite number fails.  The limit is never
one tolerance for all: it is what rounding may have done to this very entry, times a number that is argued here.

>>> agrees(1.0 + 1e-15, 1.0, 4e-15), agrees(float("nan"), float("nan"), 1.0)
(True, False)
>>> agrees(np.array([1.0, 2e-8]), np.array([1.0, 1e-8]), 1e-9 * np.array([1.0, 1e-8])).tolist()
[True, False]
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

EPS = float(np.finfo(np.float64).eps)

RELATIVE = 1e-6
"""Of differences: a part of the derivative. They are good to about 1e-10 where a function is smooth, and no mistake
that people make changes a derivative by less than a millionth."""

ANALYTIC = 1e-12
"""Of complex steps, which do not cancel: a few thousand roundings."""

EXACT = 1e-12
"""Of somebody's formula for a gradient, as a part of the absolute terms that the entry is the sum of: some thousand
roundings, which another order of the same operations stays far below."""

SINGLE = 5e-6
"""The same where it was computed in single precision, whose unit is 6e-8, or by differences."""

NEARER = 0.1 * RELATIVE
"""Of an entry: nearer to the right one than any mistake comes."""


def agrees(computed: Any, right: Any, limit: Any) -> Any:
    """Return whether ``|computed - right| <= limit``, for numbers a bool, for arrays one per entry.

    Parameters
    ----------
    computed, right
        The two, of one shape.
    limit
        What rounding may do to each entry; not negative.

    Returns
    -------
    bool or ndarray of bool
        False wherever one of the three is NaN or infinite: such an error is not small.

    Examples
    --------
    >>> agrees(float("inf"), float("inf"), 1.0)
    False
    """
    if isinstance(computed, float) and isinstance(right, float):
        return math.isfinite(limit) and abs(computed - right) <= limit
    with np.errstate(invalid="ignore", over="ignore"):
        return np.isfinite(limit) & (np.abs(np.asarray(computed) - right) <= limit)


def allowed(length: int) -> float:
    """Return how many units of rounding are allowed of a sum of so many terms.

    A unit is what a first-order error analysis says that rounding may do, which right results reach once or twice; four
    leave room for another order of the operations.  In long sums roundings walk at random, and half the square root of
    their number is allowed.

    >>> allowed(10), allowed(10_000)
    (4.0, 50.0)
    """
    return max(4.0, 0.5 * math.sqrt(length))


def is_differenced(exact: Any, right: Any) -> bool:
    """Whether a gradient may be one of differences: more than half of its entries are off by more than rounding.

    Of a formula with a mistake the other entries are exact.  Where the right derivative is 0 everybody's is.

    >>> is_differenced(np.array([False, False, True]), np.ones(3)), is_differenced(np.array([False, True]), np.ones(2))
    (True, False)
    """
    counted = np.asarray(exact)[np.asarray(right) != 0.0]
    return bool(counted.size and counted.mean() < 0.5)


def differenced(right: Any, largest: float | None = None) -> Any:
    """Return how far differences may be off: relative to each entry, and by the rounding of the function's value.

    Parameters
    ----------
    right
        The derivatives.
    largest
        Of all derivatives of the function; by default of these.
    """
    size = np.abs(np.asarray(right))
    return SINGLE * size + 1e-9 * (float(size.max(initial=0.0)) if largest is None else largest)
