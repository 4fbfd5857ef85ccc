"""Somebody's function, run again and again with edits in it; and the same at several points.

>>> from nn.diagnosis.mending.program import Program
>>> program = Program()
>>> program.record(lambda: 1.0)
1.0
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.alterations.target import EXACT, proves, size
from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.instrumented import HOOK, Node, instrumented
from nn.diagnosis.mending.source import bound, compiled, definition, is_authors
from nn.diagnosis.mending.written import Written
from nn.samples import Array

NOTHING: Mapping[str, Any] = {}
MANY = 20_000  # expressions that one run computes, beyond which it is not tried again and again
RUN = 100  # expressions that take as long as what is done around every run
SIZED = 4096  # elements of an array that take as long as the call that computes them
Edits: TypeAlias = tuple[Edit, ...]


class TooLongError(RuntimeError):
    """A function computes more than it did as its author wrote it: it may never end."""


@dataclass(eq=False)
class Program:
    """The functions of an author that run when one is called, and what they compute.

    Attributes
    ----------
    leave
        Functions that are called as they are.
    nodes
        Their expressions.
    seen
        Of each that was computed, in this order: its operands, its arguments by name, and its first value.
    count
        How many are computed in one run.
    watched
        Of expressions that are looked at in every run, the value that was computed last, if any was.
    """

    leave: frozenset[CodeType] = frozenset()
    nodes: list[Node] = field(default_factory=list)
    seen: dict[int, tuple[tuple[Any, ...], dict[str, Any], Any]] = field(default_factory=dict)
    count: int = 0
    watched: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codes: dict[CodeType, CodeType | None] = {}
        self._most, self._is_recording = MANY, False
        self._edits: dict[int, Edit] = {}
        self._named: dict[int, str] = {}
        self._at_hand: dict[str, Any] = {}

    def __call__(self, key: int, *operands: Any, **keywords: Any) -> Any:
        """Compute an expression of its operands: what stands there, or what stands there instead."""
        self.count += 1
        if self.count > self._most:
            raise TooLongError("it computes more than as it was written.")
        node, edit = self.nodes[key], self._edits.get(key)
        do = partial(self._called, node.do) if node.form == "call" else node.do
        if edit is not None:
            value = edit.make(do, operands, keywords, self._at_hand)
        elif node.form == "store":
            value = operands[0]
        else:
            value = do(*operands, **keywords)
        if key in self.watched:
            self.watched[key] = _copied(value)
        if key in self._named:
            self._at_hand[self._named[key]] = value
        if self._is_recording and key not in self.seen:
            self.seen[key] = tuple(map(_copied, operands)), keywords, _copied(value)
        return value

    def _called(self, do: Callable[..., Any], function: Any, *operands: Any, **keywords: Any) -> Any:
        return do(self.followed(function), *operands, **keywords)

    def followed(self, function: Any) -> Any:
        """Return a function whose expressions are seen, if it is the author's; or itself."""
        if isinstance(function, MethodType):
            return MethodType(self.followed(function.__func__), function.__self__)
        if isinstance(function, partial):
            arguments = [self.followed(x) for x in function.args]
            return partial(self.followed(function.func), *arguments, **function.keywords)
        if not isinstance(function, FunctionType):
            own = vars(type(function)).get("__call__")
            return MethodType(self.followed(own), function) if is_authors(own) else function
        if HOOK in function.__code__.co_freevars or function.__code__ in self.leave or not is_authors(function):
            return function
        code = self._code(function)
        return function if code is None else bound(code, function, {HOOK: self})

    @property
    def codes(self) -> frozenset[CodeType]:
        """The functions that were followed, as they are written."""
        return frozenset(self._codes)

    def _code(self, function: FunctionType) -> CodeType | None:
        if function.__code__ not in self._codes:
            tree, code = definition(function), None
            if tree is not None:
                modules = {name for name, x in function.__globals__.items() if isinstance(x, ModuleType)}
                other, nodes = instrumented(tree, len(self.nodes), modules)
                code = compiled(other, function.__code__, (HOOK,))
                self.nodes += nodes if code is not None else []
            self._codes[function.__code__] = code
        return self._codes[function.__code__]

    def record(self, run: Callable[[], Any], edits: Sequence[Edit] = (), beside: Mapping[str, Any] = NOTHING) -> Any:
        """Return what a run makes, with edits if there are some, and keep what it computes."""
        self.seen, self._is_recording, self._most = {}, True, MANY
        try:
            return self.altered(edits, run, beside)
        finally:
            self._is_recording, self._most = False, 4 * self.count + 100

    def altered(self, edits: Sequence[Edit], run: Callable[[], Any], beside: Mapping[str, Any]) -> Any:
        """Return what a run makes where edits stand, of arrays beside the author's too."""
        self.count, self._at_hand, self.watched = 0, dict(beside), dict.fromkeys(self.watched)
        self._edits = {node.key: edit for edit in edits for node in edit.nodes}
        uses = {edit.uses for edit in edits} - {"", *beside}
        self._named = {node.key: node.text for node in self.nodes if node.text in uses} if uses else {}
        try:
            return run()
        finally:
            self._edits, self._named = {}, {}


