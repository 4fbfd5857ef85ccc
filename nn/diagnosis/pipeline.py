"""What is said of gradients at several points: compared, explained as simple changes, sought among alterations, judged.

A function and a layer are two readings into it: a point says what is compared there, and of which recorded function the
gradients are.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nn.agreement.tolerance import proportion
from nn.diagnosis.agreed import ELSEWHERE
from nn.diagnosis.alterations.explain import Findings, Found, Point, explained, number_of
from nn.diagnosis.alterations.target import EXACT, proves
from nn.diagnosis.alterations.ties import at_ties
from nn.diagnosis.comparison import HARDLY, Comparison
from nn.diagnosis.mending.mending import mended
from nn.diagnosis.mending.written import Written
from nn.diagnosis.perturbed import MULTIPLIERS
from nn.diagnosis.report import NOT_JUDGED, Diagnosis, Finding, Verdict
from nn.samples import Array

JUDGED = "a gradient is judged where all numbers are finite"
WIDEST = 4  # of the points farther away, the last: where these take no other branch, none does
OTHER_SHAPES = "right for the shapes given, but not for longer arrays, which forward takes too"
OFF_ELSEWHERE = "at other numbers of the same signs"
NO_GRADIENT = "no gradient by it was returned"
ALONE = "tried at the point given alone: other numbers of the same signs, forward does not take"
FEW = "pass the gradient as a function, or more entries that are not round: these could be a coincidence"
WHOLE = {"sign", "doubled", "halved", "factor", "path-missing", "upstream-missing"}
"""Kinds of alterations that a simple change of the whole gradient says better, where it is one."""


class JudgedPoint(ABC):
    """Somebody's gradients at one point."""

    experiment = "look at these places of the derivation: on these shapes they lead to the same numbers"

    @property
    @abstractmethod
    def comparisons(self) -> Mapping[int, Comparison]:
        """Each gradient beside the right one, by its place."""

    @property
    def precision(self) -> float:
        """How large a part of the largest entry of a gradient one may be off that is reproduced."""
        return max([EXACT, *[c.precision for c in self.comparisons.values()]])

    @abstractmethod
    def name_of(self, at: int) -> str:
        """Return what a gradient is by."""

    @abstractmethod
    def recorded(self, wrong: Sequence[int]) -> Point | None:
        """Return what is differentiated, if it is a function of arrays, and gradients: right where none is wrong."""

    @property
    def is_defined(self) -> bool:
        """Whether the function takes the numbers of the point at all."""
        return True

    @property
    def unjudged(self) -> Mapping[int, str]:
        """What there is no gradient by, by its place."""
        return {}

    def altered(
        self, wrong: Sequence[int], others: Sequence[JudgedPoint]
    ) -> tuple[list[Findings], dict[int, list[Findings]]]:
        """Return the alterations of the function's backward pass that reproduce the gradients, at other points too.

        All at once, those that are right included; and, where nothing does that, each wrong one by itself.
        """
        if not wrong or any(c.is_single and c.precision <= EXACT for c in self.comparisons.values()):
            return [], {}
        first, *rest = [point.recorded(wrong) for point in (self, *others)]
        return explained(first, [point for point in rest if point is not None]) if first is not None else ([], {})

    def written(self) -> Written | None:
        """Return the author's function here, if there is one to be mended."""
        return None

    def mended(self, wrong: Sequence[int], others: Sequence[JudgedPoint]) -> Found:
        """Return the changes of the author's function that make gradients right: all at once, or each by itself."""
        several = [point.written() for point in (self, *others)]
        points = [point for point in several if point is not None]
        if (
            not any(point.right[at].any() for point in points for at in wrong)  # zeros, many changes lead to
            or len(points) < len(several)
            or any(c.is_single and c.precision <= EXACT for c in self.comparisons.values())
        ):
            return [], {}
        return mended(points, wrong)

    def diagnosis(self, others: Sequence[JudgedPoint] = ()) -> Diagnosis:
        """Return the verdict on each gradient, and the mistakes in the wrong ones, here and at other points."""
        points = (self, *others)
        alike = [point for point in points if point.is_like(self)]
        wrong = [at for at in self.comparisons if not all(point.comparisons[at].outcome.ok for point in alike)]
        paths, each, is_proven = self._explained(wrong, others)
        kinds = {at: _kind(each[at], is_proven) if at in each else "right" for at in self.comparisons}
        rows = self._rows(kinds)
        remarks = tuple(dict.fromkeys(self._remarks(alike[1:])))
        beyond = [at for at in kinds if at not in wrong and not all(p.comparisons[at].outcome.ok for p in others)]
        remarks += tuple(f"{self.name_of(at)}: {OTHER_SHAPES}" for at in beyond)
        verdict = next((kind for kind in ("unnamed", "ambiguous", "named") if kind in kinds.values()), "right")
        experiment = self.experiment if is_proven else FEW
        if verdict == "ambiguous":
            return Diagnosis(verdict, (), tuple(paths or _all_of(each)), experiment, rows, remarks)
        certain = [paths[0]] if paths else [several[0] for several in each.values() if len(several) == 1]
        known = tuple(itertools.chain(*certain)) if is_proven else ()
        unsure = tuple(_all_of({at: each[at] for at, kind in kinds.items() if kind == "ambiguous"}))
        return Diagnosis(verdict, known, unsure, experiment if unsure else "", rows, remarks)

    def _explained(
        self, wrong: Sequence[int], others: Sequence[JudgedPoint]
    ) -> tuple[list[Findings], dict[int, list[Findings]], bool]:
        """Return what explains all wrong gradients at once, or else each of them; and whether that is proven."""
        whole = {at: [self._with_origin(path, at, others) for path in self.whole(at, others)] for at in wrong}
        paths, alone = self.altered(wrong, others)
        several = [c for point in (self, *others) for c in point.comparisons.values()]
        most = max(map(len, (*paths, *itertools.chain(*alone.values()))), default=0)
        is_proven = (
            not most
            or not all(c.comparable for c in several)
            or proves([c.given for c in several], most, precision=self.precision)
        )
        if all(whole.values()) and _are_whole(paths):
            paths = _all_of(whole) if wrong else []
        simple = {at: whole[at] and _are_whole(alone.get(at, [])) for at in wrong}
        each = {at: paths or (whole[at] if simple[at] else alone.get(at, [])) for at in wrong}
        names = [[finding.name for path in several for finding in path] for several in each.values()]
        is_symptom = any("gradient-zero" in several for several in names)
        if not is_symptom and (not is_proven or all(map(_is_one, each.values()))):
            return paths, each, is_proven
        together, separate = self.mended(wrong, others)
        if all(each.values()):  # ambiguous, or two alterations: the author's own text may decide, or say it as one
            if len(together) == 1:
                return together, dict.fromkeys(wrong, together), True
            ones = {at: several for at, several in separate.items() if _is_one(several) and not _is_one(each[at])}
            return [] if ones else paths, each | ones, is_proven
        if not together and any(each.values()):
            separate = self.mended([at for at in wrong if not each[at]], others)[1]
        return together, {at: together or each[at] or separate.get(at, []) for at in wrong}, is_proven

    def _with_origin(self, path: Findings, at: int, others: Sequence[JudgedPoint]) -> Findings:
        """Return a change of a whole gradient; of a factor it is said which of the function's numbers it is."""
        compared, points = self.comparisons[at], [point.recorded([]) for point in (self, *others)]
        if [finding.name for finding in path] != ["factor"]:
            return path
        factor = proportion(compared.given, compared.right, self.precision) or 0.0
        number = number_of([point for point in points if point is not None], factor)
        return (replace(path[0], found=f"{path[0].found}: {number}" if number else path[0].found),)

    def _remarks(self, others: Sequence[JudgedPoint]) -> Iterator[str]:
        """Yield what is said of right gradients: here, and of those that are right here but for little elsewhere."""
        yield from (c.outcome.remark for c in self.comparisons.values() if c.outcome.remark)
        for at, comparison in self.comparisons.items():
            there = [o for o in (point.comparisons[at].outcome for point in others) if o.is_off]
            if comparison.outcome.ok and not comparison.outcome.is_off and there:
                yield f"{self.name_of(at)}: {OFF_ELSEWHERE} {there[0].remark}"

    def _rows(self, kinds: Mapping[int, str]) -> tuple[Verdict, ...]:
        """Return the rows of the table; one also for what there is no gradient by."""
        rows = {at: self.comparisons[at].verdict(self.name_of(at), kind) for at, kind in kinds.items()}
        rows |= {at: Verdict(name, NOT_JUDGED, 0.0, 0.0, NO_GRADIENT) for at, name in self.unjudged.items()}
        return tuple(rows[at] for at in sorted(rows))

    @property
    @abstractmethod
    def branches(self) -> Sequence[Array]:
        """Return which way the comparisons turn out that what is differentiated makes."""

    @property
    def runs(self) -> bool:
        """Whether what is compared is defined here: it need not be, where nobody gave the point."""
        try:
            with np.errstate(all="ignore"):
                return bool(self.comparisons)
        except Exception:
            return False

    @property
    def wrong(self) -> list[int]:
        """The places of the gradients that are wrong."""
        return [at for at, comparison in self.comparisons.items() if not comparison.outcome.ok]

    @property
    def is_vanished(self) -> bool:
        """Whether what is wrong here is too small to tell anything."""
        return bool(self.wrong) and all(
            self.comparisons[at].comparable and self.comparisons[at].is_vanished for at in self.wrong
        )

    def is_like(self, other: JudgedPoint) -> bool:
        """Whether the gradients have the shapes of another point's."""
        pairs = zip(self.comparisons.values(), other.comparisons.values())
        return all(one.right.shape == another.right.shape for one, another in pairs)

    def whole(self, at: int, others: Sequence[JudgedPoint] = ()) -> list[Findings]:
        """Return the changes of one whole gradient that it is, at every point."""
        changes = self.comparisons[at].outcome.changes
        paths = [tuple(replace(finding, where=self.name_of(at)) for finding in path) for path in changes]
        there = [[[(f.name, f.found) for f in path] for path in other.whole(at)] for other in others]
        return [path for path in paths if all([(f.name, f.found) for f in path] in known for known in there)]


