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

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.arguments import described, finite, number, one_of
from nn import matrix
from nn.diagnosis.altered import by_alterations, function_by_alterations
from nn.diagnosis.equations import Problem
from nn.diagnosis.judge import diagnose_problem
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import Gradients, diagnose_gradients
from nn.neuron import MLP
from nn.samples import Array, samples
from nn.shapes import arrays_by_name
from nn.training.outputs import check_model
from nn.training.targets import Targets


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
    problem = _problem(model, X, T, loss, reduction, strength)
    if previous is not None:
        problem = replace(problem, previous=_previous(problem, previous, model))
    if not callable(candidate):
        return by_alterations(diagnose_problem(problem, candidate, convention), problem, candidate, convention)
    asked = problem, candidate, convention, T.ndim == 1 and loss == "cross_entropy"
    return function_by_alterations(diagnose_gradients(*asked), *asked)


def _problem(model: MLP, X: Array, T: Array, loss: str, reduction: str, strength: float) -> Problem:
    """Return what a network's present parameters are differentiated in."""
    params = model.arrays()
    for name, array in params.items():
        finite(array, name, "a gradient is judged where all numbers are finite")
    kinds = (model.activation,) * (len(model.layers) - 1) + (model.output,)
    scale = 1.0 / len(X) if reduction == "mean" else 1.0
    return Problem(params, X, matrix.targets(T, model.sizes[-1], loss), kinds, loss, scale, strength)


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
            state = f"of shape {before[name].shape}" if name in before else "missing"
            raise ValueError(f"previous parameters: {name} is {state}; the network's is of shape {now.shape}.")
    X = samples(X, model.sizes[0], "previous X")
    T = Targets.read(T, problem.loss, model.sizes[-1], samples=len(X), what="previous T").values
    return replace(problem, params=before, X=X, t=matrix.targets(T, model.sizes[-1], problem.loss))
