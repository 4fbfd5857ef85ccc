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

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import Value
from engine import array as array_of_values
from engine.arguments import described, finite, function, result
from engine.differentiating import differentiating
from engine.errors import TraceError
from engine.number import as_float
from engine.tree import Structure, flatten, matched, unflatten
from nn.diagnosis.alterations.explain import Findings, Point, as_whole
from nn.diagnosis.alterations.ties import branches
from nn.diagnosis.buffers import buffers
from nn.diagnosis.comparison import Comparison
from nn.diagnosis.mending.written import Written
from nn.diagnosis.perturbed import spread_of
from nn.diagnosis.pipeline import JUDGED, JudgedPoint, at_points
from nn.diagnosis.points import POINTS, beyond, elsewhere, farther
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.terms import Term
from nn.diagnosis.tolerated import at_kinks, with_spreads
from nn.samples import Array, numbers


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
        return FunctionPoint(f, x, candidate).diagnosis()
    rng = np.random.default_rng(0)
    points = [x, *[elsewhere(x, rng) for _ in range(POINTS - 1)]]
    judged = [FunctionPoint(f, at, partial(_called, candidate)) for at in points]
    away, unlike = (FunctionPoint(f, at, candidate) for at in farther(x, rng)), beyond([x])
    return at_points(judged, (), away, ((where, FunctionPoint(f, at, candidate)) for where, (at,) in unlike))


def _called(candidate: Callable[[Any], Any], x: Any) -> Any:
    """Return what a candidate makes of `x`; what it raises is said to be its."""
    return result(candidate, [x], {}, "diagnose_function")


