"""Mistakes of scale: the mean's 1/N, the square's 2, signs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import numpy as np

from nn.derivatives import OF_CLASSES
from nn.diagnosis.equations import Problem
from nn.diagnosis.evidence import Evidence
from nn.diagnosis.mistakes.table import Proposal, always, enter, multiplied, per_sample, times, times_samples

CS231N = "CS231n notes, 'Putting it together: minimal neural network case study'"
SOFTMAX_BATCH = "Stack Overflow 13489896, 'Why is softmax classifier gradient divided by batch size'"
CHAPTER = "Nielsen, Neural Networks and Deep Learning, chapter 2"

WORDS = {
    "no-mean": (
        "mean",
        "this is the gradient of the sum over the batch, without the 1/N of its mean",
        "delta[L] without the factor 1/N",
        SOFTMAX_BATCH,
    ),
    "mean-again": (
        "mean",
        "the 1/N of the batch is applied once more than it should be",
        "delta[L] with one more factor 1/N",
        "note 000, batch gradient (1/m once, at the output); " + CS231N,
    ),
    "wrong-count": (
        "mean",
        "the batch's sum is divided by the wrong number",
        "delta[L] divided by another count in place of N",
        "NumPy's mean of an (N, C) array divides by N * C; PyTorch documentation, MSELoss, reduction='mean'",
    ),
    "sum-for-mean-of-outputs": (
        "BP1",
        "the loss is a mean over the outputs, and its 1/m is missing",
        "delta[L] without the 1/m of the mean over m outputs",
        "note 004, J = 1/(2m) * sum over the m outputs; PyTorch documentation, MSELoss",
    ),
    "no-two": (
        "BP1",
        "the 2 that the derivative of a square brings is missing",
        "delta[L] = (a[L] - t) ...",
        "Cross Validated 490374, 'Backpropogation derivatives' (cost without the 1/2)",
    ),
    "two-too-many": (
        "BP1",
        "a factor 2 of the square is left over",
        "delta[L] = 2 * 2 (a[L] - t) ..., or 2 (a[L] - t) where the loss has 1/2",
        "note 004 (its 1/2 is there to cancel the 2); " + CHAPTER,
    ),
    "sign": (
        "BP1",
        "the sign is turned: t - a in place of a - t",
        "delta[L] = (t - a[L]) ...",
        "Artificial Intelligence Stack Exchange 24020 (its derivative is printed as t - o)",
    ),
    "sign-of-weights": (
        "BP4",
        "the sign of this weight gradient alone is turned",
        "dC/dW[l] = -({outer})",
        "note 000, softmax with cross-entropy (a minus is lost between two lines)",
    ),
    "weights-not-averaged": (
        "BP4",
        "the 1/N of the mean is missing in this weight gradient alone",
        "dC/dW[l] = N * {outer}",
        SOFTMAX_BATCH,
    ),
    "weights-averaged-again": (
        "BP4",
        "this weight gradient is divided by N although delta has been already",
        "dC/dW[l] = 1/N * {outer}",
        "note 000, batch gradient; Ng, Machine Learning, exercise 4 (1/m taken in two places)",
    ),
    "log-base": (
        "BP1",
        "the logarithm's derivative is that of another base: natural logarithms have no such factor",
        "delta[L] / ln(base)",
        "Shannon entropy in bits, beside cross-entropy in nats (Goodfellow, Bengio, Courville, Deep Learning, 3.13)",
    ),
    "factor": (
        "mean",
        "this is the right gradient times a constant",
        "c * delta[L]",
        "CS231n notes, 'Neural networks 3', gradient checks",
    ),
}


def _is_mean(problem: Problem, layers: Collection[int]) -> bool:
    """Whether the loss is a mean over several outputs."""
    return problem.loss not in OF_CLASSES and len(problem.t[0]) > 1 and not problem.summed_outputs


def _wrong_count(e: Evidence) -> Iterator[Proposal]:
    n, c, d = e.samples, e.outputs, e.problem.X.shape[1]
    counts = {"outputs C": c, "samples times outputs N * C": n * c, "features D": d, "N - 1": n - 1, "N + 1": n + 1}
    for name, count in counts.items():
        wrong = 1.0 / (count * e.problem.scale) if count > 1 else 0.0
        if wrong not in (0.0, 1.0) and abs(wrong * n - 1.0) > 1e-9:
            found = f"divided by {count}, the number of {name}" if " " in name else name
            yield from multiplied(e, "error", wrong, found)


def _log_base(e: Evidence) -> Iterator[Proposal]:
    for base in (2.0, 10.0) if e.problem.loss.endswith("cross_entropy") else ():
        yield from multiplied(e, "error", 1.0 / math.log(base), f"base {base:.0f}")


def _factor(e: Evidence) -> Iterator[Proposal]:
    if e.factor is not None and abs(e.factor - 1.0) > 1e-3 and np.count_nonzero(e.have) > 1:
        for step in ("error", "weight", "bias", "back"):
            yield from multiplied(e, step, e.factor)


PROPOSALS = {
    "no-mean": times("error", times_samples, lambda problem, layers: problem.scale != 1.0),
    "mean-again": times("error", per_sample),
    "wrong-count": _wrong_count,
    "sum-for-mean-of-outputs": times("error", lambda e: float(e.outputs), _is_mean),
    "no-two": times("error", always(0.5), lambda problem, layers: problem.loss == "mse"),
    "two-too-many": times("error", always(2.0), lambda problem, layers: problem.loss in ("mse", "half_mse")),
    "sign": times("error", always(-1.0)),
    "sign-of-weights": times("weight", always(-1.0)),
    "weights-not-averaged": times("weight", times_samples),
    "weights-averaged-again": times("weight", per_sample),
    "log-base": _log_base,
    "factor": _factor,
}
enter(WORDS, PROPOSALS)
