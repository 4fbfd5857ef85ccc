"""What is said of gradients at several points: compared, explained as simple changes, sought among alterations, judged.

A function and a layer are two readings into it: a point says what is compared there, and of which recorded function the
gradients are.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from nn.agreement.tolerance import proportion
from nn.diagnosis.agreed import ELSEWHERE
from nn.diagnosis.alterations.explain import Findings, Found, Point, explained, number_of
from nn.diagnosis.alterations.recorded import recorded_or_none
from nn.diagnosis.alterations.sentences import of_multiple
from nn.diagnosis.alterations.sweep import Sweep
from nn.diagnosis.alterations.target import EXACT, proves
from nn.diagnosis.comparison import Comparison
from nn.diagnosis.differenced import differenced
from nn.diagnosis.findings import all_of, are_whole, changed, is_farfetched
from nn.diagnosis.mending.mending import FARTHEST, mended
from nn.diagnosis.mending.vanishing import vanishing
from nn.diagnosis.mending.written import Written
from nn.diagnosis.report import NOT_JUDGED, Diagnosis, Verdict
from nn.samples import Array

JUDGED = "a gradient is judged where all numbers are finite"
WIDEST = 4  # of the points farther away, the last: where these take no other branch, none does
OTHER_SHAPES = "right for the shapes given, but not for longer arrays, which forward takes too"
SEEN = 1e-6  # how far off a gradient may be along a direction
OFF_ELSEWHERE = "at other numbers of the same signs"
NO_GRADIENT = "no gradient by it was returned"
ALONE = "tried at the point given alone: other numbers of the same signs, forward does not take"
NEARBY = "where the conditions of forward turn out as for the numbers given"
FEW = "pass the gradient as a function, or more entries that are not round: these could be a coincidence"
NEAR = 2  # the rank of an edit up to which the text is searched where a mistake has a name


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
        if not wrong or self._is_coarse:
            return [], {}
        first, *rest = [point.recorded(wrong) for point in (self, *others)]
        return explained(first, [point for point in rest if point is not None]) if first is not None else ([], {})

    def written(self) -> Written | None:
        """Return the author's function here, if there is one to be mended."""
        return None

    def with_others_held(self) -> JudgedPoint | None:
        """Return the same point where the functions hold other arrays than they do, if they hold some."""
        return None

    def with_steps(self) -> Written | None:
        """Return the author's function, beside what the steps of what is differentiated are and get."""
        written, recorded = self.written(), self.recorded([])
        steps = recorded_or_none(recorded.f, recorded.arguments) if recorded is not None else None
        if written is None or steps is None:
            return written
        sweep = Sweep(*steps)
        named = {name: step.value for name, step in sweep.named.items()}
        known = [*sweep.cotangents.values(), *[step.value for step in sweep.steps]]
        return replace(written, at_hand={**named, **written.at_hand}, known=known)

    def mended(
        self, wrong: Sequence[int], others: Sequence[JudgedPoint], *, has_pairs: bool = False, farthest: int = FARTHEST
    ) -> Found:
        """Return the changes of the author's function that make gradients right: all at once, or each by itself."""
        held = self.with_others_held() if wrong else None
        several = [point.with_steps() for point in (self, *others, *([held] if held is not None else []))]
        points = [point for point in several if point is not None]
        is_zero = not any(point.right[at].any() for point in points for at in wrong)  # which many changes lead to
        if is_zero or len(points) < len(several) or self._is_coarse:
            return [], {}
        return mended(points, wrong, has_pairs=has_pairs, farthest=farthest)

    @property
    def _is_coarse(self) -> bool:
        """Whether a gradient is in single precision, whose rounding no alteration reproduces."""
        return any(c.is_single and c.precision <= EXACT and bool(c.given.any()) for c in self.comparisons.values())

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
            return Diagnosis(verdict, (), tuple(paths or all_of(each)), experiment, rows, remarks)
        paths = [self._where_zero(path, others) for path in paths]
        each = {at: [self._where_zero(path, others) for path in several] for at, several in each.items()}
        certain = [paths[0]] if paths else [several[0] for several in each.values() if len(several) == 1]
        known = tuple(itertools.chain(*certain)) if is_proven else ()
        unsure = tuple(all_of({at: each[at] for at, kind in kinds.items() if kind == "ambiguous"}))
        return Diagnosis(verdict, known, unsure, experiment if unsure else "", rows, remarks)

    def _explained(
        self, wrong: Sequence[int], others: Sequence[JudgedPoint]
    ) -> tuple[list[Findings], dict[int, list[Findings]], bool]:
        """Return what explains all wrong gradients at once, or else each of them; and whether that is proven."""
        if steps := differenced([point.recorded(wrong) for point in (self, *others)]):
            return [steps], {at: [steps] for at in wrong}, True
        whole = {at: [self.with_origin(path, at, others) for path in self.whole(at, others)] for at in wrong}
        paths, alone = self.altered(wrong, others)
        several = [c for point in (self, *others) for c in point.comparisons.values()]
        most = max(map(len, (*paths, *itertools.chain(*alone.values()))), default=0)
        is_proven = (
            not most
            or not all(c.comparable for c in several)
            or proves([c.given for c in several], most, precision=self.precision)
        )
        if all(whole.values()) and are_whole(paths):
            paths = all_of(whole) if wrong else []
        simple = {at: whole[at] and are_whole(alone.get(at, [])) for at in wrong}
        each = {at: paths or (whole[at] if simple[at] else alone.get(at, [])) for at in wrong}
        names = [[finding.name for path in several for finding in path] for several in each.values()]
        is_symptom = any("gradient-zero" in several for several in names)
        if not wrong or not (is_proven or is_symptom):
            return paths, each, is_proven
        if not is_symptom and all(len(several) == 1 for several in each.values()):
            return *self._in_the_text(paths, each, others, FARTHEST if most > 1 else NEAR), True
        return self._by_mending(paths, each, others, is_proven=is_proven)

    def _by_mending(
        self,
        paths: list[Findings],
        each: dict[int, list[Findings]],
        others: Sequence[JudgedPoint],
        *,
        is_proven: bool,
    ) -> tuple[list[Findings], dict[int, list[Findings]], bool]:
        """Return what the author's own text says of what has no name, or several."""
        wrong = list(each)
        together, separate = self.mended(wrong, others, has_pairs=not any(each.values()))
        if all(each.values()):
            if len(together) == 1:
                return together, dict.fromkeys(wrong, together), True
            return paths, each, is_proven
        if not together and any(each.values()):
            unexplained = [at for at in wrong if not each[at]]
            both, separate = self.mended(unexplained, others, has_pairs=True)
            separate = dict.fromkeys(unexplained, both) if both else separate
        return together, {at: together or each[at] or separate.get(at, []) for at in wrong}, is_proven

    def _in_the_text(
        self, paths: list[Findings], each: dict[int, list[Findings]], others: Sequence[JudgedPoint], farthest: int
    ) -> tuple[list[Findings], dict[int, list[Findings]]]:
        """Return what is named, with the change of the author's own text that mends it; or that in its place."""
        together, separate = self.mended(list(each), others, farthest=farthest)
        if len(together) == 1 and any(is_farfetched(path, together[0][0]) for path in paths or all_of(each)):
            return together, dict.fromkeys(each, together)
        ones = {at: several for at, several in separate.items() if len(several) == 1 < len(each[at][0])}
        if ones and not paths:
            return [], each | ones
        alone = {at: together or separate.get(at, []) for at in each}
        changes = {self.name_of(at): several[0][0].sentence for at, several in alone.items() if len(several) == 1}
        return [changed(path, changes) for path in paths], {at: [changed(each[at][0], changes)] for at in each}

    def _where_zero(self, path: Findings, others: Sequence[JudgedPoint]) -> Findings:
        """Return findings, those of a zero gradient with where it becomes zero in the author's own text."""
        if [finding.name for finding in path] != ["gradient-zero"]:
            return path
        wrong = [at for at in self.comparisons if self.name_of(at) in path[0].where.split(", ")]
        return (replace(path[0], found=vanishing([point.written() for point in (self, *others)], wrong)),)

    def with_origin(self, path: Findings, at: int, others: Sequence[JudgedPoint]) -> Findings:
        """Return a change of a whole gradient; of a factor it is said which of the function's numbers it is."""
        compared, points = self.comparisons[at], [point.recorded([]) for point in (self, *others)]
        if [finding.name for finding in path] != ["factor"]:
            return path
        factor = proportion(compared.given, compared.right, self.precision) or 0.0
        number = number_of([point for point in points if point is not None], factor)
        return (replace(path[0], sentence=of_multiple(number), found=f"{path[0].found}: {number}"),) if number else path

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
    def off(self) -> float:
        """How far the gradients are off along one direction, where that is known; NaN where nothing is defined."""
        return np.inf

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


