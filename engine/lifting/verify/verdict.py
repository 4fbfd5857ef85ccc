"""Of which kind a difference is that only floats have: the text's numbers beside the function's own eager run.

    NaN             one is NaN where the other is not
    overflow        one is infinite where the other is not, or of the other sign
    rounding        the scalar operations agree with the function, or give another number in a finer type of float
    a branch        they do not: called with numbers, the function computes something else than when it was traced
    sign of a zero  the scalar operations agree with the function, and one that tells 0.0 from -0.0 reads a zero

The last is an error of the compiler, the others are the program's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.lifting.passes.signed_zeros import tells_zeros_apart
from engine.lifting.verify.walk import Plan

SIGN = "the sign of a zero"
FINER = 1_000  # what a difference may be larger by than what a finer type of float changes, to be rounding still
KINDS = {
    "NaN": "one of them is NaN where the other is not. Keep what goes into log, sqrt or a power in its domain.",
    "overflow": "one of them is infinite where the other is not. Rescale, or keep exponents and divisors in range.",
    "a branch": "called with numbers it goes another way than when it was traced. Write its choices with engine.where.",
    "rounding": "rounding, of numbers that nearly cancel. Rewrite what subtracts nearly equal or huge numbers.",
}


@dataclass(frozen=True)
class Difference:
    """One array of an outcome: what it is, the text's numbers and the function's, and where they differ."""

    position: int  # among what is compared
    what: str
    got: Any
    want: Any
    where: Any


def first_difference(pairs: Sequence[tuple[str, Any, Any]], tolerance: float, floor: float) -> Difference | None:
    """Return where two outcomes differ first, or None.

    Parameters
    ----------
    pairs
        What is compared: (what it is, the text's, the function's).
    tolerance
        Of an array, relative to its largest entry.
    floor
        Below which no difference counts: rounding of what goes in.
    """
    for position, (what, got, want) in enumerate(pairs):
        where = _apart(got, want, tolerance, floor)
        if where.any():
            return Difference(position, what, got, want, where)
    return None


def _apart(got: Any, want: Any, tolerance: float, floor: float) -> Any:
    """Return which entries differ: by more than a tolerance, or in not being finite."""
    finite = np.isfinite(want) & np.isfinite(got)
    limit = max(tolerance * np.abs(want[np.isfinite(want)]).max(initial=0.0), floor)
    with np.errstate(invalid="ignore"):
        far = np.abs(got - want) > limit
    return np.where(finite, far, (got != want) & ~(np.isnan(got) & np.isnan(want)))


def kind_of(difference: Difference, scalars: Any, finer: Any, zeros: bool, tolerance: float, floor: float) -> str:
    """Return of which kind a difference is.

    Parameters
    ----------
    difference
        Between text and function.
    scalars, finer
        The same array by the scalar operations, and by them in a finer type of float.
    zeros
        Whether an operation that tells zeros apart reads one.
    tolerance, floor
        As in `first_difference`.
    """
    here = difference.where
    got, want, scalars, finer = [np.asarray(x)[here] for x in (difference.got, difference.want, scalars, finer)]
    agree = not _apart(scalars, want, tolerance, floor).any()
    if zeros and agree:
        return SIGN
    if (np.isnan(got) != np.isnan(want)).any():
        return "NaN"
    if not (np.isfinite(got) & np.isfinite(want)).all():
        return "overflow"
    with np.errstate(invalid="ignore"):
        unsure = np.abs(finer - scalars) > np.abs(got - want) / FINER
    return "rounding" if agree or unsure.any() or not np.isfinite(scalars).all() else "a branch"


def reads_zeros(plan: Plan, values: Any) -> bool:
    """Whether an operation that tells 0.0 from -0.0 reads a zero, given the values of all nodes."""
    for group in plan.groups:
        for k, tells in enumerate(tells_zeros_apart(group.op, group.fixed, group.operands.shape[1])):
            if tells and (values[group.operands[:, k]] == 0.0).any():
                return True
    return False
