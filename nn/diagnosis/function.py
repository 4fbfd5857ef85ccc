"""Say what is wrong with a hand-derived gradient of any scalar function of an array.

>>> import numpy as np
>>> def f(x):
...     return (x * x).sum() + x[0] * x[1]
>>> x = np.array([1.0, 2.0, 5.0])
>>> print(diagnose_function(f, x, 2 * x).findings[0])
x: a term of the function is missing in the gradient (term 2 of 2: x[0] * x[1]) [term-missing]
  should be:  df/dx = sum of the derivatives of all terms
  yours fits: df/dx without d(x[0] * x[1])/dx
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.agreement import EPS, EXACT, NEARER, SINGLE, agrees, allowed, differenced, is_differenced
from engine.arguments import described, finite, function, result
from engine.differentiating import differentiating
from engine.number import as_float
from engine.rounding import analysed
from engine.tree import Structure, flatten, matched, unflatten
from nn.agreement.tolerance import UNIT_OF_SINGLE, is_single
from nn.diagnosis.agreed import agreed
from nn.diagnosis.alterations.explain import FunctionOfArrays, explanations
from nn.diagnosis.alterations.target import proves
from nn.diagnosis.alterations.ties import at_ties
from nn.diagnosis.difference import describe
from nn.diagnosis.miscounted import miscounted
from nn.diagnosis.noticed import noticed
from nn.diagnosis.points import POINTS, elsewhere
from nn.diagnosis.rearranged import by_numbers, by_shape, by_sorting
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.diagnosis.terms import Term
from nn.samples import Array, numbers

Judge: TypeAlias = "Callable[[Comparison], Diagnosis | None]"
STEP = 1e-5  # of differences, by which they enlarge the rounding of the function's value
FEW = "pass the gradient as a function, or take an x of more entries that are not round: these could be a coincidence"
KINK = "right at a kink, where it has the derivative of one side"
JUDGED = "a gradient is judged where all numbers are finite"


def diagnose_function(f: Callable[[Any], Any], x: Any, candidate: Any) -> Diagnosis:
    """Name the mistake in the gradient of a scalar function.

    Looked for are: a constant factor, a turned sign, a transpose, entries in another order or off by one, a constant
    added, terms of the function's own sums that are missing, doubled or subtracted, and a sum or mean over an axis.
    What is none of these is sought among alterations of the function's own backward pass: paths and factors that are
    missing, other slopes, other operands, sums over other axes.

    Parameters
    ----------
    f
        A function of `x` that computes with the engine's operations and returns one number.
    x
        Where the gradient was taken: an array, or nested lists, tuples and dicts of numbers.
    candidate
        The gradient to diagnose, in the structure of `x`; or the function of `x` that returns it, which is then tried
        at other numbers of the same signs as well: what is named must be so at all of them.

    Returns
    -------
    Diagnosis
        Its ``verdict``, ``findings`` and ``parameters``; named only where it fits to rounding.

    Raises
    ------
    TypeError
        If `x` holds something else than numbers, or `f` does not return one number.
    ValueError
        If a number of `x` or a right derivative is not finite.
    """
    function(f, "diagnose_function")
    if not callable(candidate):
        return _judged(_compared(f, x, candidate))
    rng = np.random.default_rng(0)
    points = [x, *[elsewhere(x, rng) for _ in range(POINTS - 1)]]
    compared = [_compared(f, at, result(candidate, [at], {}, "diagnose_function")) for at in points]
    for comparison in compared:
        comparison.others = [other for other in compared if other is not comparison]
    whole = [_judged(comparison) for comparison in compared]
    if len({finding.found for diagnosis in whole for finding in diagnosis.findings if finding.name == "factor"}) > 1:
        whole = [_judged(comparison, IN_PARTS) for comparison in compared]  # no constant: another at each point
    return agreed(whole)


def _judged(comparison: Comparison, judges: Sequence[Judge] | None = None) -> Diagnosis:
    return next(diagnosis for judge in judges or ORDER if (diagnosis := judge(comparison)) is not None)


def _compared(f: Callable[[Any], Any], x: Any, candidate: Any) -> Comparison:
    """Compare a gradient with the right one at one point."""
    entries, structure = flatten(x, "x")
    paths = list(structure.paths("x"))
    leaves = [Value(finite(as_float(number), path, JUDGED), path) for number, path in zip(entries, paths)]
    with differentiating(leaves, "diagnose_function"):
        root = result(f, [unflatten(structure, leaves)], {}, "diagnose_function")
    if not isinstance(root, Value):
        if not isinstance(root, (int, float, np.number)):
            raise TypeError(f"f returned {described(root)}, not one number; sum its results, or take one of them.")
        root = Value.constant(float(root))
    shape = np.shape(x) if isinstance(x, np.ndarray) else (len(leaves),)
    right = Term(((root, 1.0),)).gradient(leaves)
    for path, entry in zip(paths, right.tolist()):
        finite(entry, f"the right derivative by {path}", JUDGED)
    arrays = FunctionOfArrays.of(f, x)
    comparison = Comparison(root, leaves, right.reshape(shape), _numbers(candidate, structure), arrays)
    if arrays is None or comparison.exact.all():
        return comparison
    others = (comparison.with_right(np.concatenate(x, axis=None)) for x in at_ties(arrays.f, arrays.arguments))
    return next((other for other in others if other.exact.all()), comparison)


def _numbers(candidate: Any, structure: Structure) -> npt.NDArray[Any]:
    """Return a candidate's numbers, those of a dictionary by its keys."""
    if structure.kind == "dict":
        candidate = matched(candidate, structure, "candidate", "x")
    if structure.kind == "array" or isinstance(candidate, np.ndarray):
        return numbers(candidate, "candidate")
    leaves = flatten(candidate, "candidate")[0]
    return np.array([x if isinstance(x, np.floating) else as_float(x) for x in leaves])