def at_points(
    points: Sequence[JudgedPoint],
    longer: Iterable[JudgedPoint] = (),
    farther: Iterable[JudgedPoint] = (),
    unlike: Iterable[tuple[str, JudgedPoint]] = (),
) -> Diagnosis:
    """Return what is said at the first point with a wrong gradient, of it and the others; also of longer arrays.

    Where all of these take the same branches, what is wrong is tried at a point farther away that takes others.  Where
    nothing is wrong, it is said what is at points unlike these.
    """
    several = [point for point in points[:1] if point.comparisons]  # in this order: forward may keep its calls
    defined = [point for point in points[1:] if point.is_defined and point.comparisons]
    several += [point for point in defined if not point.is_vanished]
    among = len(several)
    several += [point for point in longer if not point.is_vanished]
    wrong = [k for k, point in enumerate(several) if point.wrong]
    first = wrong[0] if wrong else 0
    others = [*several[:first], *several[first + 1 :]]
    away = list(itertools.islice(_of_other_branches(several, farther), 1)) if wrong else []
    diagnosis = several[first].diagnosis([*others, *away])
    remarks = [OTHER_SHAPES if first >= among else ELSEWHERE] if first else []
    remarks += [ALONE] if points[1:] and not defined else []
    remarks += _nearby(several[first], others) if away and diagnosis.verdict != "named" else []
    there = (_beyond(*one) for one in unlike if one[1].off > SEEN and one[1].runs and one[1].wrong)
    remarks += itertools.islice(there, 0 if wrong else 1)
    return replace(diagnosis, remarks=(*diagnosis.remarks, *remarks))


def _nearby(point: JudgedPoint, others: Sequence[JudgedPoint]) -> list[str]:
    """Return what simple change each wrong gradient is here, though not where other branches are taken."""
    whole = {at: [point.with_origin(path, at, others) for path in point.whole(at, others)] for at in point.wrong}
    ones = [several[0][0] for several in whole.values() if several and len(several[0]) == 1]
    return [f"{f.where}: {NEARBY}, {f.sentence} ({f.found})" for f in ones]


def _beyond(where: str, point: JudgedPoint) -> str:
    return f"{', '.join(map(point.name_of, point.wrong))}: right here, but not {where}, which forward takes too"


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
