"""Somebody's function at several points, run again and again with edits in it.

>>> from functools import partial
>>> Running([Written(len, lambda f: {}, len, len, {}, {}, {})], []).is_followed
False
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.alterations.target import EXACT, proves, size
from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.program import Instead, Program
from nn.diagnosis.mending.written import Written
from nn.samples import Array

RUN = 100  # expressions that take as long as what is done around every run
SIZED = 4096  # elements of an array that take as long as the call that computes them
Edits: TypeAlias = tuple[Edit, ...]


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
    work
        How many expressions were computed to try edits.
    is_followed
        Whether the function is written down, and makes the same whenever it is called.
    """

    def __init__(self, points: Sequence[Written], wrong: Sequence[int]) -> None:
        self.points, self.wrong, self.work = points, list(wrong), 0.0
        self._log: Callable[[Any, Mapping[int, Array]], None] | None = None
        forward = Program()
        self.beside = [{**_variables(forward, point), **point.at_hand} for point in points]
        self.first: Edits = ()
        self.program = Program(leave=forward.codes)
        self._followed = [self.program.followed(point.function) for point in points]
        self._known: dict[tuple[Edits, frozenset[int]], bool] = {}
        self.is_followed = self._repeats()

    def behind(self, first: Edits) -> Running | None:
        """Return the function with some edits in it; None where it cannot be computed."""
        other = copy.copy(self)
        other.first, other.work, other._log = first, 0.0, None
        return other if other._is_recorded() else None

    def _is_recorded(self) -> bool:
        run, instead = partial(self.points[0].run, self._followed[0]), list(map(_instead, self.first))
        try:
            self.made: Mapping[int, Array] = self.program.record(run, instead, self.beside[0])
        except Exception:
            return False
        self.seen = self.program.seen
        return True

    def _repeats(self) -> bool:
        several = [self.made, self.with_edits((), 0)] if self._is_recorded() else []
        given = self.points[0].given
        is_same = [at in made and is_same_array(made[at], x) for made in several for at, x in given.items()]
        return bool(self.program.nodes) and bool(several) and all(is_same)

    def with_edits(self, edits: Edits | tuple[Instead], k: int) -> Mapping[int, Array]:
        """Return the gradients that the function with edits makes at a point; none where it cannot be computed."""
        point, instead = self.points[k], [_instead(edit) for edit in (*self.first, *edits)]
        try:
            made: Mapping[int, Array] = self.program.altered(
                instead, partial(point.run, self._followed[k]), self.beside[k]
            )
            if self._log is not None and k == 0:
                self._log(edits, made)
            return made
        except Exception:
            return {}
        finally:
            self.work += (RUN + self.program.count) * (1 + max(map(np.size, point.right.values())) / SIZED)

    def right_under(self, edits: Edits, k: int) -> frozenset[int]:
        """Return the wrong gradients that edits make right at a point."""
        made, point = self.with_edits(edits, k), self.points[k]
        return frozenset(at for at in self.wrong if at in made and point.is_right(at, made[at]))

    def listen(self, log: Callable[[Any, Mapping[int, Array]], None] | None, keys: Iterable[int] = ()) -> None:
        """Tell somebody, or nobody any more, what edits make at the first point; some expressions are watched."""
        self._log, self.program.watched = log, dict.fromkeys(keys)

    def holds(self, edits: Edits, which: frozenset[int]) -> bool:
        """Whether edits make some gradients right at all points, and whether that says something."""
        every = (*self.first, *edits)
        if (every, which) not in self._known:
            several = [point.right[at] for point in self.points for at in which]
            fitted = sum(edit.number is not None and not _is_round(edit.number) for edit in every)
            is_proven = proves(several, len(every), fitted, self.points[0].precision)
            self._known[every, which] = is_proven and all(
                which <= self.right_under(edits, k) for k in range(len(self.points))
            )
        return self._known[every, which]

    def agreeing(self, edits: Edits) -> int:
        """Return how many variables edits make what arrives at a step of forward: they are right in themselves."""
        variables = [node.key for node in self.program.nodes if node.is_variable]
        values, rights = self.watched(edits, variables), self.points[0].cotangents
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
    """Whether two arrays are the same to rounding."""
    return a.shape == b.shape and bool((np.abs(a * 1.0 - b) <= EXACT * max(size(a), size(b))).all())


def _instead(edit: Edit | Instead) -> Instead:
    return edit if isinstance(edit, Instead) else Instead(tuple(node.key for node in edit.nodes), edit.make, edit.uses)


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