def at_kinks(
    compared: Mapping[int, Comparison],
    loss: Callable[..., Any],
    arguments: Sequence[tuple[str, Array]],
    of: Callable[[Sequence[Array]], Sequence[Array]] = list,
) -> dict[int, Comparison]:
    """Return comparisons with those right gradients, of several at a kink, that most of them agree with.

    Parameters
    ----------
    compared, loss, arguments
        The comparisons, and the function of the arguments that is differentiated.
    of
        Of gradients by the arguments, those that are compared.
    """
    if all(c.exact.all() for c in compared.values()):
        return dict(compared)
    rights = map(of, at_ties(loss, arguments))
    others = [{at: c.with_right(right[at]) for at, c in compared.items()} for right in rights]
    return max([dict(compared), *others], key=_nearness)


def _nearness(compared: Mapping[int, Comparison]) -> tuple[int, int, float]:
    """Return how many gradients are exact; how many rounding, or differences, may have moved, and how little."""
    near = [c.relative for c in compared.values() if c.relative < HARDLY]
    return sum(bool(c.exact.all()) for c in compared.values()), len(near), -sum(near)


def with_spreads(
    compared: Mapping[int, Comparison], again: Callable[[int], Mapping[int, Array]]
) -> dict[int, Comparison]:
    """Return comparisons, those that rounding may have moved with how far other roundings move what was returned.

    `again` returns that, after as many runs: one tells differences from a formula; after none, what differs by itself.
    """
    moved = [at for at, c in compared.items() if c.may_be_rounded]
    known = dict(compared)
    try:
        with np.errstate(all="ignore"):
            for runs in (1, len(MULTIPLIERS)) if moved else ():
                spreads = again(runs)
                known |= {at: compared[at].with_spread(spreads[at]) for at in moved if at in spreads}
                if all(known[at].is_coarsely_right for at in moved):
                    break
            is_one = all(known[at].is_exact <= compared[at].is_exact for at in moved) or not _any(again(0))
    except Exception:  # not every function takes these arrays
        return dict(compared)
    return known if is_one else dict(compared)


