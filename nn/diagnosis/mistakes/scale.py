"""Mistakes of scale: the mean's 1/N, the square's 2, signs, learning rates, and what is done to a finished gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nn.diagnosis.mistakes.equations import Array, Problem
from nn.diagnosis.mistakes.table import Evidence, Proposal, close, instead, mistake, times, times_at

NICE = [m * 10.0**-k for k in range(7) for m in (1.0, 2.0, 3.0, 5.0)]
NORMS = [0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0]
CS231N = "CS231n notes, 'Putting it together: minimal neural network case study'"
SOFTMAX_BATCH = "Stack Overflow 13489896, 'Why is softmax classifier gradient divided by batch size'"
CHAPTER = "Nielsen, Neural Networks and Deep Learning, chapter 2"


def everything(factor: float, found: str) -> Proposal:
    """Return the alteration that multiplies what comes of the data, and not the penalty."""
    return "every layer", found, {"error": times(factor)}


def total(factor: float, found: str) -> Proposal:
    """Return the alteration that multiplies the whole gradient, penalty and all."""
    return (
        "every layer",
        found,
        {"finish": lambda right: lambda problem, name, gradient: factor * right(problem, name, gradient)},
    )


def text(factor: float) -> str:
    """Say a factor.

    >>> text(32.0)
    'yours = 32 x correct'
    """
    return f"yours = {factor:.10g} x correct"


@mistake(
    "no-mean",
    "mean",
    "delta[L] without the factor 1/N",
    SOFTMAX_BATCH,
)
def no_mean(e: Evidence) -> Iterator[Proposal]:
    """This is the gradient of the sum over the batch, without the 1/N of its mean."""
    if e.top and e.problem.scale != 1.0 and e.is_factor(e.samples):
        yield everything(e.samples, text(e.samples))


@mistake(
    "mean-again",
    "mean",
    "delta[L] with one more factor 1/N",
    "note 000, batch gradient (1/m once, at the output); " + CS231N,
)
def mean_again(e: Evidence) -> Iterator[Proposal]:
    """The 1/N of the batch is applied once more than it should be."""
    if e.top and e.is_factor(1.0 / e.samples):
        yield everything(1.0 / e.samples, text(1.0 / e.samples))


@mistake(
    "wrong-count",
    "mean",
    "delta[L] divided by another count in place of N",
    "NumPy's mean of an (N, C) array divides by N * C; PyTorch documentation, MSELoss, reduction='mean'",
)
def wrong_count(e: Evidence) -> Iterator[Proposal]:
    """The batch's sum is divided by the wrong number."""
    n, c, d = e.samples, e.outputs, e.problem.X.shape[1]
    counts = {"outputs C": c, "samples times outputs N * C": n * c, "features D": d, "N - 1": n - 1, "N + 1": n + 1}
    for name, count in counts.items():
        wrong = 1.0 / (count * e.problem.scale) if count > 0 else 0.0
        if wrong and abs(wrong * n - 1.0) > 1e-9 and e.top and wrong != 1.0 and e.is_factor(wrong):
            yield everything(wrong, f"divided by {count}, the number of {name}" if " " in name else name)


@mistake(
    "sum-for-mean-of-outputs",
    "BP1",
    "delta[L] without the 1/m of the mean over m outputs",
    "note 004, J = 1/(2m) * sum over the m outputs; PyTorch documentation, MSELoss",
)
def no_output_mean(e: Evidence) -> Iterator[Proposal]:
    """The loss is a mean over the outputs, and its 1/m is missing."""
    if e.top and e.problem.loss != "cross_entropy" and e.outputs > 1 and e.is_factor(e.outputs):
        yield everything(e.outputs, text(e.outputs))


@mistake(
    "no-two",
    "BP1",
    "delta[L] = (a[L] - t) ...",
    "Cross Validated 490374, 'Backpropogation derivatives' (cost without the 1/2)",
)
def no_two(e: Evidence) -> Iterator[Proposal]:
    """The 2 that the derivative of a square brings is missing."""
    if e.top and e.problem.loss == "mse" and e.is_factor(0.5):
        yield everything(0.5, text(0.5))


