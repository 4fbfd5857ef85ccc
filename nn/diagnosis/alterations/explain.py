"""A name for a wrong gradient of any function, from alterations of the function's own backward pass.

>>> def f(x):
...     mu = x.mean()
...     return ((x - mu) ** 3).sum()
>>> x = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
>>> (path,), _ = explained(Point(f, [("x", x)], [3.0 * (x - x.mean()) ** 2]))
>>> path[0].name, path[0].sentence
('path-missing', 'the path through `mu` is missing')
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from nn.agreement.tolerance import proportion
from nn.diagnosis.alterations.alteration import BackwardAlteration, attempted
from nn.diagnosis.alterations.candidates import Attempt, known_numbers, named_numbers
from nn.diagnosis.alterations.directions import Trials
from nn.diagnosis.alterations.recorded import recorded_or_none
from nn.diagnosis.alterations.search import LISTED, alterations_of
from nn.diagnosis.alterations.sentences import exchanged_leaves, said, zero
from nn.diagnosis.alterations.step import ArrayStep
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import EXACT, Target, size
from nn.diagnosis.report import Finding
from nn.samples import Array

Findings: TypeAlias = tuple[Finding, ...]
Found: TypeAlias = tuple[list[Findings], dict[int, list[Findings]]]
"""What reproduces all gradients at once; and, where nothing does, what reproduces each wrong one."""


class Point(NamedTuple):
    """A function of arrays that returns one number, its arguments by name, and gradients by them.

    The right gradients, if they are known, are what the recorded function must agree with to be believed; numbers are
    those that the function knows beside its arguments, by name; before are the arguments of the call before, if any.
    An entry may be off by so large a part of the largest as the precision says.
    """

    f: Callable[..., Any]
    arguments: Sequence[tuple[str, Array]]
    given: Sequence[Array]
    right: Sequence[Array] | None = None
    numbers: Mapping[str, float] = MappingProxyType({})
    before: Sequence[tuple[str, Array]] = ()
    precision: float = EXACT


def as_whole(together: list[Findings], each: Mapping[int, list[Findings]]) -> list[Findings]:
    """Return what reproduces all gradients at once, or else every way in which each has its own; at most three."""
    by_leaf = itertools.product(*each.values()) if each else ()
    return together or [tuple(itertools.chain(*several)) for several in by_leaf][:LISTED]


def explained(point: Point, others: Sequence[Point] = ()) -> Found:
    """Return what reproduces all gradients at once; and, where nothing does, what reproduces each wrong one."""
    first = Recorded.of(point)
    if first is None:
        return [], {}
    if any(x.shape != leaf.value.shape for x, leaf in zip(point.given, first.leaves)):
        whole = len(point.given) == 1
        return _of_another_shape(Sweep(first.root, first.leaves), point.given[0]) if whole else [], {}
    return explained_at(
        [first, *[there for other in others if (there := Recorded.of(other)) is not None and there.is_whole]]
    )


def number_of(points: Sequence[Point], factor: float) -> str:
    """Return what a factor is in a function at all points: a length, a constant or the inverse of one; or ""."""
    recorded = [there for point in points if (there := Recorded.of(point)) is not None]
    names = [dict(named_numbers(factor, known_numbers(there.target.sweep))) for there in recorded]
    everywhere = (text for key, text in names[0].items() if all(key in other for other in names)) if names else ()
    return next((text for text in everywhere if re.search("[a-z/]", text)), "")


def explained_at(points: Sequence[Recorded]) -> Found:
    """Return the same of a function that was recorded at several points."""
    if not all(np.isfinite(x).all() for point in points for x in point.given):
        return [], {}
    wrong = sorted({k for point in points for k in point.wrong})
    with np.errstate(all="ignore"):
        known = _without_search(points, wrong) if wrong else []
        if known or not wrong:
            return known, {}
        return _searched(points, wrong)


def _searched(points: Sequence[Recorded], wrong: Sequence[int]) -> Found:
    """Trials for one alteration of all gradients, one of each, a pair for all, and a pair for each, in this order.

    Where one gradient alone is wrong, one alteration of it is simpler than a pair that leaves the others right.
    """
    search, leaves = Trials([point.target for point in points]), tuple(range(len(points[0].leaves)))
    sweep = points[0].target.sweep
    paths = search.single(leaves)
    alone = search.single(tuple(wrong)) if len(wrong) == 1 < len(leaves) and not paths else []
    paths = paths or (search.pairs(leaves) if len(alone) != 1 else [])
    each = {k: _without_search(points, [k]) or _said_of(search.single((k,)), sweep, (k,)) for k in wrong if not paths}
    missing = [(k,) for k in each if not each[k]]
    if missing or not (paths or len(leaves) > 1):
        paths = (series := search.in_series([leaves, *missing] if len(leaves) > 1 else [leaves]))[leaves]
    for (k,) in missing if not paths else ():
        each[k] = _said_of(search.pairs((k,)) or series.get((k,), []), sweep, (k,))
    return _said_of(paths, sweep), each if not paths else {}


@dataclass(frozen=True)
class Recorded:
    """A function that was recorded at a point, and the gradients there.

    Attributes
    ----------
    root, leaves
        Its result, and its arguments.
    given, right
        Somebody's gradients by these, and the right ones.
    numbers, before, precision
        What the function knows beside its arguments; itself as it was called before, if it was; how precise they are.
    """

    root: ArrayStep
    leaves: Sequence[ArrayStep]
    given: Sequence[Array]
    right: Sequence[Array]
    numbers: Mapping[str, float] = field(default_factory=dict)
    before: Sweep | None = None
    precision: float = EXACT

    @classmethod
    def of(cls, point: Point) -> Recorded | None:
        """Return it, if it is recorded and agrees with the right gradients."""
        recorded = recorded_or_none(point.f, point.arguments)
        if recorded is None:
            return None
        root, leaves = recorded
        right = Sweep(root, leaves).without_shifts().gradients
        if root.value.size != 1:
            return None
        if point.right is not None and not all(_is_close(a, b) for a, b in zip(right, point.right)):
            return None
        earlier = recorded_or_none(point.f, point.before) if point.before else None
        before = Sweep(*earlier) if earlier else None
        return cls(root, leaves, point.given, right, point.numbers, before, point.precision)

    @property
    def is_whole(self) -> bool:
        """Whether the gradients have their leaves' shapes."""
        return all(x.shape == leaf.value.shape for x, leaf in zip(self.given, self.leaves))

    @property
    def wrong(self) -> list[int]:
        """Which gradients are wrong."""
        return [k for k, (a, b) in enumerate(zip(self.right, self.given)) if not self.is_close(a, b)]

    def is_close(self, a: Array, b: Array) -> bool:
        """Whether two gradients are the same, as precisely as these are known."""
        return _is_close(a, b, self.precision)

    @cached_property
    def target(self) -> Target:
        """Return what is to be reproduced."""
        sweep = Sweep(self.root, self.leaves)
        sweep.numbers = self.numbers
        if self.before and [step.op for step in self.before.steps] == [step.op for step in sweep.steps]:
            sweep.before = self.before
        return Target(sweep, self.given, precision=self.precision)


