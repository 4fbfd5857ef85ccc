"""Somebody's gradients in the dialect that was declared, judged and said in its words.

>>> problem = Problem.random((3, 4, 1), samples=5, loss="binary_cross_entropy")
>>> own = Own.by_default(problem.params, "coursera")
>>> right = matrix.from_rows(problem.right, "coursera")
>>> gradients = {f"d{own.names[name]}": x for name, x in right.items()}
>>> judged(problem, gradients | {"dW2": -gradients["dW2"]}, own).findings[0].yours
'dW[l] = 1/m * -(dZ[l] A[l-1].T)'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arguments import described
from nn import matrix
from nn.derivatives import ACTIVATIONS, OF_CLASSES
from nn.diagnosis.agreed import agreed
from nn.diagnosis.calls import Calls, taken_apart
from nn.diagnosis.elsewhere import Judged, or_elsewhere
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mended_calls import by_mending
from nn.diagnosis.own import Own
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import called, diagnose_gradients, probe
from nn.diagnosis.wording import worded

ONE_BY_ONE = "the parameters are updated after every sample: each step is judged at the parameters that it starts from"
TWICE = "judged as the loss of scores that went through the {0} already, which is applied twice so; once is usual"


def judged(
    problem: Problem,
    candidate: Any,
    own: Own,
    strength: float = 0.0,
    *,
    flat: bool = False,
    output: str = "",
) -> Diagnosis:
    """Return the diagnosis of gradients, or of a function, in somebody's own words.

    Parameters
    ----------
    problem
        What is differentiated.
    candidate
        Gradients as their author has them, or the function that returns them, or updates parameters.
    own
        How the author holds parameters.
    strength
        Of the penalty, as the author says it.
    flat
        Whether a function is given targets with one axis: the numbers of classes, or one target per sample.
    output
        What was declared of the last layer, where the loss of scores contains it: a sigmoid that is applied twice is
        believed where it is right.

    Raises
    ------
    TypeError, ValueError
        If these are no gradients.
    """
    is_function = callable(candidate) and not isinstance(candidate, (type, Mapping))
    by = _of_function if is_function else _of_numbers
    diagnosis = by(problem, candidate, own, strength, flat)
    if not diagnosis.ok and output in ACTIVATIONS and output != problem.kinds[-1]:
        twice = replace(problem, kinds=(*problem.kinds[:-1], output))
        of_twice = by(twice, candidate, own, strength, flat)
        if of_twice.ok or (of_twice.verdict == "named" and diagnosis.verdict == "unnamed"):
            diagnosis = replace(of_twice, remarks=(*of_twice.remarks, TWICE.format(output)))
    if is_function and diagnosis.verdict == "unnamed":
        diagnosis = _mended(diagnosis, problem, _calls(problem, candidate, own, strength, flat))
    return worded(diagnosis, own, problem)


def _mended(diagnosis: Diagnosis, problem: Problem, calls: Calls) -> Diagnosis:
    """Return what has no name as the change of the author's code that makes it right, if there is one."""
    classes = calls.flat and problem.loss in OF_CLASSES
    gradients, cost = calls.first or ({}, None)
    decided, _, _ = Judged(problem, gradients, calls.own.layout, calls.own.dialect, calls, classes).by_cost(cost)
    found = by_mending(decided, calls, classes=classes)
    return diagnosis if found is None else replace(found, remarks=(*found.remarks, *diagnosis.remarks))


def _calls(problem: Problem, candidate: Callable[..., Any], own: Own, strength: float, flat: bool) -> Calls:
    calls = candidate if isinstance(candidate, Calls) else Calls.by(candidate, own, strength, problem.rate)
    calls.flat = flat
    return calls


def _of_numbers(problem: Problem, candidate: Any, own: Own, strength: float, flat: bool) -> Diagnosis:
    accepted = (Mapping, list, tuple, np.ndarray) if own.dialect.is_course else Mapping
    if isinstance(candidate, type) or not (isinstance(candidate, accepted) or own.are_ordered(candidate)):
        raise TypeError(
            "candidate must be a dict of arrays, {'layers.0.W': dW, ...}, or a function of (params, X, T) that returns "
            f"one; got {described(candidate)}."
        )
    returned, cost = taken_apart(candidate, own)
    gradients = own.gradients(returned)
    if math.isfinite(problem.rate):
        old = matrix.from_rows({name: problem.params[name] for name in problem.present}, own.layout)
        gradients = {
            name: (old[name] - np.asarray(x)) / problem.rate if name in old else x for name, x in gradients.items()
        }

    def diagnosed(seen: Problem) -> Diagnosis:
        return diagnose_problem(seen, gradients, own.layout, others=())

    return _decided(Judged(problem, gradients, own.layout, own.dialect), cost, diagnosed)


def _of_function(problem: Problem, candidate: Callable[..., Any], own: Own, strength: float, flat: bool) -> Diagnosis:
    calls, classes = _calls(problem, candidate, own, strength, flat), flat and problem.loss in OF_CLASSES
    diagnosis = _of_calls(problem, calls, classes)
    if diagnosis.ok or not calls.updates or calls.alone or len(problem.X) == 1:
        return diagnosis
    by_sample = _one_by_one(problem, calls, classes)
    if by_sample.ok or (by_sample.verdict == "named" and diagnosis.verdict == "unnamed"):
        return replace(by_sample, remarks=(*by_sample.remarks, ONE_BY_ONE))
    return diagnosis


def _one_by_one(problem: Problem, calls: Calls, classes: bool) -> Diagnosis:
    """Return what is said of an update at every one of a few samples."""
    there = [problem, probe(problem, len(problem.X))]
    ones = [replace(p, X=p.X[i : i + 1], t=p.t[i : i + 1], scale=1.0) for p in there for i in range(min(3, len(p.X)))]
    layout = calls.own.layout
    return agreed([diagnose_problem(one, called(calls, one, layout, classes)[0], layout) for one in ones])


def _of_calls(problem: Problem, calls: Calls, classes: bool) -> Diagnosis:
    """Return the diagnosis of a function; it is called on the given data first, as its author would."""
    layout = calls.own.layout

    def diagnosed(seen: Problem) -> Diagnosis:
        return diagnose_gradients(seen, calls, layout, classes)

    diagnosis = diagnosed(problem)
    gradients, cost = calls.first or ({}, None)
    return _decided(Judged(problem, gradients, layout, calls.own.dialect, calls, classes), cost, diagnosed, diagnosis)


def _decided(
    judged: Judged,
    cost: float | None,
    diagnosed: Callable[[Problem], Diagnosis],
    diagnosis: Diagnosis | None = None,
) -> Diagnosis:
    """Return the diagnosis of gradients of the loss that comes with them, or else of the one that was declared.

    Parameters
    ----------
    judged, cost
        The gradients, and the loss that comes with them, if one does.
    diagnosed
        Returns the diagnosis of a problem.
    diagnosis
        Of the problem that was declared, where there is one already.
    """
    problem, remark, decides = judged.by_cost(cost)
    if remark or diagnosis is None:
        diagnosis = diagnosed(problem)
    if remark:
        diagnosis = replace(diagnosis, remarks=(*diagnosis.remarks, remark))
    return diagnosis if decides else or_elsewhere(diagnosis, judged)
