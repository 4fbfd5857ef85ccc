"""A gradient that is not right in the convention declared, and right in another: said, and not called a mistake.

>>> problem = Problem.random((3, 4, 2), samples=5)
>>> turned = {name: x.T for name, x in problem.right.items()}
>>> print(*or_elsewhere(diagnose_problem(problem, turned), Judged(problem, turned, "rows")).sentences())
right in another convention: weights are (outputs, inputs)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nn.diagnosis.agreed import paths_of
from nn.diagnosis.candidate import Candidate
from nn.diagnosis.dialects import DIALECTS, Dialect
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem as diagnose_problem
from nn.diagnosis.readings import Reading, fitting, readings
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import SIZE_FIXED, diagnose_gradients
from nn.diagnosis.undeclared import of_other_networks

TURNED = "weights-transposed"
LOSS_DECIDES = "judged as the gradient of the loss that comes with it"


@dataclass(frozen=True)
class Judged:
    """What is judged: gradients of a problem, declared to be in a dialect; and their function, if there is one."""

    problem: Problem
    gradients: Mapping[str, Any]
    layout: str
    dialect: Dialect = DIALECTS["rows"]
    function: Callable[..., Any] | None = None
    classes: bool = False

    def readings(self) -> list[Reading]:
        """Return the conventions in which the gradients are right; a function's, on other data as well."""
        found = fitting(self.problem, self.gradients, self.layout, self.dialect)
        return [reading for reading in found if self._holds(reading)]

    def of_other_networks(self) -> list[Reading]:
        """Return the networks of other activations and losses in which the gradients are right, as `readings` does."""
        found = of_other_networks(self.problem, self.gradients, self.layout, self.dialect)
        return [reading for reading in found if self._holds(reading)]

    def _holds(self, reading: Reading) -> bool:
        if self.function is None or reading.layout != self.layout:
            return True
        diagnosis = diagnose_gradients(reading.problem, self.function, self.layout, self.classes)
        return diagnosis.ok and SIZE_FIXED not in diagnosis.remarks

    def by_cost(self, cost: float | None) -> tuple[Problem, str, bool]:
        """Return the problem whose loss a cost is, what is to be said of that, and whether the cost decides it."""
        if cost is None:
            return self.problem, "", False
        if Reading((), self.problem, self.layout).costs(cost):
            return self.problem, "", True
        for reading in readings(self.problem, self.layout, self.dialect):
            if reading.layout == self.layout and reading.costs(cost):
                return reading.problem, f"{LOSS_DECIDES}: {reading.sentence}", True
        return self.problem, "", False


def or_elsewhere(diagnosis: Diagnosis, judged: Judged) -> Diagnosis:
    """Return a diagnosis, or that the gradients are right in another convention.

    Where mistakes of the equations have been named, and no course was declared that could be another one, the name
    stays, and the convention is a remark.
    """
    found = () if diagnosis.ok else tuple(reading.sentence for reading in judged.readings())
    if not found and diagnosis.verdict == "unnamed":
        found = tuple(reading.sentence for reading in judged.of_other_networks())
    if not found:
        return diagnosis
    explains_less = any({finding.name for finding in path} <= {TURNED, "factor"} for path in paths_of(diagnosis))
    if diagnosis.verdict != "unnamed" and not explains_less and not judged.dialect.is_course:
        return replace(diagnosis, remarks=(*diagnosis.remarks, f"it is right where {' or '.join(found)}"))
    remarks = Candidate.read(judged.problem, judged.gradients, judged.layout).remarks
    return said_elsewhere(replace(diagnosis, remarks=tuple(remarks)), found)


def said_elsewhere(diagnosis: Diagnosis, conventions: Sequence[str]) -> Diagnosis:
    """Return the diagnosis of a gradient that is right in other conventions."""
    kind = "other convention"
    rows = tuple(row if row.verdict == "right" else replace(row, verdict=kind, note="") for row in diagnosis.parameters)
    findings = diagnosis.findings if not {*diagnosis.names} <= {TURNED, "factor"} else ()
    return Diagnosis(kind, findings, parameters=rows, remarks=diagnosis.remarks, conventions=tuple(conventions))