def _any(arrays: Mapping[int, Array]) -> bool:
    return any(bool(x.any()) for x in arrays.values())


def at_points(
    points: Sequence[JudgedPoint], longer: Iterable[JudgedPoint] = (), farther: Iterable[JudgedPoint] = ()
) -> Diagnosis:
    """Return what is said at the first point with a wrong gradient, of it and the others; also of longer arrays.

    Where all of these take the same branches, what is wrong is tried at a point farther away that takes others.
    """
    several = [point for point in points[:1] if point.comparisons]  # in this order: forward may keep its calls
    defined = [point for point in points[1:] if point.is_defined and point.comparisons]
    several += [point for point in defined if not point.is_vanished]
    among = len(several)
    several += [point for point in longer if not point.is_vanished]
    wrong = [k for k, point in enumerate(several) if point.wrong]
    first = wrong[0] if wrong else 0
    others = [*several[:first], *several[first + 1 :]]
    others += itertools.islice(_of_other_branches(several, farther), 1) if wrong else ()
    diagnosis = several[first].diagnosis(others)
    remarks = [OTHER_SHAPES if first >= among else ELSEWHERE] if first else []
    remarks += [ALONE] if points[1:] and not defined else []
    return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))


def _of_other_branches(points: Sequence[JudgedPoint], farther: Iterable[JudgedPoint]) -> Iterator[JudgedPoint]:
    """Yield those farther away at which comparisons turn out otherwise: half as many as anywhere, or more."""
    known, several = points[0].branches, list(farther)
    if not any(_turned(known, point) for point in several[-WIDEST:]):
        return
    turned = [_turned(known, point) for point in several]
    wrong = set(itertools.chain(*[point.wrong for point in points]))
    for point, many in zip(several, turned):
        if 2 * many >= max(turned) and point.runs and set(point.wrong) <= wrong:
            yield point


