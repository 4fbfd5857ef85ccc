"""Say what is wrong with a gradient: which altered equation reproduces it.

>>> import numpy as np
>>> from nn import MLP, matrix
>>> network, X, T = MLP(3, [4, 2]), np.eye(3), np.array([0, 1, 1])
>>> _, gradients = matrix.value_and_gradients(network.arrays(), X, T, reduction="sum")
>>> print(diagnose(network, X, T, gradients).findings[0])
every layer: this is the gradient of the sum over the batch, without the 1/N of its mean (yours = 3 x correct) [no-mean]
  should be:  C = 1/N * (sum over samples of C_i), so delta[L] has one factor 1/N
  yours fits: delta[L] without the factor 1/N
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.arguments import described, finite, number, one_of, result
from nn import matrix
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.mistakes.equations import Problem
from nn.diagnosis.report import Diagnosis
from nn.neuron import MLP
from nn.samples import numbers, samples
from nn.shapes import arrays_by_name
from nn.training.outputs import check_model
from nn.training.targets import Targets

Array: TypeAlias = npt.NDArray[Any]
Gradients: TypeAlias = Callable[[dict[str, Array], Array, Array], Mapping[str, Any]]


class CandidateError(TypeError):
    """A gradient function did not return a dictionary of gradients."""


def diagnose(
    model: MLP,
    X: Any,
    T: Any,
    candidate: Mapping[str, Any] | Gradients,
    loss: str = "cross_entropy",
    *,
    strength: float = 0.0,
    reduction: str = "mean",
    convention: str = "rows",
    previous: tuple[Mapping[str, Any], Any, Any] | None = None,
) -> Diagnosis:
    """Name the mistake in a hand-derived gradient of a network's loss.

    A mistake is named only where the altered equation reproduces what was given, to rounding; a right gradient is never
    given a name.

    Parameters
    ----------
    model
        An `MLP`; its present parameters are those that the gradient was taken at.
    X, T
        Samples as rows (N, D), and classes (N,) or targets (N, C), whatever the convention.
    candidate
        The gradients, ``{"layers.0.W": array, ...}`` in the convention's shapes; or the function that computes them,
        ``candidate(params, X, T)`` with everything in the convention, which is then also tried on random data for
        which mistakes look different from one another.
    loss, strength, reduction
        A name from `nn.losses`; the strength of 0.5 * strength * sum(W * W); "mean" or "sum" over samples.
    convention
        "rows", "columns" or "torch", as `nn.matrix` has them.
    previous
        Parameters, X and T of the call before, for mistakes that leak from one call into the next.

    Returns
    -------
    Diagnosis
        Its ``verdict``, ``findings`` and ``parameters``; printed, a table and a few sentences.

    Raises
    ------
    ValueError
        If the data do not fit the network, a name is not known, or a number that the right gradient is computed from is
        not finite.
    CandidateError
        If a function returns something else than a dictionary.
    """
    check_model(model, "diagnose(model, X, T, candidate)", MLP)
    strength = number(strength, "strength", least=0.0)
    one_of(reduction, "reduction", ("mean", "sum"))
    one_of(convention, "convention", matrix.CONVENTIONS)
    if isinstance(candidate, type) or not (isinstance(candidate, Mapping) or callable(candidate)):
        raise TypeError(
            "candidate must be a dict of arrays, {'layers.0.W': dW, ...}, or a function of (params, X, T) that returns "
            f"one; got {described(candidate)}."
        )
    X = samples(X, model.sizes[0])
    model, X, T = model.as_trained(X, Targets.read(T, loss, model.sizes[-1], samples=len(X)).values)
    for name, array in model.arrays().items():
        finite(array, name, "a gradient is judged where all numbers are finite")
    kinds = (model.activation,) * (len(model.layers) - 1) + (model.output,)
    scale = 1.0 / len(X) if reduction == "mean" else 1.0
    t = matrix.targets(T, model.sizes[-1], loss)
    problem = Problem(model.arrays(), X, t, kinds, loss, scale, strength)
    if previous is not None:
        problem = replace(problem, previous=_previous(problem, previous, model))
    if not callable(candidate):
        return diagnose_problem(problem, candidate, convention)
    return diagnose_gradients(problem, candidate, convention, classes=T.ndim == 1 and loss == "cross_entropy")


def _previous(problem: Problem, previous: Any, model: MLP) -> Problem:
    """Return the problem of the step before, from its parameters, samples and targets."""
    if not isinstance(previous, (tuple, list)) or len(previous) != 3:
        raise TypeError(
            f"previous must be the parameters, samples and targets of the step before; got {described(previous)}."
        )
    params, X, T = previous
    before = {name: x.astype(float) for name, x in arrays_by_name(params, "previous parameters").items()}
    for name, now in problem.params.items():
        if name not in before or before[name].shape != now.shape:
            found = f"of shape {before[name].shape}" if name in before else "missing"
            raise ValueError(f"previous parameters: {name} is {found}; the network's is of shape {now.shape}.")
    X = samples(X, model.sizes[0], "previous X")
    T = Targets.read(T, problem.loss, model.sizes[-1], samples=len(X), what="previous T").values
    return replace(problem, params=before, X=X, t=matrix.targets(T, model.sizes[-1], problem.loss))


def diagnose_gradients(problem: Problem, function: Gradients, convention: str, classes: bool) -> Diagnosis:
    """Diagnose a gradient function: on a problem, and on random data for which mistakes look different.

    The first mistake that has a name is returned; what is ambiguous on one batch is what no other batch rules out.
    """
    remarks: list[str] = []
    results = []
    for where, seen in _trials(problem):
        gradients, edited = call(function, seen, convention, classes)
        remarks.extend(f"the function changes its argument {name}: copy it first" for name in edited)
        results.append((where, diagnose_problem(seen, gradients, convention)))
    wrong = [(where, result) for where, result in results if not result.ok]
    where, shown = min(wrong, key=lambda trial: trial[1].verdict != "named") if wrong else results[0]
    if shown.verdict == "ambiguous":
        shown = _narrowed(shown, [result for _, result in wrong])
    if shown.verdict == "ambiguous":
        shown = _narrowed(shown, _of_other_widths(problem, function, convention, classes))
    if wrong and len(wrong) < len(results):
        right = ", ".join(place for place, result in results if result.ok)
        remarks.append(f"right {right}, but not {where}")
    return replace(shown, remarks=tuple(dict.fromkeys([*shown.remarks, *remarks])))


def _trials(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """Yield problems to try a function on; each knows the one before it, from which mistakes may leak."""
    yield "on this data", problem
    other = probe(problem, len(problem.X))
    yield "with other parameters and inputs", replace(other, previous=replace(problem, previous=None))
    taken = {2, len(problem.X), *widths(problem)}
    samples = next(n for n in (7, 11, 13, 17, 19, 23, 29, 31) if n not in taken)
    yield "on a batch of another size", replace(probe(problem, samples), previous=other)


def widths(problem: Problem) -> list[int]:
    """Return the number of inputs, then of neurons in each layer."""
    return [problem.X.shape[1], *[len(problem.params[f"layers.{layer}.b"]) for layer in range(problem.layers)]]


def probe(problem: Problem, samples: int, sizes: list[int] | None = None) -> Problem:
    """Return a random problem of the same layers without dead units, in which mistakes look different."""
    made = Problem.random(sizes or widths(problem), samples=samples, loss=problem.loss, l2=problem.l2, seed=samples)
    mean = problem.scale != 1.0 or len(problem.X) == 1
    return replace(made, kinds=problem.kinds, scale=1.0 / samples if mean else 1.0)


def _of_other_widths(problem: Problem, function: Gradients, convention: str, classes: bool) -> list[Diagnosis]:
    """Diagnose the function in a network of other, distinct widths, if it can be called with one.

    Where widths are equal, a transpose and a count of neurons or inputs cannot be told from other things.
    """
    sizes = [width + 2 * place for place, width in enumerate(widths(problem), 1)]
    sizes = [width + sizes[:place].count(width) for place, width in enumerate(sizes)]
    other = probe(problem, max(sizes) + 3, sizes)
    try:
        return [diagnose_problem(other, call(function, other, convention, classes)[0], convention)]
    except Exception:  # a function may be written for its own widths only
        return []


def _narrowed(shown: Diagnosis, others: list[Diagnosis]) -> Diagnosis:
    """Return an ambiguous diagnosis without the explanations that do not fit elsewhere."""
    for other in others:
        fitting = [{finding.name for finding in path} for path in other.alternatives or (other.findings,)]
        kept = tuple(path for path in shown.alternatives if {finding.name for finding in path} in fitting)
        if kept:
            shown = replace(shown, alternatives=kept)
    if len(shown.alternatives) > 1:
        return shown
    verdicts = tuple(replace(v, verdict="named") if v.verdict == "ambiguous" else v for v in shown.parameters)
    return replace(
        shown, verdict="named", findings=shown.alternatives[0], alternatives=(), experiment="", parameters=verdicts
    )


def call(function: Gradients, problem: Problem, convention: str, classes: bool) -> tuple[Mapping[str, Any], list[str]]:
    """Return somebody's gradients of a problem, asked for in their convention, and the arguments that they changed."""
    params = {name: value.copy() for name, value in matrix.from_rows(problem.params, convention).items()}
    X, T = problem.X.copy(), problem.t.argmax(axis=1) if classes else problem.t.copy()
    if convention == "columns":
        X, T = X.T.copy(), T.T.copy()
    before = {**params, "X": X, "T": T}
    kept = {name: value.copy() for name, value in before.items()}
    gradients = result(function, (params, X, T), {}, "diagnose")
    if not isinstance(gradients, Mapping):
        raise CandidateError(
            f"gradients() returned {described(gradients)}, not a dictionary of {', '.join(problem.params)}."
        )
    made = {str(name): numbers(value, f"gradients()[{name!r}]").copy() for name, value in gradients.items()}
    return made, [name for name, value in kept.items() if not np.array_equal(value, before[name])]
