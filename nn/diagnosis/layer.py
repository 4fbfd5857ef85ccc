"""A forward and a backward function at one point, and what is said of each gradient there.

>>> layer = LayerPoint(np.exp, lambda dout, x: -dout * np.exp(x), [np.array([0.5, 1.0, -2.0])], ["x"], np.ones(3))
>>> layer.diagnosis().names
['sign']
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from engine import Value
from engine import array as array_of_values
from engine.arguments import described, finite, result
from engine.differentiating import differentiating
from engine.errors import TraceError
from nn.diagnosis.agreed import ELSEWHERE, paths_of
from nn.diagnosis.alterations.explain import Point, explained
from nn.diagnosis.alterations.recorded import NotRecordedError, RecordedArray, constant
from nn.diagnosis.alterations.ties import at_ties
from nn.diagnosis.buffers import buffers
from nn.diagnosis.function import JUDGED, Comparison
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.samples import Array, numbers

Path: TypeAlias = tuple[Finding, ...]
CHECKED = "check_backward"
SHAPES = 2  # other ones that are tried
OTHER_SHAPES = "right for the shapes given, but not for longer arrays, which forward takes too"
EXPERIMENT = "look at these places of the derivation: on these shapes they lead to the same numbers"
WHOLE = {"sign", "doubled", "halved", "factor", "path-missing", "upstream-missing"}
"""Kinds of alterations that a simple change of the whole gradient says better, where it is one."""


def is_differentiated(x: Any) -> bool:
    """Whether an input is one that a backward pass has a gradient for."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


