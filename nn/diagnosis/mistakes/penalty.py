"""Mistakes in what regularisation adds."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.equations import Array, At
from nn.diagnosis.mistakes.table import always, mistake, per_sample, times_samples

DECAY = "Loshchilov and Hutter 2019, 'Decoupled weight decay regularization'"
SCALAR = "'Train a logistic regression with regularization model from scratch' (np.sum((Lambda / m) * theta))"


@mistake(
    step="penalty",
    times=always(0.0),
    altered="dC/dW[l] without l2 * W[l]",
    reference="note 001, dW += reg * W; CS231n notes, 'Neural networks 3', gradient checks",
)
def penalty_missing() -> None:
    """The regularisation's gradient is missing."""


@mistake(
    step="penalty",
    times=always(2.0),
    altered="dC/dW[l] += 2 * l2 * W[l]",
    reference="note 001 (0.5 * reg * W**2); CS231n assignment 1 (reg with and without the 1/2)",
)
def penalty_twice() -> None:
    """The regularisation counts twice: it was added twice, or the 1/2 of 1/2 * l2 * W**2 was forgotten."""


@mistake(
    step="penalty", times=always(0.5), altered="dC/dW[l] += 1/2 * l2 * W[l]", reference="note 001 (0.5 * reg * W**2)"
)
def penalty_halved() -> None:
    """The regularisation keeps its 1/2 although the square's 2 cancels it."""


@mistake(
    step="penalty",
    times=per_sample,
    altered="dC/dW[l] += l2 / N * W[l]",
    reference="Ng, Machine Learning, exercise 4 (lambda / m, another convention)",
)
def penalty_averaged() -> None:
    """The regularisation is divided by N: it stands outside of the mean over samples."""


@mistake(
    step="penalty",
    times=times_samples,
    altered="dC/dW[l] += N * l2 * W[l]",
    reference="note 001, its loop over samples (reg * W inside the loop)",
)
def penalty_not_averaged() -> None:
    """The regularisation is added once a sample: it stands outside of the mean over samples."""


@mistake(step="penalty", times=always(-1.0), altered="dC/dW[l] -= l2 * W[l]", reference=DECAY)
def penalty_sign() -> None:
    """This is weight decay, -l2 * W, as it stands in the update, not in the gradient."""


@mistake(
    step="penalty",
    altered="dC/dW[l] += l2 * sign(W[l])",
    reference="CS231n notes, 'Neural networks 2', regularisation (L1 beside L2)",
)
def penalty_l1(at: At, g: Array) -> Array:
    """This is the gradient of the absolute values (L1), not of the squares."""
    return at.pull(g, np.sign(at.W))


@mistake(
    step="penalty",
    altered="dC/dW[l] += 1/2 * l2 * W[l]**2",
    reference="note 001, its code (the loss's line beside the gradient's)",
)
def penalty_value(at: At, g: Array) -> Array:
    """The penalty itself is added, not its derivative."""
    return at.pull(g, 0.5 * at.W**2)


@mistake(step="penalty", altered="dC/dW[l] += l2 * (sum of W[l])", reference=SCALAR)
def penalty_summed(at: At, g: Array) -> Array:
    """The penalty's gradient was summed to one number."""
    return at.pull(g, np.full_like(at.W, at.W.sum()))


@mistake(
    step="bias_penalty",
    altered="dC/db[l] += l2 * b[l]",
    reference="Ng, Machine Learning, exercise 4 (the bias column is left out); Goodfellow et al., Deep Learning, 7.1",
)
def penalty_on_biases(at: At, g: Array) -> Array:
    """The regularisation is applied to the biases as well."""
    return np.asarray(g * at.problem.l2 * at.b)