class FunctionPoint(JudgedPoint):
    """A function of arrays or other numbers at one point, and somebody's gradient, which is one whatever `x` holds."""

    experiment = "take another x, with distinct entries"

    def __init__(self, f: Callable[[Any], Any], x: Any, candidate: Any) -> None:
        self._f, self._x, self._candidate = f, x, candidate

    @cached_property
    def _of_arrays(self) -> tuple[Callable[..., Any], list[tuple[str, Array]]]:
        return _of_arrays(self._f, self._x)

    @property
    def loss(self) -> Callable[..., Any]:
        """The function, as one of arrays."""
        return self._of_arrays[0]

    @property
    def arguments(self) -> list[tuple[str, Array]]:
        """These arrays, by name; none where it is a function of something else."""
        return self._of_arrays[1]

    @cached_property
    def _compared(self) -> Comparison:
        """The gradient beside the right one; of a candidate that is a function, what it returns."""
        entries, structure = flatten(self._x, "x")
        paths = list(structure.paths("x"))
        leaves = [Value(finite(as_float(number), path, JUDGED), path) for number, path in zip(entries, paths)]
        with differentiating(leaves, "diagnose_function"):
            root = self._of_values(unflatten(structure, leaves))
        if not isinstance(root, Value):
            if not isinstance(root, (int, float, np.number)):
                raise TypeError(f"f returned {described(root)}, not one number; sum its results, or take one of them.")
            root = Value.constant(float(root))
        right = Term(((root, 1.0),)).gradient(leaves)
        for path, entry in zip(paths, right.tolist()):
            finite(entry, f"the right derivative by {path}", JUDGED)
        shape = np.shape(self._x) if isinstance(self._x, np.ndarray) else (len(leaves),)
        comparison = Comparison(root, leaves, right.reshape(shape), self._given(self._x, structure))
        comparison.has_terms = True
        compared = at_kinks({0: comparison}, self.loss, self.arguments, _joined)
        return with_spreads(compared, lambda runs: self._spreads(comparison.given, entries, structure, runs))[0]

    def _of_values(self, x: Any) -> Any:
        """Return what the function makes of Values; it may compute with `math`, or fill an array of floats."""
        try:
            return result(self._f, [x], {}, "diagnose_function")
        except TraceError as refused:
            with suppress(TraceError), buffers(array_of_values):
                return result(self._f, [x], {}, "diagnose_function")
            raise refused

    def _spreads(self, given: Array, entries: Sequence[Any], structure: Structure, runs: int) -> dict[int, Array]:
        """Return how far other roundings move what a candidate that is a function returns of x."""
        if not callable(self._candidate):
            return {}
        x = [self._x] if structure.kind == "array" else [np.asarray(as_float(number)) for number in entries]

        def gradients(*x: Any) -> list[Array]:
            return [self._given(x[0] if structure.kind == "array" else unflatten(structure, list(x)), structure)]

        return dict(enumerate(spread_of(gradients, x, [given], runs)))

    def _given(self, x: Any, structure: Structure) -> npt.NDArray[Any]:
        """Return the numbers of the candidate; of a function, at x."""
        return _numbers(self._candidate(x) if callable(self._candidate) else self._candidate, structure)

    @cached_property
    def branches(self) -> list[Array]:
        """Which way the function's comparisons turn out."""
        return branches(self.loss, self.arguments)

    @property
    def comparisons(self) -> Mapping[int, Comparison]:
        """The gradient beside the right one."""
        return {0: self._compared}

    def written(self) -> Written | None:
        """Return the function that returns the gradient, if it is one."""

        def run(candidate: Callable[[Any], Any]) -> dict[int, Array]:
            return {0: _numbers(candidate(self._x), flatten(self._x, "x")[1])}

        if not callable(self._candidate):
            return None
        known, gradients = dict(self.arguments), ({0: self._compared.right}, {0: self._compared.given}, {0: "x"})
        return Written(self._candidate, run, self._f, lambda f: f(self._x), *gradients, known)

    def name_of(self, at: int) -> str:
        """Return x."""
        return "x"

    def recorded(self, wrong: Sequence[int]) -> Point | None:
        """Return the function and the gradients, in the shapes of the arrays that it takes if it has their entries."""
        compared = self._compared
        given = self._parts(compared.given) if compared.comparable else [compared.given]
        is_recorded = bool(self.arguments) and len(given) == len(self.arguments)
        return Point(self.loss, self.arguments, given, self._parts(compared.right)) if is_recorded else None

    def _parts(self, gradient: Array) -> list[Array]:
        """Return the part of each array, in its shape."""
        ends = np.cumsum([x.size for _, x in self.arguments])[:-1]
        return [part.reshape(x.shape) for part, (_, x) in zip(np.split(np.ravel(gradient), ends), self.arguments)]

    def altered(
        self, wrong: Sequence[int], others: Sequence[JudgedPoint]
    ) -> tuple[list[Findings], dict[int, list[Findings]]]:
        """Return alterations, which are sought where no change of the whole is what was given.

        Equal terms that are counted once look like one with a turned sign.
        """
        whole = self.whole(0, others)
        if whole and "term-turned" not in _names(whole):
            return [], {}
        paths = as_whole(*super().altered(wrong, others))
        return ([] if whole and _names(paths) != {"overwritten"} else paths), {}


def _joined(rights: Sequence[Array]) -> list[Array]:
    return [np.concatenate(rights, axis=None)]


def _names(paths: Sequence[Findings]) -> set[str]:
    return {finding.name for path in paths for finding in path}


def _of_arrays(f: Callable[[Any], Any], x: Any) -> tuple[Callable[..., Any], list[tuple[str, Array]]]:
    """Return a function as one of the array, or of those in a dictionary, that it takes, and these; none otherwise."""
    if isinstance(x, np.ndarray):
        return f, [("x", x.astype(float))]
    if isinstance(x, dict) and all(isinstance(v, (np.ndarray, float, int)) for v in x.values()):
        return lambda *arrays: f(dict(zip(x, arrays))), [(f"{k}", np.asarray(v, float)) for k, v in x.items()]
    return f, []


def _numbers(candidate: Any, structure: Structure) -> npt.NDArray[Any]:
    """Return a candidate's numbers, those of a dictionary by its keys."""
    if structure.kind == "dict":
        candidate = matched(candidate, structure, "candidate", "x")
    if structure.kind == "array" or isinstance(candidate, np.ndarray):
        return numbers(candidate, "candidate")
    leaves = flatten(candidate, "candidate")[0]
    return np.array([x if isinstance(x, np.floating) else as_float(x) for x in leaves])
