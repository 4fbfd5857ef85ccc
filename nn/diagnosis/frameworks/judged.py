"""The verdict on a backward pass of a framework: in double and in single precision, by a forward pass.

Where the forward pass is NumPy's, everything is as for a backward pass in NumPy (`nn.diagnosis.layer`).  Where it is
the framework's, the framework differentiates it operation by operation, in double precision; what rounding may do to
an entry is told by what single precision does to the right gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from engine import Value
from engine.agreement import EPS, SINGLE
from engine.rounding import Analysis
from nn.agreement.tolerance import LOOSEST_SINGLE
from nn.diagnosis.asked import copies, parts
from nn.diagnosis.comparison import Comparison
from nn.diagnosis.frameworks.custom import Custom, FrameworkError
from nn.diagnosis.frameworks.jax_custom import jax_custom
from nn.diagnosis.frameworks.rounding import are_single, as_precise, rounded_by
from nn.diagnosis.frameworks.torch_custom import torch_custom
from nn.diagnosis.layer import LayerPoint, is_differentiated, that_run
from nn.diagnosis.pipeline import JudgedPoint, at_points
from nn.diagnosis.points import POINTS, elsewhere, longer
from nn.diagnosis.report import Diagnosis
from nn.samples import Array, numbers

UNIT_OF_SINGLE = float(np.finfo(np.float32).eps)
COARSER = 1e-10  # a result of double precision is not off by more: it was computed in another
LEAST_PRECISE = 1e-2  # what is less precise has no name
MOST_NOISE = 1e5  # of what single precision does to a gradient, beside its largest entry: what cancels more is another
STEP, NEAR = 1e-6, 1e-4  # of differences that the right gradient is compared with; how near they are to it
ONLY_DOUBLE = "judged in double precision only: in single precision "
OVERFLOWS = "judged in double precision only: in single precision the forward pass itself overflows"
ONLY_SINGLE = "judged in single precision only: in double precision "
NOT_IN_SINGLE = (
    "right in double precision, but not in single: something overflows, cancels, or has a constant too small"
)
COARSE = "it computes in a coarser one"
CONSTANT = (
    "the forward pass is constant here, piece by piece: its gradient is 0; where another one is meant, as of a "
    "straight-through estimator, pass the function whose gradient it should be as forward"
)
OTHER_RESULT = "its result is another than forward's"


def of_framework(first: Any, second: Any, rest: Sequence[Any]) -> tuple[Custom, Callable[..., Any] | None] | None:
    """Return the function of a framework among arguments, and what it is to be judged by; None if there is none.

    Parameters
    ----------
    first, second, rest
        The function and its inputs; or a forward pass, the function, and its inputs.
    """
    for function, forward, inputs in ((second, first, rest), (first, None, (second, *rest))):
        custom = torch_custom(function, inputs) or jax_custom(function, inputs)
        if custom is not None:
            return custom, None if forward is function else forward
    return None


def of_custom(custom: Custom, forward: Callable[..., Any] | None, rng: np.random.Generator) -> Diagnosis:
    """Return what is said of a function's backward pass, at random numbers of double and of single precision.

    Raises
    ------
    TypeError
        If there is no array of floats among its inputs.
    ValueError
        If the framework cannot run it, or its forward pass hides from the framework what it computes.
    """
    if not any(map(is_differentiated, custom.inputs)):
        raise TypeError(f"{custom.title} is differentiated by arrays of floats, and there is none among its inputs.")
    by_numpy = forward is not None and _is_numpy(forward, custom)
    case = _Case(custom if by_numpy else custom.judged_by(forward), forward if by_numpy else None, rng)
    double = [as_precise(custom.inputs, np.float64)]
    double += others_of(double[0], rng)
    single = as_precise(custom.inputs, np.float32)
    try:
        if case.rounding(double[0]) > COARSER:
            raise FrameworkError(COARSE)
        diagnosis = case.at(*double)
    except FrameworkError as error:
        return case.in_single_only(single, error)
    return case.in_single_too(single, diagnosis) if diagnosis.ok else diagnosis


def others_of(inputs: Sequence[Any], rng: np.random.Generator) -> list[list[Any]]:
    """Return other points: other numbers in the arrays of floats."""
    return [[np.asarray(elsewhere(x, rng)) if is_differentiated(x) else x for x in inputs] for _ in range(POINTS - 1)]


@dataclass(frozen=True)
class _Case:
    """A function, the forward pass in NumPy that it is judged by, if there is one, and whether it is only in single."""

    custom: Custom
    forward: Callable[..., Any] | None
    rng: np.random.Generator
    only_single: bool = False

    def at(self, *several: Sequence[Any]) -> Diagnosis:
        """Return the diagnosis at some points, the first of which was given."""
        points = [self._point(inputs) for inputs in several]
        shapes = longer(several[0], self.rng) if len(several) > 1 else ()
        diagnosis = at_points(points, that_run(map(self._point, shapes), points[0]))
        remarks: tuple[str, ...] = ()
        if self.forward is not None and not self._agrees(points[0].ran[0], several[0]):
            remarks += (OTHER_RESULT,)
        return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))

    def _point(self, inputs: Sequence[Any]) -> LayerPoint:
        custom, names = self.custom, self.custom.names
        if self.forward is None:
            return FrameworkPoint(custom.on_arrays, custom.by_hand, inputs, names, self.rng, custom)
        rounding = self.rounding(inputs) if are_single(inputs) else 0.0
        if self.only_single or rounding > LOOSEST_SINGLE:
            return CoarsePoint(self._numpy, self._gradients, inputs, names, self.rng, rounding)
        return LayerPoint(self._numpy, self._gradients, inputs, names, self.rng)

    def rounding(self, inputs: Sequence[Any]) -> float:
        """Return how far rounding moves the function's own result, beside its largest entry."""
        if self.forward is None:
            return rounded_by(self.custom, self.custom.result, inputs)
        return rounded_by(self.custom, lambda exact: numbers(self._numpy(*exact), "forward's result"), inputs)

    def in_single_only(self, inputs: Sequence[Any], error: FrameworkError) -> Diagnosis:
        """Return the diagnosis in single precision, of a function that takes no other."""
        try:
            diagnosis = replace(self, only_single=True).at(inputs, *others_of(inputs, self.rng))
        except FrameworkError:
            raise error from None
        return replace(diagnosis, remarks=(*diagnosis.remarks, f"{ONLY_SINGLE}{error}"))

    def in_single_too(self, inputs: Sequence[Any], double: Diagnosis) -> Diagnosis:
        """Return the diagnosis of what is right in double precision."""
        try:
            if not self._is_finite(inputs):
                return replace(double, remarks=(*double.remarks, OVERFLOWS))
            single = self.at(inputs)
        except FrameworkError as error:
            return replace(double, remarks=(*double.remarks, f"{ONLY_DOUBLE}{error}"))
        remarks = (*single.remarks, NOT_IN_SINGLE)
        return double if single.ok else Diagnosis("unnamed", parameters=single.parameters, remarks=remarks)

    def _is_finite(self, inputs: Sequence[Any]) -> bool:
        """Whether the forward pass, and its ordinary derivatives, are finite numbers, as far as there are any."""
        try:
            out = self.custom.ordinary(inputs)[0]
            gradients = self.custom.ordinary(inputs, np.ones_like(out))[1]
        except FrameworkError:
            return True
        return all(bool(np.isfinite(x).all()) for x in (out, *gradients))

    def _numpy(self, *inputs: Any) -> Any:
        assert self.forward is not None
        return parts(self.forward(*copies(self.custom.arguments(inputs))))[0]

    def _gradients(self, dout: Array, *inputs: Any) -> list[Array]:
        return self.custom.by_hand(inputs, dout)[1]

    def _agrees(self, out: Array, inputs: Sequence[Any]) -> bool:
        own = self.custom.by_hand(inputs)[0]
        return own.shape == out.shape and bool(
            np.allclose(own, out, rtol=1e-4, atol=1e-6 * np.abs(out).max(initial=0.0))
        )