@dataclass(frozen=True)
class LayerPoint:
    """The two functions at one point.

    Attributes
    ----------
    forward, backward
        The author's functions.
    inputs, names
        All inputs, and what forward calls them.
    draws
        Random numbers for `dout`, as many as are needed, or a generator of them.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: Sequence[Any]
    names: Sequence[str]
    draws: Array | np.random.Generator

    @cached_property
    def places(self) -> list[int]:
        """Which inputs are differentiated by."""
        return [k for k, x in enumerate(self.inputs) if is_differentiated(x)]

    @cached_property
    def ran(self) -> tuple[Array, tuple[Any, ...]]:
        """What forward returns: its result, and the cache if there is one."""
        out, cache = parts(result(self.forward, copies(self.inputs), {}, CHECKED))
        return numbers(out, "forward's result"), cache

    @property
    def runs(self) -> bool:
        """Whether both functions take these inputs: they need not, where nobody gave them."""
        try:
            with np.errstate(all="ignore"):
                ran, given = self.ran, self.given
                return (
                    bool(np.isfinite(ran[0]).all())
                    and all(given[at].shape == self.inputs[self.places[at]].shape for at in given)
                    and bool(self.alone)
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
        return np.asarray(drawn.astype(out.dtype) if out.dtype.kind == "f" else drawn)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Those of the inputs."""
        return [np.shape(x) for x in self.inputs]

    @cached_property
    def returned(self) -> Any:
        """What backward returns."""
        return result(self.backward, [self.dout.copy(), *(self.ran[1] or copies(self.inputs))], {}, CHECKED)

    @cached_property
    def given(self) -> dict[int, Array]:
        """The gradients that backward returns, by the place of the input."""
        shapes = [self.inputs[k].shape for k in self.places]
        given = assigned(self.returned, [self.names[k] for k in self.places], shapes)
        return {
            at: x.reshape(shapes[at]) if x.size == 1 == self.inputs[self.places[at]].size else x
            for at, x in given.items()
        }

    def loss(self, *arrays: Any) -> Any:
        """Return the sum of what forward makes of arrays times `dout`."""
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
    def comparisons(self) -> dict[int, Comparison]:
        """Each gradient beside the right one."""
        given = self.given
        leaves = [[Value(float(x)) for x in self.inputs[k].ravel()] for k in self.places]
        shapes = [self.inputs[k].shape for k in self.places]
        arrays = [array_of_values(np.array(row, object).reshape(shape)) for row, shape in zip(leaves, shapes)]
        with differentiating(list(itertools.chain(*leaves)), CHECKED):
            root = self.loss(*arrays)
        root = root if isinstance(root, Value) else Value.constant(float(root))
        root.backward()
        compared = {}
        for at, (k, row, shape) in enumerate(zip(self.places, leaves, shapes)):
            right = [finite(leaf.grad, f"the right gradient of {self.names[k]}", JUDGED) for leaf in row]
            if at in given:
                compared[at] = Comparison(root, row, np.reshape(right, shape), given[at])
        compared = self._at_kinks(compared)
        for at, comparison in compared.items():
            comparison.beside = [other for k, other in compared.items() if k != at]
        return compared

    def _at_kinks(self, compared: dict[int, Comparison]) -> dict[int, Comparison]:
        """Return the comparisons with those right gradients, of several at a kink, that most of them agree with."""
        if all(c.exact.all() for c in compared.values()):
            return compared
        arguments = [(self.names[k], self.inputs[k].astype(float)) for k in self.places]
        others = [
            {at: c.with_right(rights[at]) for at, c in compared.items()} for rights in at_ties(self.loss, arguments)
        ]
        return max([compared, *others], key=lambda several: sum(bool(c.exact.all()) for c in several.values()))

    @cached_property
    def alone(self) -> dict[int, Diagnosis]:
        """What is said of each gradient by itself, as numbers."""
        return {at: comparison.alone() for at, comparison in self.comparisons.items()}

    def altered(
        self, wrong: Sequence[int], others: Sequence[LayerPoint] = ()
    ) -> tuple[list[Path], dict[int, list[Path]]]:
        """Return the alterations of forward's own backward pass that reproduce the gradients, at other points too.

        All at once, those that are right included; and, where nothing does that, each wrong one by itself.
        """
        if not wrong or any(not c.comparable or c.is_single for c in self.comparisons.values()):
            return [], {}
        together, each = explained(self._point(wrong), [point._point(wrong) for point in others])
        return together, {list(self.comparisons)[k]: paths for k, paths in each.items()}

    def _point(self, wrong: Sequence[int]) -> Point:
        """Return the loss as a function of the inputs, and the gradients by them: right ones where none is wrong."""
        used = list(self.comparisons)

        def f(*arrays: Any) -> Any:
            inputs = [self.inputs[k] for k in self.places]
            for at, x in zip(used, arrays):
                inputs[at] = x
            return self.loss(*inputs)

        right = [self.comparisons[at].right for at in used]
        given = [self.given[at] if at in wrong else self.comparisons[at].right for at in used]
        arguments = [(self.names[k], self.inputs[k].astype(float)) for k in map(self.places.__getitem__, used)]
        numbers = {name: float(x) for name, x in zip(self.names, self.inputs) if type(x) in (int, float)}
        return Point(f, arguments, given, right, numbers)

    def diagnosis(self, others: Sequence[LayerPoint] = ()) -> Diagnosis:
        """Return the verdict on each gradient, and the mistakes in the wrong ones, here and at other points."""
        alike = [point for point in (self, *others) if point.shapes == self.shapes]
        wrong = [at for at in self.alone if any(not point.alone[at].ok for point in alike)]
        whole = {at: self._whole(at, others) for at in wrong}
        paths, alone = self.altered(wrong, others)
        if all(whole.values()) and _are_whole(paths):
            paths = _all_of(whole) if wrong else []
        simple = {at: whole[at] and _are_whole(alone.get(at, [])) for at in wrong}
        each = {at: paths or (whole[at] if simple[at] else alone.get(at, [])) for at in wrong}
        rows = tuple(self._row(at, each.get(at)) for at in self.alone)
        remarks = tuple(dict.fromkeys(itertools.chain(*[diagnosis.remarks for diagnosis in self.alone.values()])))
        beyond = [at for at in self.alone if at not in wrong and any(not other.alone[at].ok for other in others)]
        remarks += tuple(f"{self.names[self.places[at]]}: {OTHER_SHAPES}" for at in beyond)
        kinds = {row.verdict for row in rows}
        verdict = next((kind for kind in ("unnamed", "ambiguous", "named") if kind in kinds), "right")
        if verdict == "ambiguous":
            return Diagnosis(verdict, (), tuple(paths or _all_of(each)), EXPERIMENT, rows, remarks)
        certain = [paths[0]] if paths else [several[0] for several in each.values() if len(several) == 1]
        return Diagnosis(verdict, tuple(itertools.chain(*certain)), parameters=rows, remarks=remarks)

    def _whole(self, at: int, others: Sequence[LayerPoint] = ()) -> list[Path]:
        """Return the changes of one whole gradient that it is, at every point."""
        name = self.names[self.places[at]]
        if self.alone[at].verdict not in ("named", "ambiguous"):
            return []
        paths = [tuple(replace(finding, where=name) for finding in path) for path in paths_of(self.alone[at])]
        there = [[[(f.name, f.found) for f in path] for path in other._whole(at)] for other in others]
        return [path for path in paths if all([(f.name, f.found) for f in path] in known for known in there)]

    def _row(self, at: int, paths: list[Path] | None) -> Verdict:
        name = self.names[self.places[at]]
        kind = "right" if paths is None else "unnamed" if not paths else "named" if len(paths) == 1 else "ambiguous"
        row = self.alone[at].parameters[0]
        return replace(row, parameter=name, verdict=kind, note=row.note if kind in ("right", "unnamed") else "")


