"""A forward and a backward function at one point, and what is said of each gradient there.

>>> layer = LayerPoint(np.exp, lambda dout, x: -dout * np.exp(x), [np.array([0.5, 1.0, -2.0])], ["x"], np.ones(3))
>>> layer.diagnosis().names
['sign']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from engine import Value
from engine import array as array_of_values
from engine.arguments import finite
from engine.differentiating import differentiating
from engine.errors import TraceError
from nn.agreement.differenced import off_along
from nn.diagnosis.alterations.captured import numbers_held, recapturing
from nn.diagnosis.alterations.explain import Point
from nn.diagnosis.alterations.recorded import constant
from nn.diagnosis.alterations.recorded_array import NotRecordedError, RecordedArray
from nn.diagnosis.alterations.ties import branches
from nn.diagnosis.asked import answer, copied, copies, is_callable_with, parts, silenced
from nn.diagnosis.assigned import are_open, assigned, in_order, owners
from nn.diagnosis.buffers import buffers
from nn.diagnosis.by_differences import by_differences
from nn.diagnosis.comparison import Comparison
from nn.diagnosis.mending.written import Written
from nn.diagnosis.perturbed import spread_of
from nn.diagnosis.pipeline import JUDGED, JudgedPoint
from nn.diagnosis.points import unlike
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.tolerated import at_kinks, with_spreads
from nn.diagnosis.unchanged import unchanged
from nn.samples import Array, numbers

CHECKED = "check_backward"
BY_DIFFERENCES = "judged by central differences of forward, to about six digits"
SHAPES = 2  # other ones that are tried


def is_differentiated(x: Any) -> bool:
    """Whether an input is one that a backward pass has a gradient for."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


