"""A network's wrong gradients, explained by alterations of its own backward pass where no mistake of the table fits.

>>> from nn import matrix
>>> problem = Problem.random((3, 4, 2), samples=6)
>>> wrong = dict(problem.right)
>>> z1, a1 = problem.forward[0][0], problem.forward[1][1]
>>> delta1 = (matrix.softmax(problem.forward[1][2]) - problem.t) / 6 @ problem.params["layers.1.W"].T * (1 - a1**2) * z1
>>> wrong["layers.0.W"], wrong["layers.0.b"] = problem.X.T @ delta1, delta1.sum(axis=0)
>>> [[finding.name for finding in path] for path in explained(problem, wrong)]
[['slope-times-operand']]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nn.diagnosis.alterations.explain import Recorded, explained_at
from nn.diagnosis.alterations.target import proves
from nn.diagnosis.candidate import Candidate
from nn.diagnosis.equations import Problem
from nn.diagnosis.report import Diagnosis, Finding
from nn.diagnosis.trials import Gradients, called, probe
from nn.samples import Array

EXPERIMENT = "look at these places of the derivation: on this data they lead to the same numbers"


def by_alterations(
    diagnosis: Diagnosis,
    problem: Problem,
    gradients: Mapping[str, Any],
    convention: str,
    others: Sequence[tuple[Problem, Mapping[str, Array]]] = (),
) -> Diagnosis:
    """Return a diagnosis with what explains the gradients, on other data too, if that has not named them."""
    candidate = Candidate.read(problem, gradients, convention)
    there = problem.present
    if diagnosis.verdict != "unnamed" or candidate.arrays.keys() != set(there) or candidate.suspects:
        return diagnosis
    if any(_is_one_entry(candidate.arrays[name], problem.right[name]) for name in there):
        return diagnosis
    paths = explained(problem, candidate.arrays, others)
    if not paths:
        return diagnosis
    shown = [candidate.arrays.values(), *[arrays.values() for _, arrays in others]]
    is_proven = proves([x for arrays in shown for x in arrays], len(paths[0]))
    kind = "named" if len(paths) == 1 and is_proven else "ambiguous"
    rows = tuple(row if row.verdict == "right" else replace(row, verdict=kind, note="") for row in diagnosis.parameters)
    if kind == "named":
        return Diagnosis(kind, paths[0], parameters=rows)
    return Diagnosis(kind, (), tuple(paths), EXPERIMENT, rows)


def function_by_alterations(
    diagnosis: Diagnosis, problem: Problem, function: Gradients, convention: str, classes: bool
) -> Diagnosis:
    """Return likewise what explains a gradient function's results, on this data and on other data."""
    if diagnosis.verdict != "unnamed":
        return diagnosis
    seen = [problem, *[probe(problem, n) for n in (len(problem.X), len(problem.X) + 3)]]
    results = [called(function, one, convention, classes)[0] for one in seen]
    arrays = [Candidate.read(one, given, convention).arrays for one, given in zip(seen, results)]
    return by_alterations(diagnosis, problem, results[0], convention, list(zip(seen, arrays))[1:])


def _is_one_entry(given: Array, right: Array) -> bool:
    """Whether one entry of several is wrong, which no change of a whole equation makes."""
    wrong = np.abs(given - right) > 1e-9 * max(float(np.abs(right).max(initial=0.0)), np.finfo(float).tiny)
    return right.size > 2 and np.count_nonzero(wrong) == 1


def explained(
    problem: Problem, given: Mapping[str, Array], others: Sequence[tuple[Problem, Mapping[str, Array]]] = ()
) -> list[tuple[Finding, ...]]:
    """Return what reproduces gradients, by rows; on other data too."""
    return explained_at([_recorded(problem, given), *[_recorded(*other) for other in others]])


def _recorded(problem: Problem, given: Mapping[str, Array]) -> Recorded:
    names, network = problem.present, problem.network
    right = [problem.right[name] for name in names]
    return Recorded(network.root, [network.named[name] for name in names], [given[name] for name in names], right)
