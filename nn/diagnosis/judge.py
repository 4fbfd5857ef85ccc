"""The diagnosis of given numbers: right, or named, or ambiguous, or where the difference sits.

>>> problem = Problem.random((3, 2), samples=5)
>>> diagnose_problem(problem, {name: 5.0 * gradient for name, gradient in problem.right.items()}).names
['no-mean']
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.agreement import EPS, agrees, allowed, differenced, is_differenced
from engine.arguments import finite
from nn import matrix
from nn.agreement.rounding import rounding_units
from nn.diagnosis.difference import describe
from nn.diagnosis.mistakes import MISTAKES
from nn.diagnosis.mistakes.equations import RIGHT, Problem
from nn.diagnosis.mistakes.search import Search
from nn.diagnosis.mistakes.table import Suspect
from nn.diagnosis.report import Diagnosis, Finding, Verdict
from nn.samples import numbers

Array: TypeAlias = npt.NDArray[Any]
SINGLE = float(np.finfo(np.float32).eps)
VANISHED = "all derivatives have vanished here: take parameters or inputs at which units are not saturated"


def diagnose_problem(problem: Problem, candidate: Mapping[str, Any], convention: str = "rows") -> Diagnosis:
    """Diagnose gradients, given in a convention, of a problem (see `nn.diagnose`)."""
    for name, right in problem.right.items():
        finite(right, f"the right gradient of {name}", "a gradient is judged where the right one is finite")
    given = Given.read(problem, candidate, convention)
    units, tolerance = _units(problem)
    rows = {name: _measured(name, given.arrays.get(name), problem.right[name], units[name]) for name in problem.params}
    wrong = _disagreeing(problem, given.arrays, units)
    if not wrong:
        return given.concluded(problem, [], [], rows)
    if _vanished(problem, given.arrays, wrong):
        given.notes.update(dict.fromkeys(wrong, VANISHED))
        return given.concluded(problem, [], wrong, rows)
    search = Search(problem, given.arrays, tolerance)
    found = [path for path in search.explanations(pairs=False) if not path[0].mistake.generic]
    if not found and _is_coarse(problem, given.arrays, units):
        given.remarks.append(_single_precision(rows, wrong))
        return given.concluded(problem, [], [], rows)
    found = found or search.explanations()
    if not found and _looks_single(given.arrays):
        loose = {name: max(2e-6, min(3e-4, EPS**-1 * SINGLE * limit)) for name, limit in tolerance.items()}
        found = Search(problem, given.arrays, loose).explanations()
        given.remarks.append(MISTAKES["single-precision"].sentence)
    return given.concluded(problem, found, wrong, rows)


def _disagreeing(problem: Problem, given: Mapping[str, Array], units: Mapping[str, Array]) -> list[str]:
    """Return the parameters whose gradient is off by more than rounding, from the output downward."""
    most = allowed(max(len(problem.X), *[max(value.shape) for value in problem.params.values()]))
    return [
        name
        for name in problem.order
        if name in given and not agrees(given[name], problem.right[name], most * units[name]).all()
    ]


def _is_coarse(problem: Problem, given: Mapping[str, Array], units: Mapping[str, Array]) -> bool:
    """Whether a gradient is right to the precision of what it was computed in: float32, or differences of the loss."""
    if all(agrees(given[name], problem.right[name], differenced(problem.right[name], 0.0)).all() for name in given):
        return True
    exact = [agrees(given[name], problem.right[name], 4.0 * units[name]).ravel() for name in given]
    right = np.concatenate([problem.right[name].ravel() for name in given])
    if not _looks_single(given) and not is_differenced(np.concatenate(exact), right):
        return False
    largest = max(float(np.abs(problem.right[name]).max(initial=0.0)) for name in given)
    noise = {} if _looks_single(given) else {name: differenced(problem.right[name], largest) for name in given}
    coarser = {name: np.maximum(unit * SINGLE / EPS, noise.get(name, 0.0)) for name, unit in units.items()}
    return not _disagreeing(problem, given, coarser)


@dataclass
class Given:
    """Somebody's gradients as they can be compared, and what their shapes have said already.

    Attributes
    ----------
    convention
        Of the equations that are printed.
    arrays
        What can be compared, in the rows convention.
    findings
        Mistakes that a shape gives away.
    notes
        By parameter, what is wrong with those that cannot be compared, or where they differ.
    remarks
        What else was noticed.
    """

    convention: str
    arrays: dict[str, Array] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, problem: Problem, candidate: Mapping[str, Any], convention: str) -> Given:
        """Return a candidate's arrays in the rows convention."""
        given = cls(convention)
        unknown = [name for name in candidate if name not in problem.params]
        given.remarks.extend(f"{name!r} is no parameter: names are {', '.join(problem.params)}" for name in unknown)
        for name, value in problem.params.items():
            wanted = matrix.from_rows({name: value}, convention)[name].shape
            try:
                array = numbers(candidate.get(name), name).astype(float)
            except (TypeError, ValueError):
                given.notes[name] = "missing" if candidate.get(name) is None else "holds no numbers"
                continue
            given._shaped(problem, name, array, wanted)
        return given

    def _shaped(self, problem: Problem, name: str, array: Array, wanted: tuple[int, ...]) -> None:
        """Keep an array in the shape wanted, or say what its shape gives away."""
        layer, samples = name.rsplit(".", 1)[0], len(problem.X)
        if array.shape == wanted:
            pass
        elif array.ndim == 0 and np.isnan(array):
            self.notes[name] = "missing"
            return
        elif len(wanted) == 2 and array.shape == wanted[::-1]:
            self._gives_away("weights-transposed", problem, layer, f"shape {array.shape}, not {wanted}")
            array = array.T
        elif len(wanted) == 1 and array.shape in ((samples, *wanted), (*wanted, samples)) and samples > 1:
            self._gives_away("bias-not-summed", problem, layer, f"shape {array.shape}, not {wanted}")
            array = array.sum(axis=0 if array.shape[0] == samples else 1)
        elif len(wanted) == 1 and array.size == wanted[0]:
            self.remarks.append(f"{name} has shape {array.shape}, not {wanted}: its numbers are compared")
            array = array.reshape(wanted)
        else:
            self.notes[name] = f"has shape {array.shape}, not {wanted}"
            return
        self.arrays[name] = matrix.to_rows({name: array}, self.convention)[name]

    def _gives_away(self, mistake: str, problem: Problem, where: str, found: str) -> None:
        suspect = Suspect(MISTAKES[mistake], where, found, {})
        self.findings.append(Finding.of(suspect, problem, self.convention))

    def concluded(
        self, problem: Problem, found: list[tuple[Suspect, ...]], wrong: list[str], rows: Mapping[str, Verdict]
    ) -> Diagnosis:
        """Return the diagnosis that explanations of the whole allow, or else of each parameter by itself."""
        paths = [tuple(Finding.of(suspect, problem, self.convention) for suspect in path) for path in found]
        findings, verdict = list(self.findings), "named" if self.findings else "right"
        kinds = dict.fromkeys(self.notes, "unnamed")
        kinds |= {f"{finding.where}.{p}": "named" for finding in findings for p in _shape_of(finding)}
        if paths:
            verdict = "named" if len(paths) == 1 else "ambiguous"
            findings += paths[0] if verdict == "named" else ()
            kinds |= dict.fromkeys(wrong, verdict)
        elif wrong:
            kinds |= self._by_parameter(problem, wrong, findings)
            verdict = "unnamed" if "unnamed" in kinds.values() or "ambiguous" in kinds.values() else "named"
            self.remarks += _origin(problem, wrong)
        if self.notes:
            verdict = "unnamed"
        return Diagnosis(
            verdict,
            tuple(findings),
            tuple(paths) if verdict == "ambiguous" else (),
            _experiment(problem, found) if verdict == "ambiguous" else "",
            tuple(self._verdict(rows[name], kinds.get(name, "right")) for name in problem.params),
            tuple(self.remarks),
        )

    def _verdict(self, row: Verdict, kind: str) -> Verdict:
        note = f"{row.units:.2g} units of rounding" if kind == "right" else self.notes.get(row.parameter, "")
        return replace(row, verdict=kind, note=note)

    def _by_parameter(self, problem: Problem, wrong: list[str], findings: list[Finding]) -> dict[str, str]:
        """Name each wrong parameter's own mistake, one that leaves the right ones right; else say where it differs."""
        _, tolerance = _units(problem)
        kinds: dict[str, str] = {}
        for name in wrong:
            alone = {k: v for k, v in self.arrays.items() if k == name or k not in wrong}
            paths = (
                [] if VANISHED in self.notes.values() else Search(problem, alone, tolerance).explanations(pairs=False)
            )
            kinds[name] = "named" if len(paths) == 1 else "unnamed"
            if len(paths) == 1:
                finding = Finding.of(paths[0][0], problem, self.convention)
                if finding not in findings:
                    findings.append(finding)
            else:
                self.notes.setdefault(name, _described(problem, name, self.arrays[name]))
        return kinds


