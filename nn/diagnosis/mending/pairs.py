"""Two edits that together make gradients right, told by what each of them changes alone.

Where both are in terms, what they change adds up; in factors, it multiplies; and an edit that makes a variable what
arrives at a step of forward, as nothing was before, is the first of two, the second of which is sought with it there.

>>> alike(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]), 1e-9)
[(1, 0)]
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from nn.diagnosis.mending.edits import Edit
from nn.diagnosis.mending.offered import as_called, multiple, rounded
from nn.diagnosis.mending.program import Edits, Running, is_same_array, rank_of
from nn.samples import Array

SAMPLED = 16  # entries of an array that are compared before all are
CLOSE = 1e-8  # of the largest entry, what these may be off
MOST_PAIRS = 100  # that are tried, of those that one array tells
DOUBLE = 2.0  # the number with which edits are logged in which one is to be fitted
FIRSTS = 3  # edits that are tried as the first of two
Fit: TypeAlias = tuple[Edits, frozenset[int]]
Pair: TypeAlias = tuple[Edit, Edit, float | None]
"""Two edits; and how many times as much the second changes, if another number is to stand in it."""


class Log:
    """What single edits make of gradients and variables at the first point.

    Attributes
    ----------
    changes
        Of each gradient by its place, and each variable by its scope and name, those of which it is another.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        nodes = [running.program.nodes[key] for key in running.seen]
        named = [x for x in nodes if isinstance(x.tree, ast.Name) and (x.form == "value" or x.is_variable)]
        self._keys = {(x.scope, x.text): x.key for x in named}
        running.program.watched = dict.fromkeys(self._keys.values())
        before = self._arrays(running.with_edits((), 0))
        every = {which: Changes(x.shape, _sample(x), self._targets(which, x)) for which, x in before.items()}
        self.changes = {which: changes for which, changes in every.items() if changes.targets}
        running.log = self._add

    def _targets(self, which: Any, before: Array) -> list[Array]:
        """Return what a gradient or a variable should be, if it is not: what is right, as nothing is here."""
        first, seen = self._running.points[0], self._running.seen.values()
        if which in first.right:
            is_sought = which in self._running.wrong and first.right[which].shape == before.shape
            return [_sample(first.right[which])] if is_sought else []
        several = [x for x in first.known if x.shape == before.shape]
        here = [x for _, _, x in seen if isinstance(x, np.ndarray) and x.shape == before.shape]
        is_right = any(is_same_array(x, before) for x in several)
        return [] if is_right else [_sample(x) for x in several if not any(is_same_array(x, y) for y in here)]

    def _arrays(self, made: Mapping[int, Array]) -> dict[Any, Array]:
        """Return gradients, and what the variables have become."""
        values = {which: self._running.program.watched[key] for which, key in self._keys.items()}
        several = itertools.chain(made.items(), values.items())
        return {which: x for which, x in several if isinstance(x, np.ndarray) and x.dtype.kind == "f"}

    def _add(self, edits: Edits, made: Mapping[int, Array]) -> None:
        for which, x in self._arrays(made).items() if len(edits) == 1 and edits[0].rank else ():
            if which in self.changes:
                self.changes[which].add(edits[0], x)