def _without_search(points: Sequence[Recorded], wrong: Sequence[int]) -> list[Findings]:
    """Return what the gradients are as a whole: zero, or those of other leaves."""
    names = [leaf.name for leaf in points[0].leaves]
    if all(size(p.given[k]) <= p.precision * size(p.right[k]) for p in points for k in wrong):
        return [(zero(", ".join(names[k] for k in wrong)),)]
    others = {k: next((j for j in range(len(names)) if j != k and _is_of(points, k, j)), None) for k in wrong}
    if all(j is not None for j in others.values()) and not all(_is_multiple(points, k) for k in wrong):
        return [tuple(exchanged_leaves(names[k], names[j]) for k, j in others.items() if j is not None)]
    return []


def _is_of(points: Sequence[Recorded], k: int, other: int) -> bool:
    """Whether the gradient given for a leaf is another's, at all points."""
    return all(p.given[k].shape == p.right[other].shape and p.is_close(p.given[k], p.right[other]) for p in points)


def _is_multiple(points: Sequence[Recorded], k: int) -> bool:
    """Whether the gradient given for a leaf is a multiple of its own at some point, as that of another may be.

    One number is always: it is the same multiple at every point.
    """
    several = [proportion(p.given[k], p.right[k], p.precision) for p in points]
    ratios = [ratio for ratio in several if ratio is not None]
    is_number = points[0].right[k].size == 1
    return bool(ratios) and (not is_number or bool(np.ptp(ratios) <= EXACT * size(np.array(ratios))))


def _said_of(paths: Sequence[Sequence[Attempt]], sweep: Sweep, which: Sequence[int] = ()) -> list[Findings]:
    """Return what is said of alterations, in the order of the leaves whose gradients they change."""
    names = [leaf.name for leaf in sweep.leaves]
    counted = [names[k] for k in which or range(len(names))]
    several = [
        [said(a, ", ".join(name for name in _changed(a, sweep) if name in counted)) for a in alterations_of(path)]
        for path in paths
    ]
    several = [[f for f in path if f.where] or path for path in several]  # without what only another mistake brings out
    return [tuple(sorted(path, key=lambda finding: _first(finding, names))) for path in several]


def _first(finding: Finding, names: Sequence[str]) -> int:
    """Return the place of the first leaf whose gradient a finding is about."""
    return min((names.index(name) for name in finding.where.split(", ") if name in names), default=0)


def _of_another_shape(sweep: Sweep, given: Array) -> list[Findings]:
    """Return what makes a gradient of a shape that its leaf does not have, in the last step to it."""
    (leaf,) = sweep.leaves
    edges = sweep.arriving.get(leaf, [])
    if len(edges) != 1:
        return []
    g, saved = sweep.cotangents[edges[0].step], edges[0].saved
    made = {
        "unsummed": g * saved if edges[0].kind == "local" else None,
        "outer-product": g @ saved if edges[0].kind == "product" and g.shape == np.shape(saved) else None,
    }
    fitting = [kind for kind, x in made.items() if x is not None and x.shape == given.shape and _is_close(x, given)]
    return [(said(BackwardAlteration(kind, (edges[0],)), leaf.name),) for kind in fitting]


def _changed(alteration: BackwardAlteration, sweep: Sweep) -> list[str]:
    """Return the leaves whose gradients an alteration changes."""
    changes = zip(sweep.leaves, sweep.gradients, attempted((alteration,), sweep))
    return [leaf.name for leaf, right, made in changes if not _is_close(right, made)]


def _is_close(a: Array, b: Array, precision: float = EXACT) -> bool:
    largest = max(float(np.abs(a).max(initial=0.0)), float(np.abs(b).max(initial=0.0)))
    return bool(np.abs(a - b).max(initial=0.0) <= precision * largest)