@dataclass(frozen=True)
class LayerPoint(JudgedPoint):
    """The two functions at one point.

    Attributes
    ----------
    forward, backward
        The author's functions.
    inputs, names
        All inputs, and what forward calls them.
    draws
        Random numbers for `dout`, as many as are needed, or a generator of them.
    before
        The inputs that forward is called with before, if it is.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: Sequence[Any]
    names: Sequence[str]
    draws: Array | np.random.Generator
    before: Sequence[Any] = field(default=(), kw_only=True)

    @cached_property
    def places(self) -> list[int]:
        """Which inputs are differentiated by."""
        return [k for k, x in enumerate(self.inputs) if is_differentiated(x)]

    @property
    def arguments(self) -> list[tuple[str, Array]]:
        """What is differentiated by, by its name."""
        return [(self.names[k], self.inputs[k].astype(float)) for k in self.places]

    @cached_property
    def earlier(self) -> Sequence[Any]:
        """The inputs that forward was called with before, unless it does not take them."""
        try:
            if self.before:
                answer(self.forward, copies(self.before), {}, CHECKED)
        except Exception:
            return ()
        return self.before

    @cached_property
    def ran(self) -> tuple[Array, tuple[Any, ...]]:
        """What forward returns: its result, and the cache if there is one."""
        with silenced():
            _ = self.earlier  # what is read of it shows
        out, cache = parts(answer(self.forward, copies(self.inputs), {}, CHECKED))
        return numbers(out, "forward's result"), cache

    @property
    def is_defined(self) -> bool:
        """Whether forward takes the numbers, as indices computed from them within an array."""
        try:
            return self.ran is not None
        except Exception:
            return False

    @property
    def runs(self) -> bool:
        """Whether both functions take these inputs: they need not, where nobody gave them."""
        try:
            with np.errstate(all="ignore"):
                ran, given = self.ran, self.given
                return (
                    bool(np.isfinite(ran[0]).all())
                    and all(given[at].shape == self.inputs[self.places[at]].shape for at in given)
                    and bool(self.comparisons)
                )
        except Exception:
            return False

    def reads_more_than(self, shorter: LayerPoint) -> bool:
        """Whether forward reads what these inputs have beside those of another point: its length may be fixed."""
        for comparison, other in zip(self.comparisons.values(), shorter.comparisons.values()):
            beside = np.ones(comparison.right.shape, bool)
            beside[tuple(map(slice, other.right.shape))] = False
            if beside.any() and not comparison.right[beside].any():
                return False
        return True

    @cached_property
    def dout(self) -> Array:
        """The cotangent of the result, in its precision."""
        out, draws = self.ran[0], self.draws
        drawn = draws.normal(size=out.shape) if isinstance(draws, np.random.Generator) else draws.reshape(out.shape)
        return np.asanyarray(drawn.astype(out.dtype) if out.dtype.kind == "f" else drawn)

    @cached_property
    def returned(self) -> Any:
        """What backward returns, as it is now: it may write into that when it is called again."""
        beside = self.ran[1] or copies(self.inputs)
        if not is_callable_with(self.backward, 1 + len(beside)) and is_callable_with(self.backward, 1):
            beside = ()  # a method, of what keeps its inputs itself
        return copied(answer(self.backward, [self.dout.copy(), *beside], {}, CHECKED))

    @cached_property
    def given(self) -> dict[int, Array]:
        """The gradients that backward returns, by the place of the input."""
        shapes = [self.inputs[k].shape for k in self.places]
        given = assigned(self.returned, [self.names[k] for k in self.places], shapes)
        return {
            at: x.reshape(shapes[at]) if x.size == 1 == self.inputs[self.places[at]].size else x
            for at, x in given.items()
        }

    @property
    def off(self) -> float:
        """How far the gradients are off along one direction."""
        return off_along(self.loss, [x for _, x in self.arguments], lambda: self.given)

    def loss(self, *arrays: Any) -> Any:
        """Return the sum of what forward makes of arrays times `dout`."""
        with unchanged(self.forward):
            try:
                return self._loss(arrays)
            except (TraceError, NotRecordedError):  # it may fill an array of floats with what is differentiated
                recorded = any(isinstance(x, RecordedArray) for x in arrays)
                with buffers(constant if recorded else array_of_values):
                    return self._loss(arrays)

    def _loss(self, arrays: Sequence[Any]) -> Any:
        inputs = copies(self.inputs)
        for k, x in zip(self.places, arrays):
            inputs[k] = x
        dout = self.dout  # by its name, sentences speak of it
        return np.sum(np.multiply(parts(self.forward(*inputs))[0], dout))

    @cached_property
    def graph(self) -> tuple[Value, list[list[Value]], list[Array]]:
        """The loss as a graph, its leaves, and the right gradients by them, for each input."""
        leaves = [[Value(float(x)) for x in self.inputs[k].ravel()] for k in self.places]
        shapes = [self.inputs[k].shape for k in self.places]
        arrays = [array_of_values(np.array(row, object).reshape(shape)) for row, shape in zip(leaves, shapes)]
        with differentiating(list(itertools.chain(*leaves)), CHECKED):
            root = self.loss(*arrays)
        root = root if isinstance(root, Value) else Value.constant(float(root))
        root.backward()
        right = [
            [finite(leaf.grad, f"the right gradient of {self.names[k]}", JUDGED) for leaf in row]
            for k, row in zip(self.places, leaves)
        ]
        return root, leaves, [np.reshape(row, shape) for row, shape in zip(right, shapes)]

    @cached_property
    def comparisons(self) -> dict[int, Comparison]:
        """Each gradient beside the right one."""
        given = dict(sorted(self.given.items()))  # first: what forward keeps of its last call, backward may read
        compared = {at: self.beside(at, x) for at, x in given.items()}
        if not self.refused:
            compared = with_spreads(at_kinks(compared, self.loss, self.arguments), self._spreads)
        for at, comparison in compared.items():
            comparison.beside = [other for k, other in compared.items() if k != at]
        return compared

    def _spreads(self, runs: int) -> dict[int, Array]:
        """Return how far other roundings, of forward and of backward, move each gradient."""
        places, arrays = list(self.given), [self.inputs[k] for k in self.places]

        def gradients(dout: Array, *arrays: Array) -> list[Array]:
            inputs = list(self.inputs)
            for k, x in zip(self.places, arrays):
                inputs[k] = x
            given = replace(self, inputs=inputs, draws=dout).given
            return [given[at] for at in places]

        return dict(zip(places, spread_of(gradients, [self.dout, *arrays], list(self.given.values()), runs)))

    @cached_property
    def refused(self) -> str:
        """Why forward is not differentiated by rules: what it does that has none, or nothing."""
        try:
            _ = self.graph
        except (TypeError, AttributeError, AssertionError) as error:
            if not str(error):
                return f"{type(error).__name__} with arrays of Values"
            return " ".join(str(error).split()).split(". ")[0].rstrip(".")
        return ""

    def beside(self, at: int, gradient: Array) -> Comparison:
        """Return a gradient beside the right one, or beside differences where forward is not differentiated."""
        if not self.refused:
            root, leaves, right = self.graph
            return Comparison(root, leaves[at], right[at], gradient)
        compared = by_differences(self._loss_of_numbers, [x for _, x in self.arguments], at, gradient)
        if compared is None:
            raise TypeError(f"{self.refused}; differences of forward have no limit here either.")
        return compared

    def _loss_of_numbers(self, *arrays: Array) -> float:
        try:
            with np.errstate(all="ignore"):
                return float(self._loss(arrays))
        except IndexError:  # which it computes from them
            return np.nan

    def diagnosis(self, others: Sequence[JudgedPoint] = ()) -> Diagnosis:
        """Return the verdict, with a word on differences where they decide."""
        diagnosis = super().diagnosis(others)
        remarks = (f"{BY_DIFFERENCES}: {self.refused}",) if self.refused else ()
        return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))

    @property
    def unjudged(self) -> dict[int, str]:
        """The inputs that backward returns no gradient by, by their place."""
        return {at: self.name_of(at) for at in range(len(self.places)) if at not in self.given}

    def name_of(self, at: int) -> str:
        """Return what forward calls an input."""
        return self.names[self.places[at]]

    @cached_property
    def branches(self) -> list[Array]:
        """Which way forward's comparisons turn out."""
        return branches(self.loss, self.arguments)

    def written(self) -> Written | None:
        """Return backward here, and what it may have been meant to read beside what it does."""

        def run(backward: Callable[..., Any]) -> dict[int, Array]:
            other = replace(self, backward=backward, draws=self.dout, before=())
            if not self.ran[1] and isinstance(self.backward, FunctionType):
                vars(other)["ran"] = self.ran  # it has nothing of forward's but its arguments
            return other.given

        def beside(forward: Callable[..., Any]) -> object:
            return replace(self, forward=forward, before=()).ran

        rights = {at: comparison.right for at, comparison in self.comparisons.items()}
        names = {at: self.name_of(at) for at in rights}
        lengths = {f"{name}.shape[{k}]": n for name, x in self.arguments for k, n in enumerate(x.shape)}
        at_hand = dict(self.arguments) | lengths
        gradients = rights, self.given, names
        held = numbers_held(self.backward)
        return Written(self.backward, run, self.forward, beside, *gradients, at_hand, held, precision=self.precision)

    def with_others_held(self) -> LayerPoint | None:
        """Return the same point of functions that hold other arrays where they hold some, if these run too."""
        rng = np.random.default_rng(0)
        forward, backward = recapturing((self.forward, self.backward), lambda x, name: unlike(x, rng), "fi")
        there = replace(self, forward=forward, backward=backward, draws=self.dout, before=())
        is_other = forward is not self.forward and not isinstance(self.backward, MethodType)
        return there if is_other and there.runs and not there.refused else None

    def recorded(self, wrong: Sequence[int]) -> Point | None:
        """Return the loss as a function of the inputs, and the gradients by them: right ones where none is wrong."""
        used = list(self.comparisons)
        if any(not c.comparable for c in self.comparisons.values()):
            return None

        def f(*arrays: Any) -> Any:
            inputs = [self.inputs[k] for k in self.places]
            for at, x in zip(used, arrays):
                inputs[at] = x
            return self.loss(*inputs)

        right = [self.comparisons[at].right for at in used]
        given = [self.given[at] if at in wrong else self.comparisons[at].right for at in used]
        numbers = {name: float(x) for name, x in zip(self.names, self.inputs) if type(x) in (int, float)}
        arguments = [self.arguments[at] for at in used]
        before = [(self.name_of(at), self.earlier[self.places[at]].astype(float)) for at in used if self.earlier]
        return Point(f, arguments, given, right, numbers, before, self.precision)