@dataclass
class Changes:
    """What edits make of one array, in some entries of it: before any, what it should be, and under each."""

    shape: tuple[int, ...]
    before: Array
    targets: list[Array]
    edits: list[Edit] = field(default_factory=list)
    rows: list[Array] = field(default_factory=list)

    def add(self, edit: Edit, x: Array) -> None:
        """Add what an edit makes of it, if that is another."""
        row = _sample(x)
        if x.shape == self.shape and not np.array_equal(row, self.before) and np.isfinite(row).all():
            self.edits.append(edit)
            self.rows.append(row)

    def firsts(self) -> Iterator[tuple[Edit, int]]:
        """Yield edits that make it what it should be, or a multiple of that, and which of these it is."""
        for k, target in enumerate(self.targets if self.rows else ()):
            same = alike(np.array(self.rows), target[None], CLOSE * np.abs(target).max())
            if not alike(_unit(self.before[None]), _unit(target[None]), CLOSE):
                same += alike(_unit(np.array(self.rows)), _unit(target[None]), CLOSE)
            yield from ((self.edits[i], k) for i, _ in same)

    def pairs(self) -> Iterator[Pair]:
        """Yield two edits that together make it what it should be: what they change adds up, or multiplies."""
        for target in self.targets if self.rows else ():
            added, size = self.rows - self.before, float(np.abs(target).max() + np.abs(self.before).max())
            missing = target - self.before - added
            both = alike(missing, added, CLOSE * size)
            used = (self.before != 0.0) & (target != 0.0)
            if used[(self.before != 0.0) | (target != 0.0)].all() and used.any():
                logs, whole = (np.log(np.abs(x[..., used] / self.before[used])) for x in (np.array(self.rows), target))
                both += alike(whole - logs, logs, CLOSE)
            yield from ((self.edits[i], self.edits[j], None) for i, j in both)
            is_told = target.size > 1  # one number is a multiple of any other
            scaled = [j for j, edit in enumerate(self.edits) if edit.number == DOUBLE and is_told]
            for i, j in alike(_unit(missing), _unit(added[scaled]), CLOSE):
                yield self.edits[i], self.edits[scaled[j]], multiple(missing[i], added[scaled[j]])


def meeting(running: Running, log: Log) -> Iterator[Fit]:
    """Yield two edits each that together make gradients right at the first point, the simplest first."""
    several: set[Pair] = set()
    for changes in log.changes.values():
        apart = {pair for pair in changes.pairs() if pair[0].node is not pair[1].node}
        several.update(sorted(apart, key=_order)[:MOST_PAIRS])
    for one, other, times in sorted(several, key=_order):
        others = [other]
        if times is not None:
            number = rounded(other.further(times, running.seen[other.node.key][2]))
            others = list(as_called(running, replace(other, number=None), number))
        yield from (((one, second), running.right_under((one, second), 0)) for second in others)


def _order(pair: Pair) -> tuple[int, int, int]:
    return rank_of(pair[:2]), pair[0].node.key, pair[1].node.key


def firsts(log: Log) -> list[Edit]:
    """Return the edits that may be the first of two: they make some gradients, or variables, what these should be."""
    reached: dict[Edit, set[Any]] = {}
    for which, changes in log.changes.items():
        for edit, k in changes.firsts():
            reached.setdefault(edit, set()).add((which, k))
    distinct: dict[frozenset[Any], Edit] = {}
    for edit in sorted(reached, key=lambda edit: (-len(reached[edit]), edit.rank)):
        distinct.setdefault(frozenset(reached[edit]), edit)
    return list(distinct.values())[:FIRSTS]


def alike(some: Array, others: Array, within: float) -> list[tuple[int, int]]:
    """Return which rows are the same as which others."""
    if not len(some) or not len(others):
        return []
    weights = np.random.default_rng(0).normal(size=some.shape[1])
    one, another = some @ weights, others @ weights
    order = np.argsort(another)
    ends = [np.searchsorted(another[order], one + way * within * np.abs(weights).sum()) for way in (-1, 1)]
    near = ((i, int(j)) for i, (a, b) in enumerate(zip(*ends)) for j in order[a:b])
    return [(i, j) for i, j in near if (np.abs(some[i] - others[j]) <= within).all()]


def _unit(rows: Array) -> Array:
    """Return rows of length one, in which the first entry that is not small is positive."""
    length = np.sqrt((rows * rows).sum(axis=-1, keepdims=True))
    scaled = rows / np.where(length > 0.0, length, np.nan)
    first = np.argmax(np.abs(scaled) > 0.1 / np.sqrt(rows.shape[-1]), axis=-1)
    return np.asarray(scaled * np.sign(np.take_along_axis(scaled, first[..., None], -1)))


def _sample(x: Array) -> Array:
    """Return some entries of an array, the same ones of each of a shape."""
    return x.ravel()[_places(x.size)] * 1.0


@lru_cache(maxsize=1024)
def _places(size: int) -> Array:
    return np.random.default_rng(size).permutation(size)[:SAMPLED]
