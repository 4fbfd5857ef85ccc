"""Mistakes in a bias's gradient: BP3."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from nn.diagnosis.equations import Array, At, if_fits, within
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, always, mistake, per_sample, times_samples

QUESTION = "Data Science Stack Exchange 20139, 'Gradients for bias terms in backpropagation'"


@mistake(
    step="bias", altered="dC/db[l] = sum of delta[l] over neurons", reference="note 000, BP3b (the sum is over samples)"
)
def bias_wrong_axis(at: At, g: Array) -> Array:
    """Delta is summed over the neurons, not over the samples: the wrong axis."""
    return if_fits(at.right(g.T), at.b)


@mistake(step="bias", altered="dC/db[l] = delta[l] of sample 1", reference=QUESTION)
def bias_of_first_sample(at: At, g: Array) -> Array:
    """This is the first sample's delta, not the sum over samples."""
    return at.right(g[:1])


@mistake(step="bias", altered="dC/db[l] = delta[l] of sample N", reference=QUESTION)
def bias_of_last_sample(at: At, g: Array) -> Array:
    """This is the last sample's delta, not the sum over samples."""
    return at.right(g[-1:])


@mistake(step="bias", altered="dC/db[l] = sum of dC/da[l] over samples", reference="note 004 (dJ/db = dJ/da * da/dz)")
def bias_without_slope(at: At, g: Array) -> Array:
    """f'(z) is missing in this bias gradient, though not in what is propagated."""
    return at.right(at.error)


@mistake(step="bias", altered="dC/db[l] = 0", reference="Nielsen, Neural Networks and Deep Learning, chapter 2, BP3")
def bias_missing(at: At, g: Array) -> Array:
    """The bias has no gradient at all."""
    return np.zeros_like(at.b)


@mistake(
    step="bias",
    altered="dC/db[l] = sum over rows of dC/dW[l]",
    reference="Ng, Machine Learning, exercise 4 (the bias unit, whose input is 1)",
)
def bias_from_weights(at: At, g: Array) -> Array:
    """The weight gradient's rows are summed: a bias's input is 1, not a[l-1]."""
    return at.right(at.below.T @ g)


@mistake(
    step="bias",
    times=per_sample,
    altered="dC/db[l] = mean of delta[l] over samples",
    reference="note 000, batch gradient; " + QUESTION,
)
def bias_averaged_again() -> None:
    """The mean over samples is taken although delta contains 1/N already."""


@mistake(step="bias", times=times_samples, altered="dC/db[l] = N * sum of delta[l] over samples", reference=QUESTION)
def bias_not_averaged() -> None:
    """The 1/N of the mean is missing in this bias gradient alone."""


@mistake(
    step="bias",
    times=always(-1.0),
    altered="dC/db[l] = -(sum of delta[l] over samples)",
    reference="note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_of_bias() -> None:
    """The sign of this bias gradient alone is turned."""


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
            yield where, found, {"bias": within(layers, partial(_one_number, mean))}


def _one_number(mean: bool, at: At, g: Array) -> Array:
    return np.full_like(at.b, g.sum() / (g.shape[1] if mean else 1))