@mistake(
    "two-too-many",
    "BP1",
    "delta[L] = 2 * 2 (a[L] - t) ..., or 2 (a[L] - t) where the loss has 1/2",
    "note 004 (its 1/2 is there to cancel the 2); " + CHAPTER,
)
def two_too_many(e: Evidence) -> Iterator[Proposal]:
    """A factor 2 of the square is left over."""
    if e.top and e.problem.loss in ("mse", "half_mse") and e.is_factor(2.0):
        yield everything(2.0, text(2.0))


@mistake(
    "sign",
    "BP1",
    "delta[L] = (t - a[L]) ...",
    "Artificial Intelligence Stack Exchange 24020 (its derivative is printed as t - o)",
)
def sign(e: Evidence) -> Iterator[Proposal]:
    """The sign is turned: t - a in place of a - t."""
    if e.top and e.is_factor(-1.0):
        yield everything(-1.0, text(-1.0))


@mistake(
    "sign-of-weights",
    "BP4",
    "dC/dW[l] = -({outer})",
    "note 000, softmax with cross-entropy (a minus is lost between two lines)",
)
def sign_of_weights(e: Evidence) -> Iterator[Proposal]:
    """The sign of this weight gradient alone is turned."""
    if e.is_factor(-1.0):
        for where, layers in e.weights_of():
            yield where, text(-1.0), {"weight": times_at(layers, -1.0)}


@mistake(
    "weights-not-averaged",
    "BP4",
    "dC/dW[l] = N * {outer}",
    SOFTMAX_BATCH,
)
def weights_not_averaged(e: Evidence) -> Iterator[Proposal]:
    """The 1/N of the mean is missing in this weight gradient alone."""
    if e.is_factor(e.samples):
        for where, layers in e.weights_of():
            yield where, text(e.samples), {"weight": times_at(layers, e.samples)}


@mistake(
    "weights-averaged-again",
    "BP4",
    "dC/dW[l] = 1/N * {outer}",
    "note 000, batch gradient; Ng, Machine Learning, exercise 4 (1/m taken in two places)",
)
def weights_averaged_again(e: Evidence) -> Iterator[Proposal]:
    """This weight gradient is divided by N although delta has been already."""
    if e.is_factor(1.0 / e.samples):
        for where, layers in e.weights_of():
            yield where, text(1.0 / e.samples), {"weight": times_at(layers, 1.0 / e.samples)}


@mistake(
    "log-base",
    "BP1",
    "delta[L] / ln(base)",
    "Shannon entropy in bits, beside cross-entropy in nats (Goodfellow, Bengio, Courville, Deep Learning, 3.13)",
)
def log_base(e: Evidence) -> Iterator[Proposal]:
    """The logarithm's derivative is that of another base: natural logarithms have no such factor."""
    for base in (2.0, 10.0):
        factor = 1.0 / math.log(base)
        if e.top and e.problem.loss.endswith("cross_entropy") and e.is_factor(factor):
            yield everything(factor, f"base {base:.0f}")


