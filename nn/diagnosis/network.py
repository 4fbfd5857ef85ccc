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

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine.arguments import described, finite, number, one_of
from nn import matrix
from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES, OF_CLASSES
from nn.diagnosis.calls import takes_batch
from nn.diagnosis.declared import judged
from nn.diagnosis.dialects import DIALECTS, PENALTIES, Dialect
from nn.diagnosis.equations import Problem
from nn.diagnosis.held import attributes_held
from nn.diagnosis.own import Own
from nn.diagnosis.report import Diagnosis
from nn.diagnosis.trials import Gradients
from nn.module import Module
from nn.neuron import MLP
from nn.samples import Array, numbers, samples
from nn.shapes import arrays_by_name
from nn.training.outputs import check_model
from nn.training.targets import Targets


def diagnose(
    model: Any,
    X: Any,
    T: Any,
    candidate: Mapping[str, Any] | Gradients | Any,
    loss: str | None = None,
    *,
    strength: float = 0.0,
    reduction: str | None = None,
    convention: str = "rows",
    previous: tuple[Mapping[str, Any], Any, Any] | None = None,
    activation: str | None = None,
    output: str | None = None,
    lr: float | None = None,
) -> Diagnosis:
    """Name the mistake in a hand-derived gradient of a network's loss.

    A mistake is named only where the altered equation reproduces what was given, to rounding; a right gradient is never
    given a name.

    Parameters
    ----------
    model
        An `MLP`, whose present parameters are those that the gradient was taken at; or these parameters as their author
        has them: ``{"W1": ..., "b1": ...}``, lists of weights and biases, one array, or an object that holds them. A
        network of parameters has the biases that are there.
    X, T
        Samples as rows (N, D), and classes (N,) or targets (N, C); with a course's word, as the course has them.
    candidate
        The gradients, ``{"layers.0.W": array, ...}`` in the convention's shapes; or the function that computes them,
        ``candidate(params, X, T)`` with everything in the convention, which is then also tried on random data for
        which mistakes look different from one another. With a course's word, names and containers are the course's, a
        cost may stand beside the gradients, and a function's arguments are told by their names.
    loss, strength, reduction
        A name from `nn.losses`, or "svm"; the strength of the convention's penalty, 0.5 * strength * sum(W * W) but in
        courses; "mean" or "sum" over samples. By default the convention's: "cross_entropy" and "mean" but in courses.
    convention
        "rows", "columns" or "torch", as `nn.matrix` has them, or the word of a course: "coursera", "nielsen", "cs231n"
        (`nn.diagnosis.dialects`).
    previous
        Parameters, X and T of the call before, for mistakes that leak from one call into the next.
    activation, output
        Of the hidden layers and of the last one, where `model` is parameters; by default the convention's. A sigmoid
        or softmax beside the cross-entropy that contains it is applied once.
    lr
        The learning rate, where `candidate` is not gradients but parameters after a step, or a function that updates
        them: the gradient is (old - new) / lr.

    Returns
    -------
    Diagnosis
        Its ``verdict``, ``findings`` and ``parameters``; printed, a table and a few sentences.

    Raises
    ------
    ValueError
        If the data do not fit the network, a name is not known, or a number that the right gradient is computed from is
        not finite.
    TypeError
        If the parameters or gradients are nothing that can be read as such.
    CandidateError
        If a function returns something else than gradients.

    Examples
    --------
    >>> W, b, X, Y = np.array([[0.5], [-1.0]]), 0.1, np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1, 0]])
    >>> A = 1 / (1 + np.exp(-(W.T @ X + b)))
    >>> said = diagnose({"w": W, "b": b}, X, Y, {"dw": X @ (A - Y).T / 2, "db": np.mean(A - Y)}, convention="coursera")
    >>> said.ok, [row.parameter for row in said.parameters]
    (True, ['dw', 'db'])
    """
    dialect = DIALECTS[one_of(convention, "convention", DIALECTS)]
    loss = one_of(dialect.loss if loss is None else loss, "loss", JUDGED_LOSSES)
    usual = "mean" if lr is not None and takes_batch(candidate) else dialect.reduction
    is_mean = one_of(usual if reduction is None else reduction, "reduction", ("mean", "sum")) == "mean"
    rate = math.inf if lr is None else number(lr, "lr", above=0.0)
    strength = number(strength, "strength", least=0.0)
    X, T = _laid_as_rows(X, T, dialect)
    flat = dialect.is_course and T.ndim == 1
    own, X, T = _read(model, X, T, convention, loss)
    kinds, output = _kinds(model, own, activation, output, loss)
    problem = _problem(own, X, T, kinds, loss, is_mean)
    problem = replace(problem, l2=dialect.l2(strength, len(X)), rate=rate)
    problem = problem if previous is None else replace(problem, previous=_previous(problem, previous))
    return judged(problem, candidate, own, strength, flat=flat or T.ndim == 1, output=output)


