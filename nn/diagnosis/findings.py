"""Findings that together explain gradients: brought together, told from others, and shown in the author's own text.

>>> from nn.diagnosis.report import Finding
>>> one, other = (Finding("sign", "the sign is turned", where, "", "", "", "") for where in ("dW", "db"))
>>> [finding.where for finding in united([one, other])]
['dW, db']
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from nn.diagnosis.alterations.explain import Findings
from nn.diagnosis.report import Finding

FARFETCHED = {
    "wrong-operand",
    "wrong-upstream",
    "slope-shifted",
    "factor-shifted",
    "slope-times-value",
    "slope-times-operand",
    "slope-inverted",
    "unsummed",
}
"""Kinds of alterations that fit many a mistake: a near change of the author's own text says better what was meant."""
WHOLE = {"sign", "doubled", "halved", "factor", "path-missing", "upstream-missing"}
"""Kinds of alterations that a simple change of the whole gradient says better, where it is one."""


def is_farfetched(path: Findings, change: Finding) -> bool:
    """Whether one change of the author's own text says better what was meant than what explains the gradients."""
    return len(path) > 1 or (path[0].name in FARFETCHED and path[0].name != change.name)


def are_whole(paths: Sequence[Findings]) -> bool:
    """Whether a simple change of the whole gradient says better what these say."""
    return all(finding.name in WHOLE for path in paths for finding in path)


def all_of(each: Mapping[int, Sequence[Findings]]) -> list[Findings]:
    """Return every way in which each gradient has one of its explanations."""
    return [united(itertools.chain(*several)) for several in itertools.product(*each.values()) if several]


def changed(path: Findings, changes: Mapping[str, str]) -> Findings:
    """Return findings with the changes of the text that mend the gradients that they are of."""
    of = [[changes[name] for name in finding.where.split(", ") if name in changes] for finding in path]
    return tuple(replace(finding, change=tuple(dict.fromkeys(several))) for finding, several in zip(path, of))


def united(findings: Iterable[Finding]) -> Findings:
    """Return findings, those that differ only in whose gradient they are of as one."""
    places: dict[Finding, list[Finding]] = {}
    for finding in findings:
        places.setdefault(replace(finding, where="", change=()), []).append(finding)
    return tuple(
        replace(
            finding,
            where=", ".join(one.where for one in several),
            change=tuple(dict.fromkeys(text for one in several for text in one.change)),
        )
        for finding, several in places.items()
    )
