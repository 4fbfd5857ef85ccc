"""A gradient function is tried on several problems: what is wrong on one batch may look like something else there.

>>> problem = Problem.random((3, 2), samples=4)
>>> def gradients(params, X, T):
...     return matrix.value_and_gradients(params, X, T, reduction="sum")[1]
>>> diagnose_gradients(problem, gradients, "rows", classes=True).names
['no-mean']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from engine.arguments import described
from nn import matrix
from nn.diagnosis.agreed import narrowed
from nn.diagnosis.asked import answer
from nn.diagnosis.equations import Array, Problem
from nn.diagnosis.judge import Case, backward_altered, diagnose_problem, diagnosis_of
from nn.diagnosis.report import Diagnosis
from nn.samples import numbers

OTHER_SIZE = "on a batch of another size"
SIZE_FIXED = "right for the number of samples given, but not on a batch of another size"
Gradients: TypeAlias = Callable[[dict[str, Array], Array, Array], Mapping[str, Any]]


class CandidateError(TypeError):
    """A gradient function did not return a dictionary of gradients."""


def diagnose_gradients(problem: Problem, function: Gradients, convention: str, classes: bool) -> Diagnosis:
    """Diagnose a gradient function: on a problem, and on random data for which mistakes look different.

    The first mistake that has a name is returned; what is ambiguous on one batch is what no other batch rules out.
    """
    remarks: list[str] = []
    cases = []
    for where, seen in trials(problem):
        gradients, edited = called(function, seen, convention, classes)
        remarks.extend(f"the function changes its argument {name}: copy it first" for name in edited)
        cases.append((where, Case.of(seen, gradients, convention)))
    results = [(where, diagnosis_of(case)) for where, case in cases]
    wrong = [(where, result) for where, result in results if not result.ok]
    if [where for where, _ in wrong] == [OTHER_SIZE]:
        wrong = []
        remarks.append(SIZE_FIXED)
    where, shown = min(wrong, key=lambda trial: trial[1].verdict != "named") if wrong else results[0]
    if shown.verdict == "ambiguous":
        shown = narrowed(shown, [result for _, result in wrong])
    if shown.verdict == "ambiguous":
        shown = narrowed(shown, _of_other_widths(problem, function, convention, classes))
    if shown.verdict == "unnamed":
        (_, first), *others = cases
        shown = backward_altered(replace(first, others=[case for _, case in others])) or shown
    if wrong and len(wrong) < len(results):
        right = ", ".join(place for place, result in results if result.ok)
        remarks.append(f"right {right}, but not {where}")
    return replace(shown, remarks=tuple(dict.fromkeys([*shown.remarks, *remarks])))


def trials(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Yield problems to try a function on; each knows the one before it, from which mistakes may leak."""
    yield "on this data", problem
    other = probe(problem, len(problem.X))
    yield "with other parameters and inputs", replace(other, previous=replace(problem, previous=None))
    taken = {2, len(problem.X), *widths(problem)}
    samples = next(n for n in (7, 11, 13, 17, 19, 23, 29, 31) if n not in taken)
    yield OTHER_SIZE, replace(probe(problem, samples), previous=other)


def widths(problem: Problem) -> list[int]:
    """Return the number of inputs, then of neurons in each layer."""
    return [problem.X.shape[1], *[len(problem.params[f"layers.{layer}.b"]) for layer in range(problem.layers)]]


def probe(problem: Problem, samples: int, sizes: list[int] | None = None) -> Problem:
    """Return a random problem of the same layers without dead units, in which mistakes look different."""
    l2 = problem.l2 * (len(problem.X) / samples if problem.averaged_penalty else 1.0)
    drawn = Problem.random(sizes or widths(problem), samples=samples, loss=problem.loss, l2=l2, seed=samples)
    is_mean = problem.scale != 1.0 or (len(problem.X) == 1 and not problem.is_summed)
    params = {name: x * 0.0 if name in problem.absent else x for name, x in drawn.params.items()}
    scale = 1.0 / samples if is_mean else 1.0
    return replace(problem, params=params, X=drawn.X, t=drawn.t, scale=scale, l2=l2, previous=None)


def _of_other_widths(problem: Problem, function: Gradients, convention: str, classes: bool) -> list[Diagnosis]:
    """Diagnose the function in a network of other, distinct widths, if it can be called with one.

    Where widths are equal, a transpose and a count of neurons or inputs cannot be told from other things.
    """
    sizes = [width + 2 * place for place, width in enumerate(widths(problem), 1)]
    sizes = [width + sizes[:place].count(width) for place, width in enumerate(sizes)]
    other = probe(problem, max(sizes) + 3, sizes)
    try:
        return [diagnose_problem(other, called(function, other, convention, classes)[0], convention)]
    except Exception:  # a function may be written for its own widths only
        return []


def called(
    function: Gradients, problem: Problem, convention: str, classes: bool
) -> tuple[Mapping[str, Any], list[str]]:
    """Return somebody's gradients of a problem, asked for in their convention, and the arguments that they changed."""
    in_convention = matrix.from_rows(problem.params, convention)
    params = {name: value.copy() for name, value in in_convention.items() if name in problem.present}
    X, T = problem.X.copy(), problem.t.argmax(axis=1) if classes else problem.t.copy()
    if convention in matrix.OF_COLUMNS:
        X, T = X.T.copy(), T.T.copy()
    before = {**params, "X": X, "T": T}
    copies = {name: value.copy() for name, value in before.items()}
    gradients = answer(function, (params, X, T), {}, "diagnose", (CandidateError,))
    if not isinstance(gradients, Mapping):
        raise CandidateError(
            f"gradients() returned {described(gradients)}, not a dictionary of {', '.join(problem.present)}."
        )
    arrays = {str(name): numbers(value, f"gradients()[{name!r}]").copy() for name, value in gradients.items()}
    return arrays, [name for name, value in copies.items() if not np.array_equal(value, before[name])]
