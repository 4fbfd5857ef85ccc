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

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine import Value
from engine.agreement import EPS, EXACT, SINGLE, agrees, allowed, differenced, is_differenced
from engine.arguments import described, finite, function, result
from engine.differentiating import differentiating
from engine.number import as_float
from engine.rounding import analysed
from engine.tree import Structure, flatten, matched, unflatten
from nn.diagnosis.difference import describe
from nn.diagnosis.mistakes.table import close, proportion
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.diagnosis.terms import Term, terms
from nn.samples import numbers

Array: TypeAlias = npt.NDArray[np.float64]
JUDGED = "a gradient is judged where all numbers are finite"
FEW = 4  # numbers may all be of single precision by chance
MANY, DEEPEST = 300, 20  # terms that are looked at, and sums inside sums


def diagnose_function(f: Callable[[Any], Any], x: Any, candidate: Any) -> Diagnosis:
    """Name the mistake in the gradient of a scalar function.

    Looked for are: a constant factor, a turned sign, a transpose, entries in another order or off by one, a constant
    added, terms of the function's own sums that are missing, doubled or subtracted, and a sum or mean over an axis.

    Parameters
    ----------
    f
        A function of `x` that computes with the engine's operations and returns one number.
    x
        Where the gradient was taken: an array, or nested lists, tuples and dicts of numbers.
    candidate
        The gradient to diagnose, in the structure of `x`.

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
    given = _numbers(candidate, structure)
    return _Comparison(root, leaves, right.reshape(shape), given).diagnosis()


def _numbers(candidate: Any, structure: Structure) -> npt.NDArray[Any]:
    """Return a candidate's numbers, those of a dictionary by its keys."""
    if structure.kind == "dict":
        candidate = matched(candidate, structure, "candidate", "x")
    if structure.kind == "array" or isinstance(candidate, np.ndarray):
        return numbers(candidate, "candidate")
    leaves = flatten(candidate, "candidate")[0]
    return np.array([x if isinstance(x, np.floating) else as_float(x) for x in leaves])