@dataclass(frozen=True)
class FrameworkPoint(LayerPoint):
    """A function of a framework at one point, judged by the framework's ordinary differentiation.

    Attributes
    ----------
    custom
        The function.
    """

    custom: Custom

    @cached_property
    def ran(self) -> tuple[Array, tuple[Any, ...]]:
        """What the forward pass returns."""
        return self.custom.ordinary(self.inputs)[0], ()

    @cached_property
    def given(self) -> dict[int, Array]:
        """The gradients of the function's own backward pass."""
        return dict(enumerate(self.custom.by_hand(self.inputs, self.dout)[1]))

    @cached_property
    def comparisons(self) -> dict[int, Comparison]:
        """Each gradient beside the right one."""
        right = self._right()
        noise = self._noise()
        return {
            at: _compared(
                self.inputs[k], right[at], self.given[at], noise[at], float(np.abs(self.dout).max(initial=0.0))
            )
            for at, k in enumerate(self.places)
        }

    def _right(self) -> list[Array]:
        """Return the right gradients: of double precision, unless the forward pass takes none."""
        exact = as_precise(self.inputs, np.float64)
        try:
            right = self.custom.ordinary(exact, self.dout.astype(float))[1]
        except FrameworkError:
            return self.custom.ordinary(self.inputs, self.dout)[1]
        self._check(exact, right)
        return right

    @property
    def refused(self) -> str:
        """Nothing: the framework differentiates."""
        return ""

    @property
    def is_constant(self) -> bool:
        """Whether no input changes the result."""
        return not any(comparison.right.any() for comparison in self.comparisons.values())

    def diagnosis(self, others: Sequence[JudgedPoint] = ()) -> Diagnosis:
        """Return the verdict, with a word on a forward pass that is constant."""
        diagnosis = super().diagnosis(others)
        remarks = (CONSTANT,) if self.is_constant and not diagnosis.ok else ()
        return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))

    def _noise(self) -> list[float]:
        """Return how large the terms are that each right gradient is the sum of: single precision's errors tell."""
        coarse, dout = as_precise(self.inputs, np.float32), self.dout.astype(np.float32)
        try:
            single = self.custom.ordinary(coarse, dout)[1]
            double = self.custom.ordinary(as_precise(coarse, np.float64), dout.astype(float))[1]
        except FrameworkError:
            return [0.0] * len(self.places)
        rounded = rounded_by(self.custom, self.custom.result, coarse) if are_single(self.inputs) else 0.0
        with np.errstate(all="ignore"):
            errors = [float(np.abs(a - b).max(initial=0.0)) for a, b in zip(single, double)]
        sizes = [float(np.abs(x).max(initial=0.0)) for x in double]
        noise = [max(error, rounded * size) / UNIT_OF_SINGLE for error, size in zip(errors, sizes)]
        return [x if np.isfinite(x) else 0.0 for x in noise]

    def _check(self, inputs: Sequence[Any], right: Sequence[Array]) -> None:
        """Refuse a forward pass whose right gradient is not what its own differences say."""
        rng = np.random.default_rng(0)
        ways = {
            k: rng.normal(size=x.shape) * np.abs(x).max(initial=STEP)
            for k, x in enumerate(inputs)
            if is_differentiated(x)
        }
        ends = []
        for sign in (1.0, -1.0):
            moved = [np.asarray(x + sign * STEP * ways[k]) if k in ways else x for k, x in enumerate(inputs)]
            ends.append(self.custom.ordinary(moved)[0].astype(float) * self.dout)
        slope = float((ends[0] - ends[1]).sum()) / (2.0 * STEP)
        terms = [g * way for g, way in zip(right, ways.values())]
        largest = sum(float(np.abs(x).sum()) for x in terms) + float(np.abs(ends[0]).sum())
        if abs(slope - sum(float(x.sum()) for x in terms)) > NEAR * largest:
            raise ValueError(
                f"the forward pass of {self.custom.title} is not what differentiates it here: part of it is detached, "
                "without gradients, or computed elsewhere; pass a forward in NumPy or another one as first argument."
            )


