"""Mistakes in what regularisation adds."""

from __future__ import annotations

import numpy as np

from nn.diagnosis.equations import Array, Tape
from nn.diagnosis.mistakes.table import mistake

DECAY = "Loshchilov and Hutter 2019, 'Decoupled weight decay regularization'"
SCALAR = "'Train a logistic regression with regularization model from scratch' (np.sum((Lambda / m) * theta))"


@mistake(
    step="penalty",
    altered="dC/dW[l] without l2 * W[l]",
    reference="note 001, dW += reg * W; CS231n notes, 'Neural networks 3', gradient checks",
)
def penalty_missing(tape: Tape, layer: int) -> Array:
    """The regularisation's gradient is missing."""
    return np.zeros_like(tape.W(layer))


@mistake(
    step="penalty",
    altered="dC/dW[l] += 2 * l2 * W[l]",
    reference="note 001 (0.5 * reg * W**2); CS231n assignment 1 (reg with and without the 1/2)",
)
def penalty_twice(tape: Tape, layer: int) -> Array:
    """The regularisation counts twice: it was added twice, or the 1/2 of 1/2 * l2 * W**2 was forgotten."""
    return 2.0 * tape.problem.l2 * tape.W(layer)


@mistake(step="penalty", altered="dC/dW[l] += 1/2 * l2 * W[l]", reference="note 001 (0.5 * reg * W**2)")
def penalty_halved(tape: Tape, layer: int) -> Array:
    """The regularisation keeps its 1/2 although the square's 2 cancels it."""
    return 0.5 * tape.problem.l2 * tape.W(layer)


@mistake(
    step="penalty",
    altered="dC/dW[l] += l2 / N * W[l]",
    reference="Ng, Machine Learning, exercise 4 (lambda / m, another convention)",
)
def penalty_averaged(tape: Tape, layer: int) -> Array:
    """The regularisation is divided by N: it stands outside of the mean over samples."""
    return tape.problem.l2 / len(tape.problem.X) * tape.W(layer)


@mistake(
    step="penalty",
    altered="dC/dW[l] += N * l2 * W[l]",
    reference="note 001, its loop over samples (reg * W inside the loop)",
)
def penalty_not_averaged(tape: Tape, layer: int) -> Array:
    """The regularisation is added once a sample: it stands outside of the mean over samples."""
    return len(tape.problem.X) * tape.problem.l2 * tape.W(layer)


@mistake(step="penalty", altered="dC/dW[l] -= l2 * W[l]", reference=DECAY)
def penalty_sign(tape: Tape, layer: int) -> Array:
    """This is weight decay, -l2 * W, as it stands in the update, not in the gradient."""
    return -tape.problem.l2 * tape.W(layer)


@mistake(
    step="penalty",
    altered="dC/dW[l] += l2 * sign(W[l])",
    reference="CS231n notes, 'Neural networks 2', regularisation (L1 beside L2)",
)
def penalty_l1(tape: Tape, layer: int) -> Array:
    """This is the gradient of the absolute values (L1), not of the squares."""
    return tape.problem.l2 * np.sign(tape.W(layer))


@mistake(
    step="penalty",
    altered="dC/dW[l] += 1/2 * l2 * W[l]**2",
    reference="note 001, its code (the loss's line beside the gradient's)",
)
def penalty_value(tape: Tape, layer: int) -> Array:
    """The penalty itself is added, not its derivative."""
    return 0.5 * tape.problem.l2 * tape.W(layer) ** 2


@mistake(step="penalty", altered="dC/dW[l] += l2 * (sum of W[l])", reference=SCALAR)
def penalty_summed(tape: Tape, layer: int) -> Array:
    """The penalty's gradient was summed to one number."""
    return np.full_like(tape.W(layer), tape.problem.l2 * tape.W(layer).sum())


@mistake(
    step="bias_penalty",
    altered="dC/db[l] += l2 * b[l]",
    reference="Ng, Machine Learning, exercise 4 (the bias column is left out); Goodfellow et al., Deep Learning, 7.1",
)
def penalty_on_biases(tape: Tape, layer: int) -> Array:
    """The regularisation is applied to the biases as well."""
    return tape.problem.l2 * tape.b(layer)
