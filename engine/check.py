"""Check derivatives of any function against what owes nothing to a rule: differences of its values.

>>> check_gradients(lambda x: x[0] * x[0] * x[1], [2.0, 3.0]).ok
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.agreement import RELATIVE, agrees
from engine.arguments import finite, function, positive
from engine.differences import STEP, Measured, measured
from engine.number import as_float
from engine.rounding import value_error
from engine.testing import check_rule as check_rule
from engine.transforms import value_and_grad
from engine.tree import Structure, flatten, unflatten
from engine.value import Value

CHECKED = "derivatives are checked where numbers are finite"
HIDDEN = 0.1  # a bound of rounding of more than this part of a derivative says little of it
UNSETTLED = 0.25  # and one of steps that do not converge; a derivative of half or twice the size is still seen


@dataclass(frozen=True)
class Entry:
    """One derivative: where it is, what the rules give, and what differences give.

    Attributes
    ----------
    path
        Which number of the arguments it belongs to.
    derivative, difference
        By the rules, and by differences; at a kink the one of the sides that is nearer.
    tolerance
        How far they may be apart: a millionth of the derivative, and how far the difference may be off.
    verdict
        "right" or "wrong"; "hidden", where rounding of the function leaves too little to see, and nothing contradicts;
        "kink", where the sides have derivatives that differ and the rules give one of these or one between; "jump",
        where the function has no derivative; "unsettled", where differences come to no result.
    sides
        Of a kink: the derivatives from the left and from the right.
    """

    path: str
    derivative: float
    difference: float
    tolerance: float
    verdict: str = "right"
    sides: tuple[float, float] = (math.nan, math.nan)

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the derivative."""
        return self.verdict in ("right", "hidden", "kink")

    def __str__(self) -> str:
        left, right = self.sides
        by = f"the rules give {self.derivative!r}"
        return {
            "wrong": f"{self.path}: {by}, differences {self.difference!r}",
            "kink": f"{self.path} lies on a kink: {by}, the slopes on its sides are {left:.6g} and {right:.6g}",
            "jump": f"{self.path}: {by}, but the function jumps here and has no derivative; check beside it",
            "hidden": f"{self.path}: {by}, which rounding of the function hides (+- {self.tolerance:.1g})",
            "unsettled": f"{self.path}: {by}; differences do not settle, the last two steps give {self.difference!r} "
            f"+- {self.tolerance:.1g}",
        }.get(self.verdict, f"{self.path}: {by}")


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found: `.ok`, `.entries`, and a printed form that names the worst entries."""

    entries: tuple[Entry, ...]

    @property
    def ok(self) -> bool:
        """Whether every derivative agrees."""
        return all(entry.ok for entry in self.entries)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        wrong = [entry for entry in self.entries if not entry.ok]
        kinks = [entry for entry in self.entries if entry.verdict == "kink"]
        hidden = [entry for entry in self.entries if entry.verdict == "hidden"]
        of = len(self.entries)
        count = f"{len(wrong)} of {of}" if wrong else f"{of - len(hidden)} of {of}" if hidden else f"all {of}"
        summary = f"{count} derivatives {'disagree' if wrong else 'agree'} with central differences"
        return "\n".join([summary, *[f"  {entry}" for entry in [*wrong[:10], *kinks[:10], *hidden[:10]]]])


def check_gradients(f: Callable[..., Any], *args: Any, step: float = STEP, rtol: float = RELATIVE) -> GradientCheck:
    """Compare the gradient of a scalar function, argument by argument, with central differences.

    Parameters
    ----------
    f
        Takes numbers or nested structures of them, and returns one number.
    args
        Where to check; every number in them is one derivative.
    step
        First step of the differences, relative to each number; others are tried where it does not decide.
    rtol
        Tolerance relative to the derivative, on top of how far the differences themselves may be off: what one step's
        result differs from the next one's, and the rounding of `f`, analysed on its graph (`engine.rounding`).

    Returns
    -------
    GradientCheck
        True where every derivative agrees. At a kink it says so, and accepts what lies between the sides.

    Raises
    ------
    ValueError
        If an argument or the function's value is not finite, or the function does not compute the same twice.

    Examples
    --------
    >>> from engine import Value, relu, tanh
    >>> print(check_gradients(lambda x: tanh(x) * x, 0.7))
    all 1 derivatives agree with central differences
    >>> print(check_gradients(relu, 0.0))
    all 1 derivatives agree with central differences
      args[0] lies on a kink: the rules give 0.0, the slopes on its sides are 0 and 1
    """
    function(f, "check_gradients")
    positive(step, "check_gradients: step")
    positive(rtol, "check_gradients: rtol")
    leaves, structure = flatten(args, "args")
    paths = list(structure.paths("args"))
    numbers = [finite(as_float(x), path, CHECKED) for x, path in zip(leaves, paths)]
    result, gradients = value_and_grad(f, tuple(range(len(args))), name="check_gradients")(*args)
    value = finite(float(result), "the function's value", CHECKED)
    derivatives = map(float, flatten(tuple(gradients))[0])
    along = _Along(f, structure, numbers)
    rounding = along.rounding(value)
    entries = []
    for i, (path, x, d) in enumerate(zip(paths, numbers, derivatives)):
        seen = measured(along(i), x, rounding=rounding, expected=d, value=value, step=step)
        entries.append(_entry(path, d, seen, rtol))
    return GradientCheck(tuple(entries))


class _Along:
    """A function of several numbers, as a function of each."""

    def __init__(self, f: Callable[..., Any], structure: Structure, numbers: Sequence[float]) -> None:
        self.f, self.structure, self.numbers = f, structure, numbers

    def _result(self, numbers: Sequence[float]) -> Any:
        return self.f(*unflatten(self.structure, [Value(x) for x in numbers]))

    def rounding(self, value: float) -> float:
        """Return what rounding may do to the function's value, which is computed once more."""
        again = self._result(self.numbers)
        if not agrees(float(again), value, 0.0):
            raise ValueError(
                f"the function gave {value!r} and then {float(again)!r} for the same arguments; fix its random numbers."
            )
        return value_error(again) if isinstance(again, Value) else math.ulp(value)

    def __call__(self, i: int) -> Callable[[float], float]:
        return lambda x: float(self._result([*self.numbers[:i], x, *self.numbers[i + 1 :]]))


def _entry(path: str, derivative: float, seen: Measured, rtol: float) -> Entry:
    """Judge one derivative."""
    size = max(abs(derivative), abs(seen.value)) if math.isfinite(derivative) else abs(seen.value)
    tolerance = rtol * size + seen.bound
    if seen.kind == "kink":
        left, right = seen.sides
        nearer = left if abs(left - derivative) < abs(right - derivative) else right
        tolerance = rtol * abs(nearer) + seen.bound
        between = min(seen.sides) - tolerance <= derivative <= max(seen.sides) + tolerance
        return Entry(path, derivative, nearer, tolerance, "kink" if between else "wrong", seen.sides)
    if seen.kind == "jump":
        return Entry(path, derivative, seen.value, 0.0, "jump")
    if seen.kind == "steep":
        return Entry(path, derivative, seen.value, 0.0, "right" if derivative == seen.value else "wrong")
    if not agrees(derivative, seen.value, tolerance):
        return Entry(path, derivative, seen.value, tolerance, "wrong")
    rounding = seen.bound <= 10.0 * seen.rounding
    vague = seen.bound > (HIDDEN if rounding else UNSETTLED) * size and derivative not in (0.0, seen.value)
    verdict = "right" if not vague else "hidden" if rounding else "unsettled"
    return Entry(path, derivative, seen.value, tolerance, verdict)
