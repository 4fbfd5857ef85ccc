"""What a diagnosis says, as records, text and HTML."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass
from typing import Any

from nn.agreement.printed import aligned, as_html
from nn.diagnosis.equations import Problem
from nn.diagnosis.mistakes.notation import altered, equation
from nn.diagnosis.mistakes.table import Suspect

NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Finding:
    """One mistake: its name, the sentence, where it is, what was found, and the line of mathematics.

    Attributes
    ----------
    name, sentence
        Of the mistake, from `nn.diagnosis.mistakes`.
    where, found
        The layer or place; the factor, index or rate ("" if there is none).
    right, yours
        The equation as it should be, and the altered one that reproduces what was given.
    reference
        Who makes the mistake, or warns of it.
    change
        The places in the author's own text at which one change makes it right, and that; () where that was not sought.
    """

    name: str
    sentence: str
    where: str
    found: str
    right: str
    yours: str
    reference: str
    change: tuple[str, ...] = ()

    @classmethod
    def of(cls, suspect: Suspect, problem: Problem, convention: str) -> Finding:
        """Return what a suspect says in a convention; at the output, BP1 stands where other layers have BP2."""
        mistake = suspect.mistake
        at_output = mistake.equation == "BP2" and suspect.where == f"layers.{problem.layers - 1}"
        right = equation("BP1" if at_output else mistake.equation, convention, problem.loss)
        wrong = altered(mistake.altered, convention, at_output=at_output)
        return cls(mistake.name, mistake.sentence, suspect.where, suspect.found, right, wrong, mistake.reference)

    def __str__(self) -> str:
        found = f" ({self.found})" if self.found else ""
        sentence = f"{self.where}: {self.sentence}{found} [{self.name}]"
        changes = [f"  {'in yours:' if not k else '':<12}{text}" for k, text in enumerate(self.change)]
        return "\n".join([sentence, f"  should be:  {self.right}", f"  yours fits: {self.yours}", *changes])


@dataclass(frozen=True)
class Verdict:
    """The verdict on one parameter's gradient.

    Attributes
    ----------
    parameter
        Its name.
    verdict
        "right", "named", "ambiguous" or "unnamed"; "not judged" where there is no gradient.
    units, relative
        The largest error in units of rounding, and relative to the largest entry.
    note
        Where the difference sits, if unnamed; both shapes, if they differ; what is odd, if right.
    """

    parameter: str
    verdict: str
    units: float
    relative: float
    note: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a gradient.

    Attributes
    ----------
    verdict
        "right", "named", "ambiguous", "unnamed" or "other convention", for the whole.
    findings
        The mistakes that together reproduce what was given, each once, at its origin.
    alternatives
        If ambiguous, or a parameter is: all sets of mistakes that do.
    experiment
        If there are alternatives: what would tell them apart.
    parameters
        A verdict for each parameter.
    remarks
        What else was noticed.
    conventions
        If right in another convention than the one declared: which, in words.
    """

    verdict: str
    findings: tuple[Finding, ...] = ()
    alternatives: tuple[tuple[Finding, ...], ...] = ()
    experiment: str = ""
    parameters: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the gradient is right."""
        return self.verdict == "right"

    @property
    def names(self) -> list[str]:
        """Names of the mistakes found."""
        return [finding.name for finding in self.findings]

    def data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def table(self) -> list[tuple[str, str, str, str]]:
        """Return one row per parameter, under a header."""
        rows = [("parameter", "verdict", "relative error", "")]
        return rows + [
            (v.parameter, v.verdict, "" if v.verdict == NOT_JUDGED else f"{v.relative:.1e}", v.note)
            for v in self.parameters
        ]

    def __str__(self) -> str:
        return "\n".join([*aligned(self.table()), "", *self.sentences()])

    def sentences(self) -> list[str]:
        """Return the verdict, the mistakes and the remarks, in words."""
        lines: list[str] = []
        if self.verdict == "right":
            lines.append("right: the gradient agrees with the equations to rounding")
        elif self.verdict == "unnamed":
            lines.append("unnamed: no known mistake reproduces this gradient")
        elif self.verdict == "other convention":
            lines.append(f"right in another convention: {', or '.join(self.conventions)}")
        if self.alternatives:
            only = " where it is ambiguous" if self.verdict != "ambiguous" else ""
            lines.append(f"ambiguous: each of these reproduces the gradient on this data{only}")
            for number, findings in enumerate(self.alternatives, 1):
                lines.extend(f"{f'{number}.' if not k else 'and'} {finding}" for k, finding in enumerate(findings))
            lines.append(f"to tell them apart: {self.experiment}")
        lines.extend(str(finding) for finding in self.findings if self.verdict != "ambiguous")
        return [*lines, *self.remarks]

    def _repr_html_(self) -> str:
        sentences = html.escape("\n".join(self.sentences()))
        return f"{as_html(self.table())}<pre>{sentences}</pre>"
