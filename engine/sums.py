"""Sums of any number of floats, exact, of products, of exponentials, and the largest of them.

>>> exact([0.1] * 10), of_products([1.0, 2.0, 3.0, 4.0, 0.5]), log_of_exponentials([1000.0, 1000.0])
(1.0, 11.5, 1000.6931471805599)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any


def exact(xs: Sequence[float]) -> float:
    """Return the sum, rounded once; where it overflows on the way, as Python adds."""
    try:
        return math.fsum(xs)
    except (OverflowError, ValueError):  # an intermediate overflow, or inf - inf
        return float(sum(xs))


def of_products(operands: Sequence[Any]) -> Any:
    """Return the sum of the first half times the second, plus the last where their number is odd."""
    half = len(operands) // 2
    products = sum(map(operator.mul, operands[:half], operands[half:]), 0.0)
    return products + operands[-1] if len(operands) % 2 else products


def log_of_exponentials(xs: Sequence[float]) -> float:
    """Return log(sum(exp(x))), which overflows for no finite x."""
    if not xs:
        return -math.inf
    highest = max(xs)
    if math.isinf(highest) or any(x != x for x in xs):
        return math.nan if any(x != x for x in xs) else highest
    return highest + math.log(sum([math.exp(x - highest) for x in xs]))


def largest(xs: Sequence[float]) -> float:
    """Return the largest of at least one number: NaN where there is one, and of zeros 0.0."""
    if not xs:
        raise ValueError("the largest of no numbers is not defined. Pass at least one.")
    if (added := sum(xs)) != added and any(x != x for x in xs):  # not only inf - inf
        return math.nan
    return max(xs) + 0.0