def told_apart(point: LayerPoint) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """Return a backward function whose gradients have names where their shapes leave it open, and a remark on that."""
    shapes = [point.inputs[k].shape for k in point.places]
    if not are_open(point.returned, shapes):
        return point.backward, ()
    several = {k: numbers(x, f"gradient {k}") for k, x in enumerate(in_order(point.returned)) if x is not None}

    def is_right(at: int, gradient: Array) -> bool:
        comparison = point.beside(at, gradient)
        return bool(comparison.exact.all()) or comparison.is_coarsely_right

    chosen = owners(list(several.values()), shapes, is_right)
    if len(chosen) < len(several):
        return point.backward, ()
    names = {k: point.name_of(at) for k, at in zip(several, chosen.values())}

    def by_name(*arguments: Any) -> dict[str, Any]:
        returned = in_order(point.backward(*arguments))
        return {name: returned[k] for k, name in names.items()}

    taken = ", ".join(names.values())
    return by_name, (f"the gradients are taken for those by {taken}; for others, return a dictionary by name",)


def that_run(longer: Iterable[LayerPoint], shorter: LayerPoint) -> Iterator[LayerPoint]:
    """Yield the first points of other shapes that both functions take, and read beyond the point given."""
    return itertools.islice((point for point in longer if point.runs and point.reads_more_than(shorter)), SHAPES)