def _shape_of(finding: Finding) -> str:
    return "W" if finding.name.startswith("weights") else "b"


def _units(problem: Problem) -> tuple[dict[str, Array], dict[str, float]]:
    """Return units of rounding for every entry, and a relative tolerance for every parameter."""
    mean = replace(problem, scale=1.0 / len(problem.X))
    units = rounding_units(mean.params, mean.X, mean.t, mean.kinds[0], mean.kinds[-1], mean.loss, mean.l2)
    units = {name: unit * problem.scale * len(problem.X) for name, unit in units.items()}
    tolerance = {}
    for name, unit in units.items():
        largest = float(np.abs(problem.right[name]).max(initial=0.0))
        relative = 64.0 * float(unit.max(initial=0.0)) / largest if largest else 0.0
        tolerance[name] = min(1e-5, max(1e-11, relative))
    return units, tolerance


def _measured(name: str, given: Array | None, right: Array, unit: Array) -> Verdict:
    if given is None:
        return Verdict(name, "unnamed", math.inf, math.inf)
    error = np.abs(given - right)
    error = np.where(np.isnan(error), np.inf, error)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(error == 0.0, 0.0, error / unit)
    largest = float(np.abs(right).max(initial=0.0))
    return Verdict(name, "unnamed", float(units.max(initial=0.0)), float(error.max(initial=0.0)) / (largest or 1.0))


