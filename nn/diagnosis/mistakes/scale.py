"""Mistakes of scale: the mean's 1/N, the square's 2, signs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.derivatives import OF_CLASSES
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, everything_multiplied, mistake, multiplied

CS231N = "CS231n notes, 'Putting it together: minimal neural network case study'"
SOFTMAX_BATCH = "Stack Overflow 13489896, 'Why is softmax classifier gradient divided by batch size'"
CHAPTER = "Nielsen, Neural Networks and Deep Learning, chapter 2"


@mistake(equation="mean", altered="delta[L] without the factor 1/N", reference=SOFTMAX_BATCH)
def no_mean(e: Evidence) -> Iterator[Proposal]:
    """This is the gradient of the sum over the batch, without the 1/N of its mean."""
    if e.problem.scale != 1.0:
        yield from everything_multiplied(e, e.samples)


@mistake(
    equation="mean",
    altered="delta[L] with one more factor 1/N",
    reference="note 000, batch gradient (1/m once, at the output); " + CS231N,
)
def mean_again(e: Evidence) -> Iterator[Proposal]:
    """The 1/N of the batch is applied once more than it should be."""
    yield from everything_multiplied(e, 1.0 / e.samples)


@mistake(
    equation="mean",
    altered="delta[L] divided by another count in place of N",
    reference="NumPy's mean of an (N, C) array divides by N * C; PyTorch documentation, MSELoss, reduction='mean'",
)
def wrong_count(e: Evidence) -> Iterator[Proposal]:
    """The batch's sum is divided by the wrong number."""
    n, c, d = e.samples, e.outputs, e.problem.X.shape[1]
    counts = {"outputs C": c, "samples times outputs N * C": n * c, "features D": d, "N - 1": n - 1, "N + 1": n + 1}
    for name, count in counts.items():
        wrong = 1.0 / (count * e.problem.scale) if count > 1 else 0.0
        if wrong not in (0.0, 1.0) and abs(wrong * n - 1.0) > 1e-9:
            found = f"divided by {count}, the number of {name}" if " " in name else name
            yield from everything_multiplied(e, wrong, found)


@mistake(
    equation="BP1",
    altered="delta[L] without the 1/m of the mean over m outputs",
    reference="note 004, J = 1/(2m) * sum over the m outputs; PyTorch documentation, MSELoss",
)
def sum_for_mean_of_outputs(e: Evidence) -> Iterator[Proposal]:
    """The loss is a mean over the outputs, and its 1/m is missing."""
    if e.problem.loss not in OF_CLASSES and e.outputs > 1 and not e.problem.summed_outputs:
        yield from everything_multiplied(e, e.outputs)


@mistake(
    equation="BP1",
    altered="delta[L] = (a[L] - t) ...",
    reference="Cross Validated 490374, 'Backpropogation derivatives' (cost without the 1/2)",
)
def no_two(e: Evidence) -> Iterator[Proposal]:
    """The 2 that the derivative of a square brings is missing."""
    if e.problem.loss == "mse":
        yield from everything_multiplied(e, 0.5)


@mistake(
    equation="BP1",
    altered="delta[L] = 2 * 2 (a[L] - t) ..., or 2 (a[L] - t) where the loss has 1/2",
    reference="note 004 (its 1/2 is there to cancel the 2); " + CHAPTER,
)
def two_too_many(e: Evidence) -> Iterator[Proposal]:
    """A factor 2 of the square is left over."""
    if e.problem.loss in ("mse", "half_mse"):
        yield from everything_multiplied(e, 2.0)


@mistake(
    equation="BP1",
    altered="delta[L] = (t - a[L]) ...",
    reference="Artificial Intelligence Stack Exchange 24020 (its derivative is printed as t - o)",
)
def sign(e: Evidence) -> Iterator[Proposal]:
    """The sign is turned: t - a in place of a - t."""
    yield from everything_multiplied(e, -1.0)


@mistake(
    equation="BP4",
    altered="dC/dW[l] = -({outer})",
    reference="note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_of_weights(e: Evidence) -> Iterator[Proposal]:
    """The sign of this weight gradient alone is turned."""
    yield from multiplied(e, "weight", -1.0)


@mistake(equation="BP4", altered="dC/dW[l] = N * {outer}", reference=SOFTMAX_BATCH)
def weights_not_averaged(e: Evidence) -> Iterator[Proposal]:
    """The 1/N of the mean is missing in this weight gradient alone."""
    yield from multiplied(e, "weight", e.samples)


@mistake(
    equation="BP4",
    altered="dC/dW[l] = 1/N * {outer}",
    reference="note 000, batch gradient; Ng, Machine Learning, exercise 4 (1/m taken in two places)",
)
def weights_averaged_again(e: Evidence) -> Iterator[Proposal]:
    """This weight gradient is divided by N although delta has been already."""
    yield from multiplied(e, "weight", 1.0 / e.samples)


@mistake(
    equation="BP1",
    altered="delta[L] / ln(base)",
    reference="Shannon entropy in bits, beside cross-entropy in nats "
    "(Goodfellow, Bengio, Courville, Deep Learning, 3.13)",
)
def log_base(e: Evidence) -> Iterator[Proposal]:
    """The logarithm's derivative is that of another base: natural logarithms have no such factor."""
    if e.problem.loss.endswith("cross_entropy"):
        for base in (2.0, 10.0):
            yield from everything_multiplied(e, 1.0 / math.log(base), f"base {base:.0f}")


@mistake(
    equation="mean",
    altered="c * delta[L]",
    reference="CS231n notes, 'Neural networks 3', gradient checks",
    generic=True,
)
def factor(e: Evidence) -> Iterator[Proposal]:
    """This is the right gradient times a constant."""
    if e.factor is not None and abs(e.factor - 1.0) > 1e-3 and np.count_nonzero(e.have) > 1:
        yield from everything_multiplied(e, e.factor)
        for step in ("weight", "bias", "back"):
            yield from multiplied(e, step, e.factor)