@mistake(
    "learning-rate",
    "result",
    "lr * gradient",
    "note 001, one neuron's update (step and gradient in one formula)",
)
def learning_rate(e: Evidence) -> Iterator[Proposal]:
    """The learning rate is multiplied in: that belongs to the update, not to the gradient."""
    if e.top and e.factor is not None:
        yield from (total(c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(c))


@mistake(
    "update",
    "result",
    "-lr * gradient",
    "note 001, one neuron's update; PyTorch documentation, torch.optim.SGD",
)
def update(e: Evidence) -> Iterator[Proposal]:
    """This is the step that an optimiser takes, -lr * gradient, not the gradient."""
    if e.top and e.factor is not None:
        yield from (total(-c, f"lr = {c:g}") for c in NICE if c < 1.0 and e.is_factor(-c))


@mistake(
    "updated-parameters",
    "result",
    "W - lr * gradient",
    "note 001, one neuron's update (w is overwritten by its new value)",
)
def updated_parameters(e: Evidence) -> Iterator[Proposal]:
    """These are the parameters after a step, W - lr * gradient, not the gradient."""
    step = e.problem.params[e.name] - e.want
    square = float((e.have * e.have).sum())
    rate = float((step * e.have).sum()) / square if square else 0.0
    if e.top and 0.0 < rate <= 10.0 and close(e.want, e.problem.params[e.name] - rate * e.have, e.tolerance):

        def finish(problem: Problem, name: str, gradient: Array) -> Array:
            return problem.params[name] - rate * gradient

        yield "every layer", f"lr = {rate:.6g}", {"finish": instead(finish)}


@mistake(
    "accumulated",
    "result",
    "gradient + gradient of the calls before",
    "Karpathy, 'most common neural net mistakes' (zero_grad forgotten); PyTorch documentation, Optimizer.zero_grad",
)
def accumulated(e: Evidence) -> Iterator[Proposal]:
    """Gradients were added up over calls: set them to zero before each one."""
    if e.top and e.is_factor(2.0):
        yield total(2.0, "two equal calls")
    if e.problem.previous is not None:
        before = e.problem.previous.right
        if e.close(e.have + before[e.name]):

            def finish(problem: Problem, name: str, gradient: Array) -> Array:
                return gradient + before[name]

            yield "every layer", "this call's gradient plus the previous one's", {"finish": instead(finish)}


@mistake(
    "normalised",
    "result",
    "gradient * (limit / norm of gradient)",
    "Pascanu, Mikolov, Bengio 2013, algorithm 1 (clipping belongs after the check)",
)
def normalised(e: Evidence) -> Iterator[Proposal]:
    """The gradient was normalised, or clipped by its norm."""
    if e.factor is None or e.factor <= 0.0 or not e.top:
        return
    norm = math.sqrt(sum(float((g * g).sum()) for g in e.candidate.values()))
    for limit in NORMS:
        if abs(norm - limit) <= 1e-9 * limit:
            yield total(e.factor, f"the norm of all gradients together is {limit:g}")
    own = float(np.linalg.norm(e.want))
    for limit in NORMS:
        if abs(own - limit) <= 1e-9 * limit and e.want.size > 1:

            def finish(problem: Problem, name: str, gradient: Array, limit: float = limit) -> Array:
                return gradient * min(1.0, limit / max(float(np.linalg.norm(gradient)), 1e-300))

            yield "every layer", f"each array's norm is at most {limit:g}", {"finish": instead(finish)}


@mistake(
    "clipped",
    "result",
    "clip(gradient, -limit, limit)",
    "Pascanu, Mikolov, Bengio 2013; PyTorch documentation, clip_grad_value_",
)
def clipped(e: Evidence) -> Iterator[Proposal]:
    """Large entries of the gradient were cut off."""
    limit = max(float(np.abs(g).max(initial=0.0)) for g in e.candidate.values())
    cut = sum(int((np.abs(g) == limit).sum()) for g in e.candidate.values())
    if float(np.abs(e.have).max(initial=0.0)) < 1.001 * limit:
        return
    if cut >= 2 or any(abs(limit - nice) < 1e-12 for nice in [*NICE, *NORMS]):

        def finish(problem: Problem, name: str, gradient: Array) -> Array:
            return np.clip(gradient, -limit, limit)

        yield "every layer", f"limit {limit:.6g}", {"finish": instead(finish)}


@mistake(
    "single-precision",
    "result",
    "float32(gradient)",
    "CS231n notes, 'Neural networks 3', gradient checks (use double precision)",
)
def single_precision(e: Evidence) -> Iterator[Proposal]:
    """These numbers have single precision (float32): use float64 to check a gradient."""
    yield from ()  # a right gradient is right in single precision too: see nn.diagnosis.judge


@mistake(
    "signs-only",
    "result",
    "sign(gradient)",
    "Bernstein et al. 2018, signSGD (an update rule, not a gradient)",
)
def signs_only(e: Evidence) -> Iterator[Proposal]:
    """Only the signs of the gradient's entries are left."""
    if e.top and np.isin(e.want, (-1.0, 0.0, 1.0)).all():
        yield "every layer", "", {"finish": instead(lambda problem, name, gradient: np.sign(gradient))}


@mistake(
    "factor",
    "mean",
    "c * delta[L]",
    "CS231n notes, 'Neural networks 3', gradient checks",
    generic=True,
)
def factor(e: Evidence) -> Iterator[Proposal]:
    """This is the right gradient times a constant."""
    if e.factor is not None and abs(e.factor - 1.0) > 1e-3 and np.count_nonzero(e.have) > 1:
        if e.top:
            yield everything(e.factor, text(e.factor))
        for where, layers in e.weights_of():
            yield where, text(e.factor), {"weight": times_at(layers, e.factor)}
        for where, layers in e.biases_of():
            yield where, text(e.factor), {"bias": times_at(layers, e.factor)}
        for where, layers in e.backs_of():
            yield where, text(e.factor), {"back": times_at(layers, e.factor)}