def _copied(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


class Running:
    """An author's function at several points.

    Attributes
    ----------
    points, wrong
        The function at several points; and the places of the wrong gradients.
    beside
        At each point, the arrays beside those that the function computes.
    first
        The edits that are in it whatever else is.
    program
        What sees its expressions.
    seen, made
        What was computed at the first point with these: of each expression, and the gradients.
    work, log
        How many expressions were computed to try edits; and what is told what edits make at the first point, if any is.
    is_followed
        Whether the function is written down, and makes the same whenever it is called.
    """

    def __init__(self, points: Sequence[Written], wrong: Sequence[int]) -> None:
        self.points, self.wrong, self.work = points, list(wrong), 0.0
        self.log: Callable[[Edits, Mapping[int, Array]], None] | None = None
        forward = Program()
        self.beside = [{**_variables(forward, point), **point.at_hand, **point.held} for point in points]
        self.first: Edits = ()
        self.program = Program(leave=forward.codes)
        self._followed = [self.program.followed(point.function) for point in points]
        self._known: dict[tuple[Edits, frozenset[int]], bool] = {}
        several = [self.made, self.with_edits((), 0)] if self._is_recorded() else [{}]
        given = points[0].given.items()
        is_same = all(at in made and is_same_array(made[at], x) for made in several for at, x in given)
        self.is_followed = bool(self.program.nodes) and is_same

    def behind(self, first: Edits) -> Running | None:
        """Return the function with some edits in it; None where it cannot be computed."""
        other = copy.copy(self)
        other.first, other.work, other.log = first, 0.0, None
        return other if other._is_recorded() else None

    def _is_recorded(self) -> bool:
        run = partial(self.points[0].run, self._followed[0])
        try:
            self.made: Mapping[int, Array] = self.program.record(run, self.first, self.beside[0])
        except Exception:
            return False
        self.seen = self.program.seen
        return True

    def with_edits(self, edits: Edits, k: int) -> Mapping[int, Array]:
        """Return the gradients that the function with edits makes at a point; none where it cannot be computed."""
        point, run = self.points[k], partial(self.points[k].run, self._followed[k])
        try:
            made: Mapping[int, Array] = self.program.altered((*self.first, *edits), run, self.beside[k])
            if self.log is not None and k == 0:
                self.log(edits, made)
            return made
        except Exception:
            return {}
        finally:
            self.work += (RUN + self.program.count) * (1 + max(map(np.size, point.right.values())) / SIZED)

    def right_under(self, edits: Edits, k: int) -> frozenset[int]:
        """Return the wrong gradients that edits make right at a point."""
        made, point = self.with_edits(edits, k), self.points[k]
        return frozenset(at for at in self.wrong if at in made and point.is_right(at, made[at]))

    def holds(self, edits: Edits, which: frozenset[int]) -> bool:
        """Whether edits make some gradients right at all points, and whether that says something."""
        every = (*self.first, *edits)
        if (every, which) not in self._known:
            several = [point.right[at] for point in self.points for at in which]
            fitted = sum(edit.number is not None and not _is_round(edit.number) for edit in every)
            is_proven = proves(several, len(every), fitted, self.points[0].precision)
            at_all = (which <= self.right_under(edits, k) for k in range(len(self.points)))
            self._known[every, which] = is_proven and all(at_all)
        return self._known[every, which]

    def agreeing(self, edits: Edits) -> int:
        """Return how many variables edits make what a step of forward is or gets: they are right in themselves."""
        variables = [node.key for node in self.program.nodes if node.is_variable]
        values, rights = self.watched(edits, variables), self.points[0].known
        several = [x for x in values if isinstance(x, np.ndarray) and x.ndim]
        return sum(any(is_same_array(x, right) for right in rights) for x in several)

    def watched(self, edits: Edits, keys: Iterable[int]) -> list[Any]:
        """Return the values of some expressions where edits stand."""
        self.program.watched = dict.fromkeys(keys)
        self.with_edits(edits, 0)
        values, self.program.watched = list(self.program.watched.values()), {}
        return values


def rank_of(edits: Edits) -> int:
    """Return how far what is written is from what edits make of it."""
    return sum(edit.rank for edit in edits)


def is_same_array(a: Array, b: Array) -> bool:
    """Whether two arrays are the same to rounding; of somebody's objects none are."""
    is_one = a.shape == b.shape and "O" not in (a.dtype.kind, b.dtype.kind)
    return is_one and bool((np.abs(a * 1.0 - b) <= EXACT * max(size(a), size(b))).all())


def _variables(forward: Program, point: Written) -> dict[str, Any]:
    """Return the arrays that forward, which is followed by a program, reads at a point, by their names."""
    try:
        forward.record(lambda: point.beside(forward.followed(point.forward)))
    except Exception:
        return {}
    values = [(forward.nodes[key], value) for key, (_, _, value) in forward.seen.items()]
    return {node.text: x for node, x in values if isinstance(node.tree, ast.Name) and isinstance(x, np.ndarray)}


def _is_round(x: float) -> bool:
    return x * 12 == round(x * 12)