def _single_precision(rows: Mapping[str, Verdict], wrong: list[str]) -> str:
    worst = max(wrong, key=lambda name: rows[name].units)
    return (
        f"right to single precision only: {worst} is off by {rows[worst].relative:.1e} of its largest entry, which is "
        "float32 or a numerical difference; in double precision expect 1e-15"
    )


def _vanished(problem: Problem, given: Mapping[str, Array], wrong: list[str]) -> bool:
    """Whether what is left of the gradients, yours and the right ones, is below the rounding of its factors."""
    sizes = [
        np.abs(array).max(initial=0.0)
        for name in wrong
        if name in given
        for array in (given[name], problem.right[name])
    ]
    least = 1e-7 if _looks_single(given) else 1e-12
    return bool(sizes) and max(sizes) <= least * problem.scale * float(np.abs(problem.X).max(initial=1.0))


def _looks_single(given: Mapping[str, Array]) -> bool:
    """Whether every number is one that float32 can hold, and not only because they are few and round."""
    numbers = np.concatenate([array.ravel() for array in given.values()] or [np.empty(0)])
    numbers = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore"):
        held = numbers.astype(np.float32).astype(float) == numbers
    return bool(held.all()) and len(np.unique(numbers)) > 4


def _described(problem: Problem, name: str, given: Array) -> str:
    layer = int(name.split(".")[1])
    a, delta = problem.forward[1][layer], _deltas(problem)[layer]
    lines = {f"the input of sample {i}": row for i, row in enumerate(a)}
    lines |= {f"the delta of sample {i}": row for i, row in enumerate(delta)}
    lines |= {"the mean input": a.mean(axis=0), "the summed delta": delta.sum(axis=0)}
    last = layer == problem.layers - 1
    names = ("input", "class" if last and problem.loss == "cross_entropy" else "unit")
    arrays = {"the parameter": problem.params[name], "the right gradient": problem.right[name]}
    said = describe(given - problem.right[name], lines, arrays, names)
    dead = np.flatnonzero((problem.forward[1][layer + 1] == 0.0).all(axis=0))
    return said + (f"; units {', '.join(map(str, dead[:6]))} are dead on this data" if len(dead) else "")


def _deltas(problem: Problem) -> dict[int, Array]:
    tape = RIGHT.tape(problem)
    for _ in RIGHT.backward(tape):
        pass
    return tape.deltas


def _origin(problem: Problem, wrong: list[str]) -> list[str]:
    first = wrong[0].rsplit(".", 1)[0]
    below = [name for name in problem.order[problem.order.index(wrong[0]) :] if not name.startswith(first)]
    if below and all(name in wrong for name in below):
        return [f"the first difference is in {first}; the layers below it may only inherit it"]
    return []


def _experiment(problem: Problem, found: list[tuple[Suspect, ...]]) -> str:
    """Return an experiment in which the explanations give different gradients."""
    rng = np.random.default_rng(0)
    bigger = replace(problem, X=rng.normal(size=problem.X.shape), params=_randomised(problem, rng))
    trials = {
        "take a random batch and random parameters of the same shapes": bigger,
        "add regularisation (a strength of 0.1)": replace(bigger, l2=problem.l2 + 0.1),
    }
    for said, trial in trials.items():
        given = [RIGHT.altered(*(s.alteration for s in path)).gradients(trial) for path in found]
        if all(
            any(not np.allclose(one[name], two[name], rtol=1e-6, atol=0.0) for name in one)
            for k, one in enumerate(given)
            for two in given[:k]
        ):
            return said
    return (
        "repeat with another number of samples, of outputs and of inputs, in a fresh process: the factor follows one "
        "of them, or stays"
    )


def _randomised(problem: Problem, rng: np.random.Generator) -> dict[str, Array]:
    return {name: rng.normal(size=value.shape) for name, value in problem.params.items()}
