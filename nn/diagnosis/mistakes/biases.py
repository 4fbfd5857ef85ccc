"""Mistakes in a bias's gradient, and in what regularisation adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from nn.diagnosis.mistakes.equations import Array, Tape
from nn.diagnosis.mistakes.table import Evidence, Proposal, at, mistake, times_at

QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"
DECAY = "Loshchilov and Hutter 2019, 'Decoupled weight decay regularization'"
SCALAR = "'Train a logistic regression with regularization model from scratch' (np.sum((Lambda / m) * theta))"


def _enter(name: str, wrong: Callable[[Tape, int, Array], Array], sentence: str, altered: str, reference: str) -> None:
    """Enter a mistake that makes dC/db in another way."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        for where, layers in e.biases_of():
            yield where, "", {"bias": at(layers, wrong)}

    propose.__doc__ = sentence
    mistake(name, "BP3", altered, reference)(propose)


def _wrong_axis(tape: Tape, layer: int, delta: Array) -> Array:
    summed: Array = delta.sum(axis=1)
    return summed if summed.shape == tape.b(layer).shape else np.full_like(tape.b(layer), np.nan)


def _row_sums(tape: Tape, layer: int, delta: Array) -> Array:
    sums: Array = (tape.acts[layer].T @ delta).sum(axis=0)
    return sums


_enter(
    "bias-wrong-axis",
    _wrong_axis,
    "delta is summed over the neurons, not over the samples: the wrong axis",
    "dC/db[l] = sum of delta[l] over neurons",
    "note 000, BP3b (the sum is over samples)",
)
_enter(
    "bias-of-first-sample",
    lambda tape, layer, delta: delta[0],
    "this is the first sample's delta, not the sum over samples",
    "dC/db[l] = delta[l] of sample 1",
    QUESTION,
)
_enter(
    "bias-of-last-sample",
    lambda tape, layer, delta: delta[-1],
    "this is the last sample's delta, not the sum over samples",
    "dC/db[l] = delta[l] of sample N",
    QUESTION,
)
_enter(
    "bias-without-slope",
    lambda tape, layer, delta: tape.errors[layer].sum(axis=0),
    "f'(z) is missing in this bias gradient, though not in what is propagated",
    "dC/db[l] = sum of dC/da[l] over samples",
    "note 004 (dJ/db = dJ/da * da/dz)",
)
_enter(
    "bias-missing",
    lambda tape, layer, delta: np.zeros_like(tape.b(layer)),
    "the bias has no gradient at all",
    "dC/db[l] = 0",
    "Nielsen, Neural Networks and Deep Learning, chapter 2, BP3",
)
_enter(
    "bias-from-weights",
    _row_sums,
    "the weight gradient's rows are summed: a bias's input is 1, not a[l-1]",
    "dC/db[l] = sum over rows of dC/dW[l]",
    "Ng, Machine Learning, exercise 4 (the bias unit, whose input is 1)",
)


def _scaled(name: str, factor: Callable[[Evidence], float], sentence: str, altered: str, reference: str) -> None:
    """Enter a mistake that multiplies a bias's gradient."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.is_bias and e.is_factor(factor(e)):
            for where, layers in e.biases_of():
                yield where, f"yours = {factor(e):.10g} x correct", {"bias": times_at(layers, factor(e))}

    propose.__doc__ = sentence
    mistake(name, "BP3", altered, reference)(propose)


_scaled(
    "bias-averaged-again",
    lambda e: 1.0 / e.samples,
    "the mean over samples is taken although delta contains 1/N already",
    "dC/db[l] = mean of delta[l] over samples",
    "note 000, batch gradient; " + QUESTION,
)
_scaled(
    "bias-not-averaged",
    lambda e: float(e.samples),
    "the 1/N of the mean is missing in this bias gradient alone",
    "dC/db[l] = N * sum of delta[l] over samples",
    QUESTION,
)
_scaled(
    "sign-of-bias",
    lambda e: -1.0,
    "the sign of this bias gradient alone is turned",
    "dC/db[l] = -(sum of delta[l] over samples)",
    "note 000, softmax with cross-entropy (a minus is lost between two lines)",
)


@mistake(
    "bias-not-summed",
    "BP3",
    "dC/db[l] = delta[l], one row a sample",
    QUESTION,
)
def bias_not_summed(e: Evidence) -> Iterator[Proposal]:
    """The deltas of the samples are not summed: there is one row a sample."""
    yield from ()  # its shape gives it away before any number is compared


@mistake(
    "bias-one-number",
    "BP3",
    "dC/db[l] = sum, or mean over neurons, of all of delta[l]",
    QUESTION + " (np.sum or np.mean without an axis)",
)
def bias_one_number(e: Evidence) -> Iterator[Proposal]:
    """Samples and neurons are summed alike: every bias gets the same number."""
    for where, layers in e.biases_of():
        for found, mean in (("summed over neurons", False), ("averaged over neurons", True)):
            yield where, found, {"bias": at(layers, partial(_one_number, mean))}


def _one_number(mean: bool, tape: Tape, layer: int, delta: Array) -> Array:
    return np.full_like(tape.b(layer), delta.sum() / (delta.shape[1] if mean else 1))


# --- regularisation ------------------------------------------------------------------------------------------------


def _penalised(name: str, wrong: Callable[[Tape, int], Array], sentence: str, altered: str, reference: str) -> None:
    """Enter a mistake that adds something else than l2 * W to a weight's gradient."""

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.problem.l2:
            for where, layers in e.weights_of():
                yield where, "", {"penalty": at(layers, wrong)}

    propose.__doc__ = sentence
    mistake(name, "penalty", altered, reference)(propose)


