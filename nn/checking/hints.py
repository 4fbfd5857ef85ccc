"""How much of a diagnosis its author is told: a teacher hands out one level after the other.

>>> from nn.diagnosis.report import Finding
>>> finding = Finding("sign", "the sign is turned", "layers.1", "", "dC/db = delta", "dC/db = -delta", "")
>>> diagnosis = Diagnosis("named", (finding,))
>>> for level in LEVELS:
...     print(*told(diagnosis, level), sep=" | ")
wrong in layers.1
layers.1: [sign]
layers.1: the sign is turned [sign]
layers.1: the sign is turned [sign] |   should be:  dC/db = delta |   yours fits: dC/db = -delta
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn.diagnosis.agreed import paths_of
from nn.diagnosis.report import NOT_JUDGED, Diagnosis, Finding

LEVELS = ("where", "kind", "sentence", "equation")
TELLING = {  # what each level adds of a mistake
    "where": ("where",),
    "kind": ("name",),
    "sentence": ("sentence", "found"),
    "equation": ("right", "yours", "reference", "change"),
}


def reaches(level: str, needed: str) -> bool:
    """Whether a level tells what another does.

    >>> reaches("kind", "where"), reaches("kind", "sentence")
    (True, False)
    """
    return LEVELS.index(level) >= LEVELS.index(needed)


def places(diagnosis: Diagnosis) -> list[str]:
    """Return where the mistakes are or may be; where there is no name for them, the gradients that are wrong."""
    named = [finding.where for path in paths_of(diagnosis) for finding in path]
    wrong = [row.parameter for row in diagnosis.parameters if row.verdict not in ("right", NOT_JUDGED)]
    return list(dict.fromkeys(named or wrong))


def kinds(diagnosis: Diagnosis) -> list[str]:
    """Return the names of the mistakes; several that could each be it are one entry."""
    paths = [", ".join(finding.name for finding in path) for path in paths_of(diagnosis) if path]
    return [" or ".join(dict.fromkeys(paths))] if diagnosis.verdict == "ambiguous" else paths


def told(diagnosis: Diagnosis, level: str) -> list[str]:
    """Return a diagnosis in lines that say no more than a level does."""
    if diagnosis.ok or diagnosis.conventions or level == "equation":  # another convention is no mistake
        return [line for text in diagnosis.sentences() for line in text.splitlines()]
    where = ", ".join(places(diagnosis))
    if level == "where":
        return [f"wrong in {where}"]
    if diagnosis.verdict == "unnamed":
        notes = [f"{row.parameter}: {row.note}" for row in diagnosis.parameters if row.note]
        return [f"{where}: no known mistake", *((*notes, *diagnosis.remarks) if level == "sentence" else ())]
    if level == "kind":
        return [f"{where}: [{', '.join(kinds(diagnosis))}]"]
    paths = ["; and ".join(map(str_without_equations, path)) for path in paths_of(diagnosis)]
    if len(paths) > 1:
        others = [f"or {path}" for path in paths[1:]]
        paths = [f"either {paths[0]}", *others, f"to tell them apart: {diagnosis.experiment}"]
    return [*paths, *diagnosis.remarks]


def data(diagnosis: Diagnosis, level: str) -> dict[str, Any]:
    """Return a diagnosis as plain data, with what a level tells."""
    keys = [key for name in LEVELS if reaches(level, name) for key in TELLING[name]]

    def path(findings: Sequence[Finding]) -> list[dict[str, Any]]:
        if level == "where":
            return [{"where": where} for where in dict.fromkeys(finding.where for finding in findings)]
        return [{key: getattr(finding, key) for key in keys} for finding in findings]

    whole = diagnosis.data()
    whole["findings"] = path(diagnosis.findings)
    alternatives = [path(findings) for findings in diagnosis.alternatives]
    whole["alternatives"] = [one for k, one in enumerate(alternatives) if one not in alternatives[:k]]
    if not diagnosis.ok and not reaches(level, "sentence"):
        whole |= {"experiment": "", "remarks": []}
        whole["parameters"] = [row | {"note": ""} for row in whole["parameters"]]
    return whole


def str_without_equations(finding: Finding) -> str:
    """Return a mistake's place, sentence and name."""
    return str(finding).splitlines()[0]