def holds_parameters(model: Any) -> bool:
    """Whether this is parameters, or an object that has some."""
    if isinstance(model, (Mapping, list, tuple, np.ndarray)) or hasattr(model, "params") or hasattr(model, "weights"):
        return True
    return not isinstance(model, Module) and bool(attributes_held(model))


def _laid_as_rows(X: Any, T: Any, dialect: Dialect) -> tuple[Any, Any]:
    """Return a course's samples and targets as rows: its columns turned, a list of columns joined."""
    if not dialect.is_course:
        return X, T
    arrays = []
    for x, name in ((X, "X"), (T, "T")):
        array = numbers(x, name)
        if dialect.layout in matrix.OF_COLUMNS:
            array = array[..., 0] if array.ndim == 3 else array.T
        arrays.append(array)
    X, T = arrays
    if dialect.one_sample and X.ndim == 1:
        return X[None, :], T[None, :] if T.ndim == 1 else T
    return X, T


def _read(model: Any, X: Any, T: Any, convention: str, loss: str) -> tuple[Own, Array, Array]:
    """Return the parameters, samples and targets that are meant, checked against each other."""
    if isinstance(model, MLP):
        X = samples(X, model.sizes[0])
        model, X, T = model.as_trained(X, _targets(T, loss, model.sizes[-1], len(X)))
        return Own.by_default(model.arrays(), convention), X, T
    if not holds_parameters(model):
        check_model(model, "diagnose(model, X, T, candidate)", MLP)
    X = samples(X, None if np.ndim(X) == 2 else 1).astype(float)
    own = Own.of(model, convention, X.shape[1])
    *_, last = own.rows().values()
    return own, X, _targets(T, loss, len(last), len(X))


def _targets(T: Any, loss: str, outputs: int, count: int, what: str = "T") -> Array:
    kind = "cross_entropy" if loss in OF_CLASSES else loss
    if kind == "binary_cross_entropy" and outputs == 1:
        T = numbers(T, what).reshape(count, 1) if np.size(T) == count else T
    return Targets.read(T, kind, outputs, samples=count, what=what).values


def _kinds(model: Any, own: Own, activation: str | None, output: str | None, loss: str) -> tuple[tuple[str, ...], str]:
    """Return the activation of every layer, the last one's without what the loss contains, and that as it was said."""
    dialect, layers = own.dialect, len(own.called("W"))
    if isinstance(model, MLP):
        for name, asked in (("activation", activation), ("output", output)):
            if asked not in (None, getattr(model, name)):
                raise ValueError(f"{name}={described(asked)}, but the network's is {getattr(model, name)!r}.")
        activation, output = model.activation, model.output
    activation = one_of(dialect.activation if activation is None else activation, "activation", ACTIVATIONS)
    output = dialect.output_of(loss) if output is None else output
    is_known = isinstance(output, str) and output in ACTIVATIONS
    output = output if is_known else one_of(output, "output", (*ACTIVATIONS, "softmax"))
    last = one_of(dialect.scores(output, loss), "output", ACTIVATIONS)
    return (activation,) * (layers - 1) + (last,), output


def _problem(own: Own, X: Array, T: Array, kinds: tuple[str, ...], loss: str, is_mean: bool) -> Problem:
    """Return what somebody's parameters are differentiated in."""
    params, dialect = own.rows(), own.dialect
    for name, array in params.items():
        finite(array, own.names.get(name, name), "a gradient is judged where all numbers are finite")
    *_, last = params.values()
    t, scale = matrix.targets(T, len(last), loss), 1.0 / len(X) if is_mean else 1.0
    problem = Problem(params, X, t, kinds, loss, scale, absent=own.absent, is_summed=not is_mean)
    averaged = PENALTIES[dialect.penalty].averaged
    return replace(problem, summed_outputs=dialect.summed_outputs, averaged_penalty=averaged)


def _previous(problem: Problem, previous: Any) -> Problem:
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
    X, outputs = samples(X, problem.X.shape[1], "previous X"), problem.t.shape[1]
    T = _targets(T, problem.loss, outputs, len(X), "previous T")
    return replace(problem, params=before, X=X, t=matrix.targets(T, outputs, problem.loss))