def _turned(here: Sequence[Array], point: JudgedPoint) -> int:
    """Return how many comparisons turn out otherwise at another point; none where the function is not defined."""
    try:
        there = point.branches
    except Exception:
        return 0
    pairs = zip(here, there) if len(here) == len(there) else ()
    return sum(int(np.not_equal(a, b).sum()) if a.shape == b.shape else a.size for a, b in pairs)


def _kind(paths: Sequence[Findings], is_proven: bool) -> str:
    """Return the verdict on a wrong gradient."""
    if not paths:
        return "unnamed"
    return "named" if len(paths) == 1 and is_proven else "ambiguous"


def _is_one(paths: Sequence[Findings]) -> bool:
    """Whether there is one explanation, of one finding for each gradient."""
    wheres = [name for path in paths for finding in path for name in finding.where.split(", ")]
    return len(paths) == 1 and len(wheres) == len(set(wheres))


def _are_whole(paths: Sequence[Findings]) -> bool:
    """Whether a simple change of the whole gradient says better what these say."""
    return all(finding.name in WHOLE for path in paths for finding in path)


def _all_of(each: Mapping[int, Sequence[Findings]]) -> list[Findings]:
    """Return every way in which each gradient has one of its explanations."""
    return [_united(itertools.chain(*several)) for several in itertools.product(*each.values()) if several]


def _united(findings: Iterable[Finding]) -> Findings:
    """Return findings, those that differ only in whose gradient they are of as one."""
    places: dict[Finding, list[str]] = {}
    for finding in findings:
        places.setdefault(replace(finding, where=""), []).append(finding.where)
    return tuple(replace(finding, where=", ".join(where)) for finding, where in places.items())