@dataclass(frozen=True)
class CoarsePoint(LayerPoint):
    """A function that computes in a coarser precision than its inputs', at one point, judged by a forward in NumPy.

    Attributes
    ----------
    rounding
        How far off its own result is, beside its largest entry.
    """

    rounding: float

    @cached_property
    def comparisons(self) -> dict[int, Comparison]:
        """Each gradient beside the right one, in units of the function's own rounding."""
        return {at: self._coarser(at, comparison) for at, comparison in super().comparisons.items()}

    def _coarser(self, at: int, comparison: Comparison) -> Comparison:
        noise = self.rounding / UNIT_OF_SINGLE * float(np.abs(comparison.right).max(initial=0.0))
        dout = float(np.abs(self.dout).max(initial=0.0))
        return _compared(self.inputs[self.places[at]], comparison.right, self.given[at], noise, dout)


def _compared(x: Array, right: Array, given: Array, noise: float, dout: float) -> Comparison:
    """Return a comparison with limits for a gradient that no graph of scalars tells the rounding of."""
    leaves = [Value(float(entry)) for entry in x.ravel()]
    comparison = Comparison(Value.constant(0.0), leaves, right, given)
    largest = float(np.abs(right).max(initial=0.0))
    sizes = np.abs(right).ravel() + max(min(noise, MOST_NOISE * largest), largest or dout)
    comparison.analysis = Analysis(0.0, tuple(EPS * sizes), tuple(sizes))
    precision = SINGLE * float(sizes.max(initial=0.0)) / largest if largest else 1.0
    if comparison.is_single and precision <= LEAST_PRECISE:
        comparison.precision = precision
    return comparison


def _is_numpy(forward: Callable[..., Any], custom: Custom) -> bool:
    """Whether a forward pass computes with NumPy."""
    try:
        with np.errstate(all="ignore"):
            out = parts(forward(*copies(custom.arguments(as_precise(custom.inputs, np.float64)))))[0]
    except Exception:  # a framework's functions take no arrays of NumPy
        return False
    return isinstance(out, (np.ndarray, np.floating))
