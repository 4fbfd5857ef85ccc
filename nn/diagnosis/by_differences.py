"""A gradient beside central differences of a function, where the function does what no rule differentiates.

>>> x, given = np.array([0.5, -2.0]), np.array([1.0, -4.0])
>>> compared = by_differences(lambda x: float(np.sum(x * x)), [x], 0, given)
>>> compared.outcome.ok, by_differences(lambda x: float(np.sum(x * x)), [x], 0, -given).outcome.ok
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.agreement import RELATIVE, allowed
from engine.differences import measured
from engine.rounding import Analysis
from nn.agreement.differenced import noise
from nn.diagnosis.comparison import Comparison
from nn.samples import Array


def by_differences(
    f: Callable[..., float], arrays: Sequence[Array], at: int, given: npt.NDArray[Any]
) -> Comparison | None:
    """Return a gradient beside what differences say, each entry with its own bound; None where they say nothing.

    Parameters
    ----------
    f, arrays
        A function of arrays, and where it is looked at.
    at, given
        By which of them the gradient is, and the gradient.
    """
    x = arrays[at]
    expected = given.astype(float).ravel() if given.shape == x.shape else np.full(x.size, np.nan)

    def along(k: int) -> Callable[[float], float]:
        def at_number(number: float) -> float:
            moved = x.astype(float).ravel()
            moved[k] = number
            return float(f(*arrays[:at], moved.reshape(x.shape), *arrays[at + 1 :]))

        return at_number

    rounding = noise(f, arrays)
    found = [
        measured(along(k), float(x.flat[k]), expected=float(expected[k]), rounding=rounding) for k in range(x.size)
    ]
    right = np.array([m.value for m in found])
    if not np.isfinite(right).all():
        return None
    limits = np.array([m.bound for m in found]) + RELATIVE * float(np.abs(right).max(initial=0.0))
    leaves = [Value(float(number)) for number in x.ravel()]
    comparison = Comparison(Value.constant(0.0), leaves, right.reshape(x.shape), given)
    comparison.is_single = False  # no gradient is judged to more digits than the differences have
    comparison.analysis = Analysis(0.0, tuple(limits / allowed(x.size)), (0.0,) * x.size)
    comparison.precision = float(limits.max(initial=0.0) / (np.abs(right).max(initial=0.0) or 1.0))
    return comparison