def at_points(points: Sequence[LayerPoint], longer: Iterable[LayerPoint] = ()) -> Diagnosis:
    """Return what is said at the first point with a wrong gradient, of it and the others; also of longer arrays."""
    used = (point for point in longer if point.runs and point.reads_more_than(points[0]))
    several = [*points, *itertools.islice(used, SHAPES)]
    wrong = [k for k, point in enumerate(several) if not all(alone.ok for alone in point.alone.values())]
    first = wrong[0] if wrong else 0
    diagnosis = several[first].diagnosis([*several[:first], *several[first + 1 :]])
    remark = OTHER_SHAPES if first >= len(points) else ELSEWHERE
    return replace(diagnosis, remarks=(*diagnosis.remarks, remark)) if first else diagnosis


def _are_whole(paths: Sequence[Path]) -> bool:
    """Whether a simple change of the whole gradient says better what these say."""
    return all(finding.name in WHOLE for path in paths for finding in path)


def _all_of(each: Mapping[int, Sequence[Path]]) -> list[Path]:
    """Return every way in which each gradient has one of its explanations."""
    return [tuple(itertools.chain(*several)) for several in itertools.product(*each.values())]


def copies(inputs: Sequence[Any]) -> list[Any]:
    """Return inputs that a function may write into."""
    return [_copied(x) for x in inputs]


def _copied(x: Any) -> Any:
    """Return a copy of an array, and of lists and dictionaries of some."""
    if isinstance(x, dict):
        return {key: _copied(item) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)([_copied(item) for item in x])
    return x.copy() if isinstance(x, np.ndarray) else x


def parts(returned: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a forward function's result, and its cache: the last of several things that it returns."""
    if isinstance(returned, tuple):
        if len(returned) != 2:
            raise TypeError(f"forward must return an array, or (out, cache); it returned {len(returned)} things.")
        return returned[0], (returned[1],)
    return returned, ()


def assigned(returned: Any, names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[int, Array]:
    """Return the gradients by the place of their input: told by name, order or shape; of several of a shape, the first.

    Raises
    ------
    TypeError
        If they are no arrays.
    ValueError
        If it cannot be told which is whose.
    """
    if isinstance(returned, Mapping):
        return _by_name(returned, names)
    several = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    gradients = {k: numbers(x, f"gradient {k}") for k, x in enumerate(several) if x is not None}
    if not gradients:
        raise ValueError("backward returned no gradients.")
    if len(several) == len(names):
        return gradients
    places: dict[int, Array] = {}
    for gradient in gradients.values():
        free = (k for k, shape in enumerate(shapes) if shape == gradient.shape and k not in places)
        place = next(free, None)
        if place is None:
            raise ValueError(
                f"backward returned {len(gradients)} gradients for {', '.join(names)}, and their shapes do not tell "
                "whose they are; return one for each, or a dictionary by name."
            )
        places[place] = gradient
    return places


def _by_name(returned: Mapping[Any, Any], names: Sequence[str]) -> dict[int, Array]:
    known = {name: k for k, name in enumerate(names)} | {f"d{name}": k for k, name in enumerate(names)}
    unknown = [key for key in returned if key not in known]
    if unknown or not returned:
        raise ValueError(
            f"backward returned gradients of {', '.join(map(described, unknown)) or 'nothing'}; name them "
            f"{', '.join(f'd{name}' for name in names)}."
        )
    return {known[key]: numbers(x, f"gradient {key!r}") for key, x in returned.items()}
