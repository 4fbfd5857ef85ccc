"""Mistakes of scale: the mean's 1/N, the square's 2, signs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.derivatives import OF_CLASSES
from nn.diagnosis.equations import Problem
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import (
    Proposal,
    always,
    everything_multiplied,
    mistake,
    multiplied,
    per_sample,
    times_samples,
)

CS231N = "CS231n notes, 'Putting it together: minimal neural network case study'"
SOFTMAX_BATCH = "Stack Overflow 13489896, 'Why is softmax classifier gradient divided by batch size'"
CHAPTER = "Nielsen, Neural Networks and Deep Learning, chapter 2"


def _is_mean(problem: Problem) -> bool:
    """Whether the loss is a mean over several outputs."""
    return problem.loss not in OF_CLASSES and len(problem.t[0]) > 1 and not problem.summed_outputs


@mistake(
    step="error",
    times=times_samples,
    when=lambda problem, layers: problem.scale != 1.0,
    equation="mean",
    altered="delta[L] without the factor 1/N",
    reference=SOFTMAX_BATCH,
)
def no_mean() -> None:
    """This is the gradient of the sum over the batch, without the 1/N of its mean."""


@mistake(
    step="error",
    times=per_sample,
    equation="mean",
    altered="delta[L] with one more factor 1/N",
    reference="note 000, batch gradient (1/m once, at the output); " + CS231N,
)
def mean_again() -> None:
    """The 1/N of the batch is applied once more than it should be."""


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
    step="error",
    times=lambda e: float(e.outputs),
    when=lambda problem, layers: _is_mean(problem),
    altered="delta[L] without the 1/m of the mean over m outputs",
    reference="note 004, J = 1/(2m) * sum over the m outputs; PyTorch documentation, MSELoss",
)
def sum_for_mean_of_outputs() -> None:
    """The loss is a mean over the outputs, and its 1/m is missing."""


@mistake(
    step="error",
    times=always(0.5),
    when=lambda problem, layers: problem.loss == "mse",
    altered="delta[L] = (a[L] - t) ...",
    reference="Cross Validated 490374, 'Backpropogation derivatives' (cost without the 1/2)",
)
def no_two() -> None:
    """The 2 that the derivative of a square brings is missing."""


@mistake(
    step="error",
    times=always(2.0),
    when=lambda problem, layers: problem.loss in ("mse", "half_mse"),
    altered="delta[L] = 2 * 2 (a[L] - t) ..., or 2 (a[L] - t) where the loss has 1/2",
    reference="note 004 (its 1/2 is there to cancel the 2); " + CHAPTER,
)
def two_too_many() -> None:
    """A factor 2 of the square is left over."""


@mistake(
    step="error",
    times=always(-1.0),
    altered="delta[L] = (t - a[L]) ...",
    reference="Artificial Intelligence Stack Exchange 24020 (its derivative is printed as t - o)",
)
def sign() -> None:
    """The sign is turned: t - a in place of a - t."""


@mistake(
    step="weight",
    times=always(-1.0),
    altered="dC/dW[l] = -({outer})",
    reference="note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_of_weights() -> None:
    """The sign of this weight gradient alone is turned."""


@mistake(step="weight", times=times_samples, altered="dC/dW[l] = N * {outer}", reference=SOFTMAX_BATCH)
def weights_not_averaged() -> None:
    """The 1/N of the mean is missing in this weight gradient alone."""


@mistake(
    step="weight",
    times=per_sample,
    altered="dC/dW[l] = 1/N * {outer}",
    reference="note 000, batch gradient; Ng, Machine Learning, exercise 4 (1/m taken in two places)",
)
def weights_averaged_again() -> None:
    """This weight gradient is divided by N although delta has been already."""


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