class Comparison:
    """A function's right gradient and somebody's.

    Attributes
    ----------
    root, leaves
        The function's graph.
    right, given
        The two gradients.
    arrays
        The function as one of arrays, if it is.
    is_single
        Whether the given one is in single precision: as such, or in numbers that all happen to be, and are not few.
    others
        Those of the same function at other points.
    beside
        Those of the same function by other arrays, which were computed in the same way.
    """

    def __init__(
        self,
        root: Value,
        leaves: Sequence[Value],
        right: Array,
        given: npt.NDArray[Any],
        arrays: FunctionOfArrays | None = None,
    ) -> None:
        self.arrays = arrays
        self.root, self.leaves, self.right, self.given = root, leaves, right, given.astype(float)
        single = given.dtype.kind == "f" and given.dtype.itemsize < self.given.dtype.itemsize
        self.is_single = single or is_single([self.given])
        self.analysis = analysed(root, leaves)
        self.beside: Sequence[Comparison] = ()
        self.is_at_kink = False
        self.others: Sequence[Comparison] = ()

    def with_right(self, right: Array) -> Comparison:
        """Return the comparison with another gradient that is as right: at a kink."""
        other = copy(self)
        other.right, other.is_at_kink = right.reshape(self.right.shape), True
        vars(other).pop("exact", None), vars(other).pop("nearer", None)
        return other

    @property
    def comparable(self) -> bool:
        """Whether the two have one shape."""
        return self.given.shape == self.right.shape

    @property
    def relative(self) -> float:
        """The largest error beside the largest entry."""
        if not self.comparable:
            return np.inf
        largest = float(np.abs(self.right).max(initial=0.0))
        return float(np.abs(self.given - self.right).max(initial=0.0)) / (largest or 1.0)

    def agreeing(self, relative: float, coarser: float) -> Array:
        """Return which entries are right, beside the terms that they are the sums of and beside their own rounding."""
        if not self.comparable:
            return np.zeros(1, bool)
        sizes, rounding = np.array(self.analysis.sizes), np.array(self.analysis.derivatives)
        limit = np.maximum(relative * sizes, allowed(len(self.leaves)) * coarser * rounding)
        within: Array = agrees(self.given, self.right, limit.reshape(self.right.shape))
        return within

    @cached_property
    def nearer(self) -> Array:
        """Which entries are off by a part of their own that no mistake changes so little."""
        within: Array = agrees(self.given, self.right, NEARER * np.abs(self.right))
        return within

    @cached_property
    def exact(self) -> Array:
        """Which entries are right to double precision: a saturated one too, where a formula cancels (p - 1)."""
        if not self.comparable:
            return np.zeros(1, bool)
        largest = float(np.abs(self.right).max(initial=0.0))
        saturated: Array = self.nearer & agrees(self.given, self.right, EXACT * largest)
        return self.agreeing(EXACT, 1.0) | saturated

    @cached_property
    def is_coarsely_right(self) -> bool:
        """Whether it is right to the precision of what computed it: float32, or differences of the function."""
        if not self.comparable:
            return False
        if self.is_single:
            return bool(self.agreeing(SINGLE, UNIT_OF_SINGLE).all())
        together = [c for c in (self, *self.beside) if c.comparable]
        largest = max(float(np.abs(c.right).max(initial=0.0)) for c in together)
        noise = min(self.analysis.value / STEP, SINGLE * largest)
        if not agrees(self.given, self.right, differenced(self.right, largest) + noise).all():
            return False
        if np.all(self.exact | self.nearer):
            return True
        rounded = [c.agreeing(0.0, 1.0).ravel() for c in together]  # not EXACT: large terms hide differences
        return is_differenced(np.concatenate(rounded), np.concatenate([c.right.ravel() for c in together]))

    @cached_property
    def altered(self) -> list[tuple[Finding, ...]]:
        """The alterations of the function's own backward pass that reproduce what was given."""
        if self.arrays is None or self.is_single or not np.isfinite(self.given).all():
            return []
        there = [c.arrays.point(c.given, c.right) for c in self.others if c.arrays is not None]
        point = self.arrays.point(self.given, self.right)
        return explanations(*point, others=there) if len(point.given) == len(point.arguments) else []

    def alone(self) -> Diagnosis:
        """Return what is said of the numbers, without the function's terms and its backward pass."""
        return next(diagnosis for judge in OF_NUMBERS if (diagnosis := judge(self)) is not None)

    def concluded(self, verdict: str, findings: Sequence[Finding] = (), note: str = "", remark: str = "") -> Diagnosis:
        """Return the diagnosis."""
        row = Verdict("x", verdict, self.relative / EPS, self.relative, note)
        remarks = (remark,) if remark else ()
        if verdict == "ambiguous":
            several = tuple((finding,) for finding in findings)
            return Diagnosis(verdict, (), several, "take another x, with distinct entries", (row,), remarks)
        return Diagnosis(verdict, tuple(findings), parameters=(row,), remarks=remarks)

    def named(self, findings: Iterable[Finding]) -> Diagnosis | None:
        """Return the diagnosis by what fits, if anything does; one fits, or several do."""
        several = list(findings)
        return self.concluded("named" if len(several) == 1 else "ambiguous", several) if several else None