class _Comparison:
    """A function's right gradient and somebody's, and the alterations that may lead from one to the other."""

    def __init__(self, root: Value, leaves: Sequence[Value], right: Array, given: npt.NDArray[Any]) -> None:
        self.root, self.leaves, self.right, self.given = root, leaves, right, given.astype(float)
        self.single = given.dtype.kind == "f" and given.dtype.itemsize < self.given.dtype.itemsize
        self.analysis = analysed(root, leaves)

    def diagnosis(self) -> Diagnosis:
        """Return what fits: changes of the whole gradient, or else terms of the function."""
        if not np.isfinite(self.given).all():
            return self._result("unnamed")
        exact = self._agrees(EXACT, 1.0)
        if exact.all():
            return self._result("right")
        nearly = self._is_nearly_right(exact)
        for kinds in self._kinds(nearly):
            found = [finding for kind in kinds for finding in kind()]
            if found:
                alone = len(found) == 1
                return self._result("named" if alone else "ambiguous", found)
        if nearly:
            said = (
                f"right to single precision only ({self._relative():.1e} of the largest entry): float32, or a numerical"
            )
            return self._result("right", remarks=(f"{said} difference",))
        return self._result("unnamed")

    def _agrees(self, relative: float, coarser: float) -> Array:
        """Return which entries are right, beside the terms that they are the sums of and beside their own rounding."""
        if self.given.shape != self.right.shape:
            return np.zeros(1)
        sizes, rounding = np.array(self.analysis.sizes), np.array(self.analysis.derivatives)
        limit = np.maximum(relative * sizes, allowed(len(self.leaves)) * coarser * rounding)
        within: Array = agrees(self.given, self.right, limit.reshape(self.right.shape))
        return within

    def _is_nearly_right(self, exact: Array) -> bool:
        """Whether it is right to the precision that it was computed in: float32, or differences of the function."""
        if self.given.shape != self.right.shape:
            return False
        if self._is_single():
            return bool(self._agrees(SINGLE, float(np.finfo(np.float32).eps) / EPS).all())
        return is_differenced(exact, self.right) and bool(agrees(self.given, self.right, differenced(self.right)).all())

    def _kinds(self, nearly: bool) -> Sequence[Sequence[Callable[[], Iterator[Finding]]]]:
        """Return the kinds of alterations to try, in turn; where it is nearly right only a small term may be wrong."""
        if not nearly:
            return (self._shapes, self._exact), (self._terms,), (self._reordered,)
        return () if self._is_single() else ((self._terms,),)

    def _is_single(self) -> bool:
        """Whether it was given in single precision: as such, or in numbers that all happen to be, and are not few."""
        with np.errstate(over="ignore"):
            held = np.array_equal(self.given.astype(np.float32), self.given)
        return self.single or (held and len(np.unique(self.given)) > FEW)

    # --- alterations ---

    def _finding(self, name: str, sentence: str, found: str, yours: str, right: str = "df/dx") -> Finding:
        return Finding(name, sentence, "x", found, right, yours, "")

    def _fits(self, altered: Array) -> bool:
        """Whether an altered gradient is the given one, and not only because the right one is as well."""
        if not close(self.given, altered, EXACT):
            return False
        return self.given.shape != self.right.shape or float(np.abs(self.given - altered).max(initial=0.0)) <= (
            0.01 * float(np.abs(self.given - self.right).max(initial=0.0))
        )

    def _shapes(self) -> Iterator[Finding]:
        """A transpose, and sums and means over axes, whatever shape is left."""
        r = self.right
        if r.ndim == 2 and self._fits(r.T):
            yield self._finding("transposed", "the gradient is transposed", f"shape {self.given.shape}", "(df/dx).T")
        axes: list[int | None] = [None, *range(r.ndim)] if r.ndim > 1 else [None]
        for axis in axes:
            where = "all entries" if axis is None else f"axis {axis}"
            for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
                kept = reduce(r, axis=axis, keepdims=True)
                flat = reduce(r, axis=axis)
                spread = np.broadcast_to(kept, r.shape)
                if any(self._fits(np.asarray(option)) for option in (flat, kept, spread)) and r.size > 1:
                    said = f"the gradient is {name} over {where}: it has an entry for every entry of x"
                    yield self._finding(f"{name}-over-axis", said, where, f"df/dx {name} over {where}")

    def _exact(self) -> Iterator[Finding]:
        """A factor, an order, an offset."""
        if self.given.shape != self.right.shape:
            return
        r, c = self.right, self.given
        factor = proportion(c, r, EXACT)
        if factor is not None and (np.count_nonzero(r) > 1 or factor in (-1.0, 2.0, 0.5)) and self._fits(factor * r):
            if abs(factor + 1.0) < EXACT:
                yield self._finding("sign", "the sign is turned", "yours = -1 x correct", "-df/dx")
            else:
                said = f"yours = {factor:.10g} x correct"
                yield self._finding("factor", "this is the right gradient times a constant", said, "c * df/dx")
        orders = [text for text, made in _orders(r) if self._fits(made)]
        if orders:
            moved = orders[0].startswith("one place")
            said = "the entries are off by one index" if moved else "the entries are right but in another order"
            yield self._finding("off-by-one" if moved else "permuted", said, orders[0], "df/dx with its entries moved")
        offset = float((c - r).mean()) if r.size else 0.0
        if r.size > 1 and offset and self._fits(r + offset):
            yield self._finding("offset", "a constant is added to every entry", f"{offset:.10g}", "df/dx + constant")

    def _reordered(self) -> Iterator[Finding]:
        """The same numbers in an order without a simple rule."""
        r, c = self.right, self.given
        if r.shape == c.shape and r.size > 2 and self._fits(_rearranged(r, c)):
            said = "the entries are right but in another order"
            yield self._finding("permuted", said, "no simple rule", "df/dx with its entries moved")

    def _terms(self) -> Iterator[Finding]:
        """Terms of the function's own sums, coarse ones first, that are missing, doubled or turned."""
        seen: list[Term] = []
        for level in range(1, DEEPEST):
            parts = terms(self.root, level)
            if parts == seen or len(parts) > MANY or self.given.shape != self.right.shape:
                return
            seen = parts
            gradients = np.array([part.gradient(self.leaves) for part in parts])
            counts = self._counts(gradients)
            if counts is not None:
                changed = [k for k in range(len(parts)) if counts[k] != 1]
                for k in changed:
                    yield self._term(int(counts[k]), k, parts)
                return

    def _counts(self, gradients: Array) -> Array | None:
        """Return how often each term was counted, if that explains the difference: one term, or a few."""
        difference = (self.given - self.right).ravel()
        size = len(gradients)
        for k in range(size if size > 1 else 0):
            factor = proportion(difference, gradients[k], EXACT)
            if factor is not None and round(factor) in (-2, -1, 1) and abs(factor - round(factor)) < 1e-6:
                return np.where(np.arange(size) == k, 1.0 + round(factor), 1.0)
        if not 1 < size <= difference.size or np.linalg.matrix_rank(gradients) < size:
            return None
        factors = np.linalg.lstsq(gradients.T, difference, rcond=None)[0]
        whole = np.round(factors)
        fits = np.abs(factors - whole).max() < 1e-6 and np.isin(whole, (-2, -1, 0, 1)).all()
        explained = fits and self._fits((self.right.ravel() + whole @ gradients).reshape(self.right.shape))
        return 1.0 + whole if explained and 0 < np.count_nonzero(whole) < size else None

    def _term(self, count: int, k: int, parts: Sequence[Term]) -> Finding:
        what = {
            0: ("term-missing", "a term of the function is missing in the gradient", "without"),
            2: ("term-doubled", "a term of the function counts twice in the gradient", "plus once more"),
            -1: ("term-turned", "a term of the function has the wrong sign in the gradient", "with a turned sign of"),
        }
        name, said, text = what[count]
        right = "df/dx = sum of the derivatives of all terms"
        found = f"term {k + 1} of {len(parts)}: {parts[k]}"
        return self._finding(name, said, found, f"df/dx {text} d({parts[k]})/dx", right)

    # --- the result ---

    def _relative(self) -> float:
        largest = float(np.abs(self.right).max(initial=0.0))
        return float(np.abs(self.given - self.right).max(initial=0.0)) / (largest or 1.0)

    def _result(self, verdict: str, found: Sequence[Finding] = (), remarks: tuple[str, ...] = ()) -> Diagnosis:
        same_shape = self.given.shape == self.right.shape
        relative = self._relative() if same_shape else np.inf
        note = f"has shape {self.given.shape}, not {self.right.shape}" if not same_shape else ""
        if verdict == "unnamed" and same_shape and self.given.ndim in (1, 2):
            x = np.array([leaf.data for leaf in self.leaves]).reshape(self.right.shape)
            note = describe(self.given - self.right, {}, {"x": x, "the right gradient": self.right})
        if verdict == "ambiguous" and all(finding.name.startswith("term-") for finding in found):
            verdict = "named"  # several terms, which belong together
        row = Verdict("x", verdict, relative / np.finfo(float).eps, relative, note)
        if verdict == "ambiguous":
            several = tuple((finding,) for finding in found)
            return Diagnosis(verdict, (), several, "take another x, with distinct entries", (row,), remarks)
        return Diagnosis(verdict, tuple(found), parameters=(row,), remarks=remarks)


def _orders(r: Array) -> Iterator[tuple[str, Array]]:
    """Yield reorderings of a gradient that people make."""
    for axis in range(r.ndim):
        along = f" along axis {axis}" if r.ndim > 1 else ""
        yield f"reversed{along}", np.flip(r, axis)
        for step, said in ((1, "one place late"), (-1, "one place early")):
            moved = np.roll(r, step, axis)
            yield f"{said}{along}, the last entry first" if step == 1 else f"{said}{along}, the first entry last", moved
            ends: list[slice | int] = [slice(None)] * r.ndim
            ends[axis] = 0 if step == 1 else -1
            padded = moved.copy()
            padded[tuple(ends)] = 0.0
            yield f"{said}{along}, with zeros", padded
    if r.ndim == 2 and r.shape[0] != r.shape[1]:
        yield "reshaped in place of transposed", r.T.reshape(r.shape)


def _rearranged(r: Array, like: Array) -> Array:
    """Return an array's entries in the order that another's have."""
    made = np.empty(r.size)
    made[np.argsort(like, axis=None)] = np.sort(r, axis=None)
    return made.reshape(r.shape)
