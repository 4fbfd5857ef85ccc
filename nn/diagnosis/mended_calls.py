"""The one change of somebody's own code that makes his gradients of a network right, where no mistake has a name.

>>> from dataclasses import replace
>>> from nn.diagnosis.own import Own
>>> def gradients(params, X, T):
...     error = X @ params["W"] - T
...     return {"W": X.T @ np.exp(error) / len(X)}
>>> problem = Problem.random((3, 1), samples=5, loss="half_mse")
>>> problem = replace(problem, params={**problem.params, "layers.0.b": np.zeros(1)}, absent=frozenset({"layers.0.b"}))
>>> own = Own.of({"W": problem.params["layers.0.W"]}, "rows", 3)
>>> by_mending(problem, Calls.by(gradients, own, 0.0, math.inf), classes=False).findings[0].sentence
"line 3, `return {'W': X.T @ np.exp(error) / len(X)}`: `np.exp(error)` should be `error`"
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nn.agreement.tolerance import is_single
from nn.diagnosis.alterations.explain import as_whole
from nn.diagnosis.alterations.target import EXACT
from nn.diagnosis.calls import Calls
from nn.diagnosis.candidate import Candidate
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import COMPARE, Case
from nn.diagnosis.mending.mending import mended
from nn.diagnosis.mending.written import Written
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import OTHER_SIZE, called, trials
from nn.samples import Array

UPDATED = 1e-8  # of the largest entry, what a gradient may be off that was read from an update


def by_mending(problem: Problem, calls: Calls, *, classes: bool) -> Diagnosis | None:
    """Return the diagnosis by the change of a function that makes its gradients right on all data; None without one."""
    layout, names = calls.own.layout, dict(enumerate(problem.present))
    several = [seen for where, seen in trials(problem) if where != OTHER_SIZE or len(problem.X) > 1]  # one may be all
    cases = [Case.of(seen, called(calls, seen, layout, classes)[0], layout) for seen in several]
    given = [case.candidate.arrays for case in cases]
    is_whole = all(arrays.keys() == set(names.values()) for arrays in given)
    if not is_whole or not all(np.isfinite(x).all() for arrays in given for x in arrays.values()):
        return None
    if any(is_single(arrays.values()) for arrays in given):
        return None
    wrong = [at for at, name in names.items() if any(name in case.wrong for case in cases)]
    paths = as_whole(*mended([_written(case, calls, names, classes=classes) for case in cases], wrong))
    return cases[0].by_paths(paths, COMPARE if len(paths) > 1 else "")


def _written(case: Case, calls: Calls, names: dict[int, str], *, classes: bool) -> Written:
    def run(other: Callable[..., Any]) -> dict[int, Array]:
        gradients, _ = called(calls.calling(other), case.problem, calls.own.layout, classes)
        arrays = Candidate.read(case.problem, gradients, calls.own.layout).arrays
        return {at: arrays[name] for at, name in names.items() if name in arrays}

    right, given = ({at: x[name] for at, name in names.items()} for x in (case.problem.right, case.candidate.arrays))
    precision = EXACT if math.isinf(case.problem.rate) else UPDATED
    return Written(calls.function, run, np.square, lambda forward: None, right, given, names, precision=precision)