def _multiple(factor: Callable[[Tape], float]) -> Callable[[Tape, int], Array]:
    return lambda tape, layer: factor(tape) * tape.problem.l2 * tape.W(layer)


_penalised(
    "penalty-missing",
    _multiple(lambda tape: 0.0),
    "the regularisation's gradient is missing",
    "dC/dW[l] without l2 * W[l]",
    "note 001, dW += reg * W; CS231n notes, 'Neural networks 3', gradient checks",
)
_penalised(
    "penalty-twice",
    _multiple(lambda tape: 2.0),
    "the regularisation counts twice: it was added twice, or the 1/2 of 1/2 * l2 * W**2 was forgotten",
    "dC/dW[l] += 2 * l2 * W[l]",
    "note 001 (0.5 * reg * W**2); CS231n assignment 1 (reg with and without the 1/2)",
)
_penalised(
    "penalty-halved",
    _multiple(lambda tape: 0.5),
    "the regularisation keeps its 1/2 although the square's 2 cancels it",
    "dC/dW[l] += 1/2 * l2 * W[l]",
    "note 001 (0.5 * reg * W**2)",
)
_penalised(
    "penalty-averaged",
    _multiple(lambda tape: 1.0 / len(tape.problem.X)),
    "the regularisation is divided by N: it stands outside of the mean over samples",
    "dC/dW[l] += l2 / N * W[l]",
    "Ng, Machine Learning, exercise 4 (lambda / m, another convention)",
)
_penalised(
    "penalty-not-averaged",
    _multiple(lambda tape: float(len(tape.problem.X))),
    "the regularisation is added once a sample: it stands outside of the mean over samples",
    "dC/dW[l] += N * l2 * W[l]",
    "note 001, its loop over samples (reg * W inside the loop)",
)
_penalised(
    "penalty-sign",
    _multiple(lambda tape: -1.0),
    "this is weight decay, -l2 * W, as it stands in the update, not in the gradient",
    "dC/dW[l] -= l2 * W[l]",
    DECAY,
)
_penalised(
    "penalty-l1",
    lambda tape, layer: tape.problem.l2 * np.sign(tape.W(layer)),
    "this is the gradient of the absolute values (L1), not of the squares",
    "dC/dW[l] += l2 * sign(W[l])",
    "CS231n notes, 'Neural networks 2', regularisation (L1 beside L2)",
)
_penalised(
    "penalty-value",
    lambda tape, layer: 0.5 * tape.problem.l2 * tape.W(layer) ** 2,
    "the penalty itself is added, not its derivative",
    "dC/dW[l] += 1/2 * l2 * W[l]**2",
    "note 001, its code (the loss's line beside the gradient's)",
)
_penalised(
    "penalty-summed",
    lambda tape, layer: np.full_like(tape.W(layer), tape.problem.l2 * tape.W(layer).sum()),
    "the penalty's gradient was summed to one number",
    "dC/dW[l] += l2 * (sum of W[l])",
    SCALAR,
)


@mistake(
    "penalty-on-biases",
    "penalty",
    "dC/db[l] += l2 * b[l]",
    "Ng, Machine Learning, exercise 4 (the bias column is left out); Goodfellow et al., Deep Learning, 7.1",
)
def penalty_on_biases(e: Evidence) -> Iterator[Proposal]:
    """The regularisation is applied to the biases as well."""
    if e.problem.l2:
        for where, layers in e.biases_of():
            yield where, "", {"bias_penalty": at(layers, lambda tape, layer: tape.problem.l2 * tape.b(layer))}
