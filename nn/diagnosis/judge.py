"""The diagnosis of given numbers: right, or named, or ambiguous, or where the difference sits.

The outcomes are tried in one order, `JUDGES`; the first that holds is the diagnosis.

>>> problem = Problem.random((3, 2), samples=5)
>>> diagnose_problem(problem, {name: 5.0 * gradient for name, gradient in problem.right.items()}).names
['no-mean']
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from engine.agreement import EPS, allowed
from engine.arguments import finite
from nn.agreement.tolerance import LOOSEST_SINGLE, Limits, is_single
from nn.agreement.units import rounding_units
from nn.diagnosis.alterations.explain import Point, Recorded, as_whole, explained_at
from nn.diagnosis.alterations.target import proves, size
from nn.diagnosis.candidate import Candidate
from nn.diagnosis.differenced import differenced
from nn.diagnosis.equations import Array, Problem
from nn.diagnosis.experiment import experiment
from nn.diagnosis.kinks import without_kinks
from nn.diagnosis.location import inherited, whereabouts
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.diagnosis.walk import Explanation, Walk

CERTAIN = "so much is certain; from {wrong} on something else is wrong as well"
COMPARE = "look at these places of the derivation: on this data they lead to the same numbers"
APART = 3  # mistakes that the numbers of one parameter must tell from one another, to show one
LOST = "entries that are not finite come first in {first}, as the backward pass goes from the output downward"
VANISHED = "all derivatives have vanished here: take parameters or inputs at which units are not saturated"


@dataclass(frozen=True)
class Case:
    """What is judged: somebody's gradients of a problem.

    Attributes
    ----------
    problem, candidate
        What is differentiated, and the gradients that were given.
    convention
        Of the equations that are printed.
    limits
        The right gradients, and how far rounding may move each entry.
    others
        The same function's gradients on other data, by which alterations without a classical name are told from chance;
        None where these are not sought.
    """

    problem: Problem
    candidate: Candidate
    convention: str
    limits: Limits
    others: Sequence[Case] | None = None

    @classmethod
    def of(
        cls, problem: Problem, gradients: Mapping[str, Any], convention: str, others: Sequence[Case] | None = None
    ) -> Case:
        """Return gradients, given in a convention, as a case.

        Raises
        ------
        ValueError
            If a right gradient is not finite.
        """
        for name, right in problem.right.items():
            finite(right, f"the right gradient of {name}", "a gradient is judged where the right one is finite")
        kinds, length = problem.kinds, max(len(problem.X), *[max(v.shape) for v in problem.params.values()])
        units = rounding_units(
            problem.params, problem.X, problem.t, kinds[0], kinds[-1], problem.loss, problem.l2, problem.weight
        )
        units = {name: unit + EPS * np.abs(problem.params[name]) / problem.rate for name, unit in units.items()}
        limits = Limits(problem.right, units, allowed(length))
        return cls(problem, Candidate.read(problem, gradients, convention), convention, limits, others)

    @cached_property
    def wrong(self) -> list[str]:
        """The parameters whose gradient is off by more than rounding, from the output downward."""
        arrays = self.candidate.arrays
        return [name for name in self.problem.order if name in arrays and not self.limits.agrees(name, arrays[name])]

    @cached_property
    def search(self) -> Walk:
        """The search for mistakes that reproduce all of the gradients."""
        return self.searched()

    def searched(self, beside: Explanation = ()) -> Walk:
        """Return the search for mistakes beside some that are there already."""
        arrays = self.candidate.arrays
        return Walk(self.problem, arrays, {name: self.limits.relative(name) for name in arrays}, beside)

    @property
    def recorded(self) -> Recorded:
        """The network as a function of the parameters that it has, with both gradients."""
        names, network = self.problem.present, self.problem.network
        theirs, right = ([of[name] for name in names] for of in (self.candidate.arrays, self.problem.right))
        return Recorded(network.root, [network.named[name] for name in names], theirs, right)

    def rows(self, kinds: Mapping[str, str], notes: Mapping[str, str]) -> tuple[Verdict, ...]:
        """Return one verdict per parameter."""
        rows = []
        for name in self.problem.present:
            units = relative = math.inf
            if name in self.candidate.arrays:
                error, in_units = self.limits.errors(name, self.candidate.arrays[name])
                units = float(in_units.max(initial=0.0))
                relative = float(error.max(initial=0.0)) / (self.limits.largest(name) or 1.0)
            kind = kinds.get(name, "right")
            note = f"{units:.2g} units of rounding" if kind == "right" else notes.get(name, "")
            rows.append(Verdict(name, kind, units, relative, note))
        return tuple(rows)

    def concluded(
        self,
        verdict: str,
        findings: Iterable[Finding] = (),
        *,
        notes: Mapping[str, str] | None = None,
        remarks: Sequence[str] = (),
        alternatives: Sequence[tuple[Finding, ...]] = (),
        experiment: str = "",
    ) -> Diagnosis:
        """Return the diagnosis, with what the shapes have said already; what has a note has no name."""
        candidate, notes = self.candidate, dict(notes or {})
        wrong = dict.fromkeys(self.wrong if verdict != "right" else (), verdict)
        kinds = (
            dict.fromkeys(candidate.suspects, "named") | wrong | dict.fromkeys([*candidate.notes, *notes], "unnamed")
        )
        notes |= candidate.notes
        by_shape = [Finding.of(suspect, self.problem, self.convention) for suspect in candidate.suspects.values()]
        verdict = "unnamed" if notes else "named" if verdict == "right" and by_shape else verdict
        alternatives, experiment = (alternatives, experiment) if verdict == "ambiguous" else ((), "")
        rows, remarks = self.rows(kinds, notes), (*candidate.remarks, *remarks)
        return Diagnosis(verdict, (*by_shape, *findings), tuple(alternatives), experiment, rows, remarks)

    def whereabouts(self, names: Iterable[str]) -> dict[str, str]:
        """Return what can be said of the differences in some parameters."""
        return {name: whereabouts(self.problem, name, self.candidate.arrays[name]) for name in names}

    def findings(self, explanation: Explanation) -> tuple[Finding, ...]:
        """Return what each mistake of an explanation says."""
        return tuple(Finding.of(suspect, self.problem, self.convention) for suspect in explanation)

    def named(self, explanations: Sequence[Explanation], *remarks: str) -> Diagnosis | None:
        """Return the diagnosis by what reproduces all of the gradients, if anything does."""
        telling = experiment(self.problem, explanations) if len(explanations) > 1 else ""
        return self.by_paths([self.findings(explanation) for explanation in explanations], telling, *remarks)

    def by_paths(self, paths: Sequence[tuple[Finding, ...]], experiment: str, *remarks: str) -> Diagnosis | None:
        """Return the diagnosis by sets of mistakes: named if there is one and no experiment, else ambiguous."""
        if not paths:
            return None
        if not experiment:
            return self.concluded("named", paths[0], remarks=remarks)
        return self.concluded("ambiguous", remarks=remarks, alternatives=paths, experiment=experiment)


# --- the judges, in their order ------------------------------------------------------------------------------------


def right(case: Case) -> Diagnosis | None:
    """All that can be compared agrees to rounding."""
    return None if case.wrong else case.concluded("right")


def vanished(case: Case) -> Diagnosis | None:
    """What is left of the gradients, given and right, is below the rounding of its factors."""
    arrays, problem = case.candidate.arrays, case.problem
    largest = max(size(gradients[name]) for name in case.wrong for gradients in (arrays, problem.right))
    least = 1e-7 if is_single(arrays.values()) else 1e-12
    if not largest <= least * problem.scale * float(np.abs(problem.X).max(initial=1.0)):
        return None
    notes = dict.fromkeys(case.wrong, VANISHED)
    return case.concluded("unnamed", notes=notes, remarks=inherited(problem, case.wrong))


def not_finite(case: Case) -> Diagnosis | None:
    """There are entries that are no numbers: from which parameter on, and what is wrong with the others."""
    lost = [name for name in case.wrong if not np.isfinite(case.candidate.arrays[name]).all()]
    if not lost:
        return None
    own = _of_their_own(case, [name for name in case.wrong if name not in lost], (), ())
    findings = dict.fromkeys(itertools.chain(*map(case.findings, own.values())))
    notes = case.whereabouts(name for name in case.wrong if name not in own)
    return case.concluded("named", findings, notes=notes, remarks=[LOST.format(first=lost[0])])


def named_by_one(case: Case) -> Diagnosis | None:
    """One mistake with a name of its own reproduces everything, to double precision, where no differences hide it."""
    is_hidden = case.limits.are_hidden(case.candidate.arrays)
    return None if is_hidden else case.named([path for path in case.search.single() if not path[0].mistake.generic])


def coarsely_right(case: Case) -> Diagnosis | None:
    """It is right to the precision of what computed it: float32, or differences of the loss."""
    arrays = case.candidate.arrays
    if not case.limits.is_coarse(arrays) and not (
        case.limits.is_inexact(arrays) and case.limits.is_coarse(without_kinks(case.problem, arrays))
    ):
        return None
    rows = {row.parameter: row for row in case.rows({}, {})}
    worst = max(case.wrong, key=lambda name: rows[name].units)
    remark = (
        f"right to single precision only: {worst} is off by {rows[worst].relative:.1e} of its largest entry, which is "
        "float32 or a numerical difference; in double precision expect 1e-15"
    )
    return case.concluded("right", remarks=[remark])


def by_differences(case: Case) -> Diagnosis | None:
    """They are differences of the loss, with a step that is too long."""
    problem, arrays, names = case.problem, case.candidate.arrays, case.problem.present

    def value(*params: Array) -> float:
        return replace(problem, params={**problem.params, **dict(zip(names, params))}).value

    several = ([(name, of[name]) for name in names if name in arrays] for of in (problem.params, arrays, problem.right))
    params, theirs, right = several
    steps = differenced([Point(value, params, [x for _, x in theirs], [x for _, x in right])])
    return case.by_paths([steps] if steps and len(params) == len(names) else [], "")


def named_by_more(case: Case) -> Diagnosis | None:
    """Something generic, such as a factor without a reason, or a pair of mistakes reproduces everything."""
    return case.named(case.search.single() or case.search.pairs())


def named_in_single_precision(case: Case) -> Diagnosis | None:
    """Mistakes reproduce everything to single precision, in which the numbers are."""
    if not is_single(case.candidate.arrays.values()):
        return None
    loose = Walk(case.problem, case.candidate.arrays, dict.fromkeys(case.candidate.arrays, LOOSEST_SINGLE))
    return case.named(loose.single() or loose.pairs(), MISTAKES["single-precision"].sentence)


def one_by_one(case: Case) -> Diagnosis | None:
    """Each wrong parameter has a mistake of its own, which leaves the right ones right; else where it differs.

    Of what is certain whatever else is, each parameter has its own mistake beside it.
    """
    certain = case.search.certain()
    reproduced = case.search.reproduced(certain)
    rest = [name for name in case.wrong if name not in reproduced]
    own = {} if certain and not reproduced else _of_their_own(case, rest, certain, reproduced)
    findings = dict.fromkeys(itertools.chain(case.findings(certain), *map(case.findings, own.values())))
    notes = case.whereabouts(name for name in rest if name not in own)
    remarks = [MISTAKES["single-precision"].sentence] if is_single(case.candidate.arrays.values()) else []
    if certain:
        remarks.append(CERTAIN.format(wrong=rest[0]))
    remarks += [] if certain else inherited(case.problem, case.wrong)
    diagnosis = case.concluded("named", findings, notes=notes, remarks=remarks)
    return diagnosis if diagnosis.verdict == "named" else backward_altered(case) or diagnosis


def _of_their_own(
    case: Case, names: Sequence[str], certain: Explanation, reproduced: Sequence[str]
) -> dict[str, Explanation]:
    """Return the one mistake, beside those that are certain, of each parameter that has one; all of them hold together.

    Of several that reproduce a parameter it is the one that reproduces the most, at this place or another.
    """
    arrays, search = case.candidate.arrays, case.searched(certain)
    beside = [name for name in arrays if name not in case.wrong or name in reproduced]
    targets = {name: search.target([*beside, name]) for name in names}
    paths = [path for target in targets.values() for path in search.single(target.which)]
    reaching = {path: [name for name in names if search.departs(path, targets[name]) is None] for path in paths}
    reached: dict[str, set[str]] = {}
    for path, parameters in reaching.items():
        reached.setdefault(_called(path), set()).update(parameters)
    own: dict[str, Explanation] = {}
    for name in names:
        fitting = {_called(path): path for path in paths if name in reaching[path]}
        most = max((len(reached[called]) for called in fitting), default=0)
        furthest = [path for called, path in fitting.items() if len(reached[called]) == most]
        shown = [arrays[other] for path in furthest for other in reaching[path]]
        if len(furthest) == 1 and _is_shown(furthest[0][len(certain) :], shown):
            own[name] = furthest[0]
    own = {name: path for name, path in own.items() if not _is_inherited(name, path[len(certain) :], {*names} - {*own})}
    together = dict.fromkeys(itertools.chain(certain, *own.values()))
    return own if search.departs(tuple(together), search.target([*own, *reproduced])) is None else {}


def _called(path: Explanation) -> str:
    return ", ".join(suspect.mistake.name for suspect in path)


def _is_shown(path: Explanation, gradients: Sequence[Array]) -> bool:
    """Whether some parameters are enough for a mistake: it has a reason, and few numbers fit by chance."""
    return not any(suspect.mistake.generic for suspect in path) and proves(gradients, APART)


def _is_inherited(name: str, path: Explanation, unnamed: Set[str]) -> bool:
    """Whether a mistake of weights alone is that of a delta which is wrong: their bias shows it, and has no name."""
    return any(suspect.mistake.equation == "BP4" for suspect in path) and f"{name[:-1]}b" in unnamed


def backward_altered(case: Case) -> Diagnosis | None:
    """Alterations of the network's own backward pass that have no classical name reproduce it, on other data too."""
    arrays, right, names = case.candidate.arrays, case.problem.right, case.problem.present
    if case.others is None or case.candidate.suspects or arrays.keys() != set(names):
        return None
    if any(_is_one_entry(arrays[name], right[name]) for name in names):
        return None
    recorded = [one.recorded for one in (case, *case.others)]
    paths = as_whole(*explained_at(recorded))
    is_proven = bool(paths) and proves([x for one in recorded for x in one.given], len(paths[0]))
    return case.by_paths(paths, "" if len(paths) == 1 and is_proven else COMPARE)


def _is_one_entry(gradient: Array, right: Array) -> bool:
    """Whether one entry of several is wrong, which no change of a whole equation makes."""
    wrong = np.abs(gradient - right) > 1e-9 * max(size(right), np.finfo(float).tiny)
    return right.size > 2 and np.count_nonzero(wrong) == 1


JUDGES = (
    right,
    not_finite,
    vanished,
    named_by_one,
    coarsely_right,
    by_differences,
    named_by_more,
    named_in_single_precision,
    one_by_one,
)


def diagnose_problem(
    problem: Problem, gradients: Mapping[str, Any], convention: str = "rows", others: Sequence[Case] | None = None
) -> Diagnosis:
    """Diagnose gradients, given in a convention, of a problem (see `nn.diagnose`)."""
    return diagnosis_of(Case.of(problem, gradients, convention, others))


def diagnosis_of(case: Case) -> Diagnosis:
    """Return the first judgement that holds."""
    return next(diagnosis for judge in JUDGES if (diagnosis := judge(case)) is not None)
