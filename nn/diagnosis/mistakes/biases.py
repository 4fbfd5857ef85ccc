"""Mistakes in a bias's gradient: BP3."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.diagnosis.equations import Array, Tape, at, if_fits
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, mistake, multiplied
from nn.matrix import bias_gradient, weight_gradient

QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"


@mistake(
    step="bias", altered="dC/db[l] = sum of delta[l] over neurons", reference="note 000, BP3b (the sum is over samples)"
)
def bias_wrong_axis(tape: Tape, layer: int, delta: Array) -> Array:
    """Delta is summed over the neurons, not over the samples: the wrong axis."""
    return if_fits(bias_gradient(delta.T), tape.b(layer))


@mistake(step="bias", altered="dC/db[l] = delta[l] of sample 1", reference=QUESTION)
def bias_of_first_sample(tape: Tape, layer: int, delta: Array) -> Array:
    """This is the first sample's delta, not the sum over samples."""
    return bias_gradient(delta[:1])


@mistake(step="bias", altered="dC/db[l] = delta[l] of sample N", reference=QUESTION)
def bias_of_last_sample(tape: Tape, layer: int, delta: Array) -> Array:
    """This is the last sample's delta, not the sum over samples."""
    return bias_gradient(delta[-1:])


@mistake(step="bias", altered="dC/db[l] = sum of dC/da[l] over samples", reference="note 004 (dJ/db = dJ/da * da/dz)")
def bias_without_slope(tape: Tape, layer: int, delta: Array) -> Array:
    """f'(z) is missing in this bias gradient, though not in what is propagated."""
    return bias_gradient(tape.errors[layer])


@mistake(step="bias", altered="dC/db[l] = 0", reference="Nielsen, Neural Networks and Deep Learning, chapter 2, BP3")
def bias_missing(tape: Tape, layer: int, delta: Array) -> Array:
    """The bias has no gradient at all."""
    return np.zeros_like(tape.b(layer))


@mistake(
    step="bias",
    altered="dC/db[l] = sum over rows of dC/dW[l]",
    reference="Ng, Machine Learning, exercise 4 (the bias unit, whose input is 1)",
)
def bias_from_weights(tape: Tape, layer: int, delta: Array) -> Array:
    """The weight gradient's rows are summed: a bias's input is 1, not a[l-1]."""
    return bias_gradient(weight_gradient(tape.acts[layer], delta))


@mistake(
    equation="BP3",
    altered="dC/db[l] = mean of delta[l] over samples",
    reference="note 000, batch gradient; " + QUESTION,
)
def bias_averaged_again(e: Evidence) -> Iterator[Proposal]:
    """The mean over samples is taken although delta contains 1/N already."""
    yield from multiplied(e, "bias", 1.0 / e.samples)


@mistake(equation="BP3", altered="dC/db[l] = N * sum of delta[l] over samples", reference=QUESTION)
def bias_not_averaged(e: Evidence) -> Iterator[Proposal]:
    """The 1/N of the mean is missing in this bias gradient alone."""
    yield from multiplied(e, "bias", e.samples)


@mistake(
    equation="BP3",
    altered="dC/db[l] = -(sum of delta[l] over samples)",
    reference="note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_of_bias(e: Evidence) -> Iterator[Proposal]:
    """The sign of this bias gradient alone is turned."""
    yield from multiplied(e, "bias", -1.0)


@mistake(equation="BP3", altered="dC/db[l] = delta[l], one row per sample", reference=QUESTION)
def bias_not_summed(e: Evidence) -> Iterator[Proposal]:
    """The deltas of the samples are not summed: there is one row per sample."""
    yield from ()  # its shape gives it away before any number is compared


@mistake(
    equation="BP3",
    altered="dC/db[l] = sum, or mean over neurons, of all of delta[l]",
    reference=QUESTION + " (np.sum or np.mean without an axis)",
)
def bias_one_number(e: Evidence) -> Iterator[Proposal]:
    """Samples and neurons are summed alike: every bias gets the same number."""
    for where, layers in e.places("bias"):
        for found, mean in (("summed over neurons", False), ("averaged over neurons", True)):
            yield where, found, {"bias": at(layers, partial(_one_number, mean))}


def _one_number(mean: bool, tape: Tape, layer: int, delta: Array) -> Array:
    return np.full_like(tape.b(layer), delta.sum() / (delta.shape[1] if mean else 1))
