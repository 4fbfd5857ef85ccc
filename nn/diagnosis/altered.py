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

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.rules import RULES
from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES
from nn.diagnosis.alterations.explain import Point, explanations
from nn.diagnosis.alterations.recorded import RecordedArray, applied
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
    return explanations(*_point(problem, given), others=[_point(*other) for other in others])


def _point(problem: Problem, given: Mapping[str, Array]) -> Point:
    names = problem.present
    absent = {name: problem.params[name] for name in problem.absent}

    def loss(*params: Any) -> Any:
        return recorded_loss(problem, dict(zip(names, params)) | absent)

    arguments = [(name, problem.params[name]) for name in names]
    return Point(loss, arguments, [given[name] for name in names], [problem.right[name] for name in names])


def recorded_loss(problem: Problem, params: Mapping[str, Any]) -> Any:
    """Return the loss of a network's parameters, with the names that z and a have in a textbook."""
    X = problem.X  # the name of what is constant
    a: Any = X
    for layer, kind in enumerate(problem.kinds):
        z = _named(a @ params[f"layers.{layer}.W"] + params[f"layers.{layer}.b"], f"z{layer + 1}")
        a = _named(_activation(kind)(z), f"a{layer + 1}")
    loss = JUDGED_LOSSES[problem.loss].values(a, problem.t).sum() * problem.weight
    if problem.l2:
        weights: Sequence[Any] = [x for name, x in params.items() if name.endswith("W")]
        loss = loss + sum(0.5 * problem.l2 * (W * W).sum() for W in weights)
    return loss


def _activation(kind: str) -> Callable[[Any], Any]:
    """Return an activation as operations that are recorded: a rule of the engine's where there is one."""
    if kind in RULES and len(RULES[kind].operands) == 1:
        return lambda z: applied(kind, z) if isinstance(z, RecordedArray) else RULES[kind].array(z)
    return COMPOSED.get(kind, ACTIVATIONS[kind].f)


COMPOSED: dict[str, Callable[[Any], Any]] = {
    "silu": lambda z: z * _activation("sigmoid")(z),
    "gelu": lambda z: 0.5 * z * (1.0 + _activation("erf")(z / math.sqrt(2.0))),
}
"""Activations that are no rules, and whose own formula asks for plain arrays."""


def _named(x: Any, name: str) -> Any:
    if isinstance(x, RecordedArray) and not x.step.name:
        x.step.name = name
    return x
