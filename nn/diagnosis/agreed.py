"""One diagnosis of several, of the same gradient at different points: a name is believed where all of them have it.

>>> from nn.diagnosis.report import Finding
>>> sign, factor = (Finding(name, "", "x", "", "", "", "") for name in ("sign", "factor"))
>>> here = Diagnosis("ambiguous", alternatives=((sign,), (factor,)))
>>> there = Diagnosis("named", (factor,))
>>> agreed([here, there]).names
['factor']
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from nn.diagnosis.report import Diagnosis, Finding

ELSEWHERE = "right at the point given, but not at others: other numbers of the same signs"


def agreed(diagnoses: Sequence[Diagnosis]) -> Diagnosis:
    """Return what holds at every point where the gradient is wrong; the first is of the point that was given."""
    wrong = [diagnosis for diagnosis in diagnoses if not diagnosis.ok]
    if not wrong:
        return diagnoses[0]
    shown = wrong[0]
    remarks = shown.remarks if shown is diagnoses[0] else (*shown.remarks, ELSEWHERE)
    if any(diagnosis.verdict == "unnamed" for diagnosis in wrong):
        unnamed = next(diagnosis for diagnosis in wrong if diagnosis.verdict == "unnamed")
        common = tuple(x for x in unnamed.findings if all(_said(x) <= _all_said(d) for d in wrong))
        return replace(unnamed, findings=common, remarks=remarks)
    common_paths = [path for path in paths_of(shown) if all(_key(path) in map(_key, paths_of(d)) for d in wrong)]
    rows = shown.parameters
    if not common_paths:
        rows = tuple(row if row.verdict == "right" else replace(row, verdict="unnamed") for row in rows)
        return Diagnosis("unnamed", parameters=rows, remarks=remarks)
    return replace(_of_paths(shown, common_paths), remarks=remarks)


def narrowed(shown: Diagnosis, others: Sequence[Diagnosis]) -> Diagnosis:
    """Return an ambiguous diagnosis without the sets of mistakes that do not fit elsewhere, if any do."""
    for other in others:
        fitting = [_key(path) for path in paths_of(other)]
        shown = _of_paths(shown, [path for path in paths_of(shown) if _key(path) in fitting] or paths_of(shown))
    return shown


def _of_paths(shown: Diagnosis, paths: Sequence[tuple[Finding, ...]]) -> Diagnosis:
    """Return a diagnosis with these sets of mistakes alone: named if there is one."""
    if len(paths) > 1:
        return replace(shown, alternatives=tuple(paths))
    rows = tuple(replace(row, verdict="named") if row.verdict == "ambiguous" else row for row in shown.parameters)
    return Diagnosis("named", paths[0], parameters=rows, remarks=shown.remarks)


def paths_of(diagnosis: Diagnosis) -> tuple[tuple[Finding, ...], ...]:
    """Return the sets of mistakes that a diagnosis leaves possible."""
    return diagnosis.alternatives or (diagnosis.findings,)


def _said(finding: Finding) -> set[tuple[str, str]]:
    """Return each gradient and what is said of it: the same whether of all at once or of one after the other."""
    return {(where, finding.name) for where in finding.where.split(", ")}


def _key(path: Sequence[Finding]) -> frozenset[tuple[str, str]]:
    return frozenset(itertools.chain(*map(_said, path)))


def _all_said(diagnosis: Diagnosis) -> frozenset[tuple[str, str]]:
    return _key([*diagnosis.findings, *itertools.chain(*diagnosis.alternatives)])