# --- the judges, in their order ------------------------------------------------------------------------------------


def not_finite(c: Comparison) -> Diagnosis | None:
    """There are entries that are no numbers."""
    return None if np.isfinite(c.given).all() else unnamed(c)


def exactly_right(c: Comparison) -> Diagnosis | None:
    """Every entry agrees to rounding."""
    return c.concluded("right", remark=KINK if c.is_at_kink else "") if c.exact.all() else None


def rearranged_or_scaled(c: Comparison) -> Diagnosis | None:
    """One change of the whole gradient reproduces it."""
    if c.is_coarsely_right:
        return None
    return c.named([*by_shape(c.right, c.given), *by_numbers(c.right, c.given)])


def terms_miscounted(c: Comparison) -> Diagnosis | None:
    """Terms of the function's own sums are missing, doubled or of the wrong sign; several belong together."""
    if not c.comparable or (c.is_coarsely_right and c.is_single):  # differences may hide a small term
        return None
    findings = miscounted(c.root, c.leaves, c.right, c.given)
    if any(finding.name == "term-turned" for finding in findings) and _are_assigned(c.altered):
        return None  # terms that are equal, and are counted once: which a turned sign of one looks like
    return c.concluded("named", findings) if findings else None


def _are_assigned(paths: Sequence[tuple[Finding, ...]]) -> bool:
    return bool(paths) and all(finding.name == "overwritten" for path in paths for finding in path)


def reordered(c: Comparison) -> Diagnosis | None:
    """The same numbers stand in another order."""
    return None if c.is_coarsely_right else c.named(by_sorting(c.right, c.given))


def nearly_right(c: Comparison) -> Diagnosis | None:
    """It is right to the precision of what computed it."""
    if not c.is_coarsely_right:
        return None
    precision = f"right to single precision only ({c.relative:.1e} of the largest entry)"
    return c.concluded("right", remark=f"{precision}: float32, or a numerical difference")


def backward_altered(c: Comparison) -> Diagnosis | None:
    """An alteration of the function's own backward pass reproduces it, or several do."""
    if not c.altered:
        return None
    is_proven = not c.comparable or proves([c.given, *[other.given for other in c.others]], len(c.altered[0]))
    if len(c.altered) == 1 and is_proven:
        return c.concluded("named", c.altered[0])
    row = Verdict("x", "ambiguous", c.relative / EPS, c.relative)
    experiment = "compare the derivation at these places" if is_proven else FEW
    return Diagnosis("ambiguous", (), tuple(c.altered), experiment, (row,))


def unnamed(c: Comparison) -> Diagnosis | None:
    """Nothing fits: where the difference sits."""
    note = "" if c.comparable else f"has shape {c.given.shape}, not {c.right.shape}"
    x = np.array([leaf.data for leaf in c.leaves]).reshape(c.right.shape)
    seen = noticed(c.right, c.given, x)
    if seen:
        note = "; ".join(seen)
    elif c.comparable and c.given.ndim in (1, 2):
        note = describe(c.given - c.right, {}, {"x": x, "the right gradient": c.right})
    return c.concluded("unnamed", note=note)


ORDER = (
    not_finite,
    exactly_right,
    rearranged_or_scaled,
    terms_miscounted,
    reordered,
    nearly_right,
    backward_altered,
    unnamed,
)
IN_PARTS = tuple(judge for judge in ORDER if judge is not rearranged_or_scaled)
OF_NUMBERS = (not_finite, exactly_right, rearranged_or_scaled, reordered, nearly_right, unnamed)
