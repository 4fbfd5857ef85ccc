"""Mistakes at the output: the derivative of the loss, and the softmax or sigmoid before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from nn import matrix
from nn.diagnosis.mistakes.equations import Array, Tape
from nn.diagnosis.mistakes.table import Evidence, Proposal, instead, mistake

SOFTMAX = "Cross Validated 235528, 'Backpropagation with softmax / cross entropy'"
JACOBIAN = "Data Science Stack Exchange 64746, 'Problem with chain rule in softmax layer'"
SLOW = "Nielsen, Neural Networks and Deep Learning, chapter 3 (the cross-entropy removes f' from delta)"


def _enter(
    name: str,
    losses: tuple[str, ...],
    wrong: Callable[[Array, Array], Array],
    sentence: str,
    altered: str,
    reference: str,
) -> None:
    """Enter a mistake that puts another function of output and target in place of dC/da."""

    def error(tape: Tape) -> Array:
        return wrong(tape.acts[-1], tape.problem.t) * tape.problem.scale

    def propose(e: Evidence) -> Iterator[Proposal]:
        if e.top and e.problem.loss in losses:
            yield "the output", "", {"error": instead(error)}

    propose.__doc__ = sentence
    mistake(name, "BP1", altered, reference)(propose)


def _through_softmax(p: Array, g: Array) -> Array:
    """Return the softmax's Jacobian times g."""
    product: Array = p * (g - (p * g).sum(axis=1, keepdims=True))
    return product


def _diagonal_only(z: Array, t: Array) -> Array:
    return -t * (1.0 - matrix.softmax(z))


def _jacobian_twice(z: Array, t: Array) -> Array:
    p = matrix.softmax(z)
    return _through_softmax(p, p - t)


def _no_reciprocal(z: Array, t: Array) -> Array:
    return _through_softmax(matrix.softmax(z), -t)


def _binary(z: Array, t: Array) -> Array:
    p = matrix.softmax(z)
    return _through_softmax(p, (p - t) / (p * (1.0 - p)))


def _largest(z: Array) -> Array:
    return matrix.one_hot(z.argmax(axis=1), z.shape[1])


def _softmax_slope(z: Array, t: Array) -> Array:
    p = matrix.softmax(z)
    return (p - t) * p * (1.0 - p)


def _twice_through(z: Array, t: Array) -> Array:
    p = matrix.softmax(z)
    return _through_softmax(p, matrix.softmax(p) - t)


CE, BCE, SQUARES = ("cross_entropy",), ("binary_cross_entropy",), ("mse", "half_mse")

_enter(
    "softmax-diagonal",
    CE,
    _diagonal_only,
    "only the diagonal of the softmax's Jacobian is used: every score changes every probability",
    "delta[L] = (-t / p) * p (1 - p) / N",
    JACOBIAN,
)
_enter(
    "minus-one",
    CE,
    lambda z, t: matrix.softmax(z) - 1.0,
    "1 is subtracted from every probability, not only from the right class's",
    "delta[L] = (p - 1) / N",
    "note 003, gradient of the softmax (printed as O - 1)",
)
_enter(
    "jacobian-twice",
    CE,
    _jacobian_twice,
    "p - t is multiplied with the softmax's Jacobian, which it contains already",
    "delta[L] = J (p - t) / N,  J = diag(p) - p p.T",
    "Artificial Intelligence Stack Exchange 35741, 'Trouble writing the backpropagation algorithm'",
)
_enter(
    "no-reciprocal",
    CE,
    _no_reciprocal,
    "the cross-entropy's 1/p is forgotten: its derivative by p is -t / p",
    "delta[L] = J (-t) / N,  J = diag(p) - p p.T",
    JACOBIAN,
)
_enter(
    "binary-on-softmax",
    CE,
    _binary,
    "this is the binary cross-entropy's derivative on a softmax: (1 - t) log(1 - p) is no part of this loss",
    "delta[L] = J ((p - t) / (p (1 - p))) / N",
    "PyTorch documentation, BCELoss beside CrossEntropyLoss",
)
_enter(
    "shift-in-numerator",
    CE,
    lambda z, t: matrix.softmax(z) - t + _largest(z),
    "the shift by the largest score is differentiated in the score but not in the normaliser; it cancels",
    "delta[L] = (p - t + onehot(argmax z)) / N",
    "CS231n notes, 'Linear classification', numeric stability",
)
_enter(
    "shift-in-denominator",
    CE,
    lambda z, t: matrix.softmax(z) - t - _largest(z),
    "the shift by the largest score is differentiated in the normaliser but not in the score; it cancels",
    "delta[L] = (p - t - onehot(argmax z)) / N",
    "CS231n notes, 'Linear classification', numeric stability",
)
_enter(
    "sigmoid-for-softmax",
    CE,
    lambda z, t: matrix.sigmoid(z) - t,
    "the probabilities are sigmoids of the scores, not their softmax",
    "delta[L] = (sigmoid(z[L]) - t) / N",
    "Ng, Machine Learning, exercise 4 (one sigmoid a class) beside note 001's softmax",
)
_enter(
    "softmax-over-batch",
    CE,
    lambda z, t: matrix.softmax(z, axis=0) - t,
    "the softmax is taken over the samples, not over the classes: the wrong axis",
    "delta[L] = (p - t) / N,  p normalised over samples",
    "Tsugriy, LLM first principles, 'Common mistakes', stage 3",
)
_enter(
    "softmax-twice",
    CE,
    lambda z, t: matrix.softmax(matrix.softmax(z)) - t,
    "the softmax is applied to probabilities: it was applied to the scores already",
    "delta[L] = (softmax(softmax(z[L])) - t) / N",
    "Karpathy, 'most common neural net mistakes' (softmaxed outputs given to a loss that expects raw logits)",
)
_enter(
    "softmax-twice-through",
    CE,
    _twice_through,
    "the softmax is applied twice, forward and backward: this loss expects raw scores",
    "delta[L] = J (softmax(p) - t) / N,  J = diag(p) - p p.T",
    "Karpathy, 'most common neural net mistakes'; PyTorch documentation, CrossEntropyLoss",
)
_enter(
    "not-normalised",
    CE,
    lambda z, t: np.exp(z) - t,
    "exp(z) is not divided by its sum over the classes",
    "delta[L] = (exp(z[L]) - t) / N",
    "note 001, the softmax's denominator",
)
_enter(
    "only-right-class",
    CE,
    lambda z, t: (matrix.softmax(z) - t) * t,
    "only the right class's score gets a gradient: the others have p - 0",
    "delta[L] = (p - t) * t / N",
    SOFTMAX + " (its sum has only the term j = k)",
)
_enter(
    "softmax-slope",
    CE,
    _softmax_slope,
    "p - t is multiplied with p (1 - p): the cross-entropy has cancelled that already",
    "delta[L] = (p - t) * p (1 - p) / N",
    SLOW,
)
_enter(
    "sigmoid-slope",
    BCE,
    lambda z, t: (matrix.sigmoid(z) - t) * matrix.sigmoid(z) * (1.0 - matrix.sigmoid(z)) / z.shape[1],
    "p - t is multiplied with p (1 - p): the cross-entropy has cancelled that already",
    "delta[L] = (p - t) * p (1 - p) / (m N)",
    SLOW,
)
_enter(
    "no-sigmoid-slope",
    BCE,
    lambda z, t: (matrix.sigmoid(z) - t) / (matrix.sigmoid(z) * (1.0 - matrix.sigmoid(z))) / z.shape[1],
    "this is the derivative by the probability; the sigmoid's p (1 - p) is missing",
    "delta[L] = (p - t) / (p (1 - p)) / (m N)",
    SLOW,
)
_enter(
    "only-positive-targets",
    BCE,
    lambda z, t: -t * (1.0 - matrix.sigmoid(z)) / z.shape[1],
    "the term (1 - t) log(1 - p) of the loss is missing: targets of 0 are ignored",
    "delta[L] = -t (1 - p) / (m N)",
    "PyTorch documentation, BCELoss (both terms)",
)
_enter(
    "error-squared",
    SQUARES,
    lambda y, t: (y - t) ** 2 / y.shape[1],
    "the squared error itself is propagated, not its derivative",
    "delta[L] = (a[L] - t)**2 ...",
    "Nielsen, Neural Networks and Deep Learning, chapter 2, BP1 (delta is the cost's derivative, not the cost)",
)
_enter(
    "absolute-error",
    SQUARES,
    lambda y, t: np.sign(y - t) / y.shape[1],
    "this is the derivative of the absolute error, not of the squared one",
    "delta[L] = sign(a[L] - t) ...",
    "PyTorch documentation, L1Loss beside MSELoss",
)
_enter(
    "error-summed-over-outputs",
    SQUARES,
    lambda y, t: np.repeat((y - t).sum(axis=1, keepdims=True), y.shape[1], axis=1) * (1.0 / y.shape[1]),
    "every output's error is the sum over all outputs: only a_j itself depends on a_j",
    "delta_j[L] = 1/m * (sum over i of (a_i[L] - t_i)) ...",
    "note 004, dJ/da (the sum over i is printed to the last line)",
)
_enter(
    "no-margin",
    ("hinge",),
    lambda y, t: -t / y.shape[1],
    "samples beyond the margin get a gradient too: where t * y > 1 the loss is constant",
    "delta[L] = -t everywhere ...",
    "CS231n notes, 'Optimization' (the indicator of the hinge loss's gradient)",
)
_enter(
    "perceptron",
    ("hinge",),
    lambda y, t: np.where(t * y < 0.0, -t, 0.0) / y.shape[1],
    "the margin is 0 in place of 1: this is the perceptron's loss",
    "delta[L] = -t where t a[L] < 0 ...",
    "Bishop, Pattern Recognition and Machine Learning, 4.1.7 beside 7.1.2",
)
_enter(
    "hinge-without-target",
    ("hinge",),
    lambda y, t: np.where(t * y < 1.0, -1.0, 0.0) / y.shape[1],
    "the target's sign is missing in the derivative: it is -t, not -1",
    "delta[L] = -1 where t a[L] < 1 ...",
    "CS231n notes, 'Optimization' (the hinge loss's gradient)",
)
_enter(
    "hinge-squared",
    ("hinge",),
    lambda y, t: -2.0 * t * np.maximum(1.0 - t * y, 0.0) / y.shape[1],
    "this is the derivative of the squared hinge loss",
    "delta[L] = -2 t max(0, 1 - t a[L]) ...",
    "CS231n notes, 'Linear classification' (L2-SVM)",
)
_enter(
    "margin-inverted",
    ("hinge",),
    lambda y, t: np.where(t * y < 1.0, 0.0, -t) / y.shape[1],
    "the condition is inverted: samples inside the margin are those that count",
    "delta[L] = -t where t a[L] >= 1 ...",
    "CS231n notes, 'Optimization' (the hinge loss's gradient)",
)


@mistake(
    "error-at-z",
    "BP1",
    "delta[L] = 2 (z[L] - t) ...",
    "note 004 (a and z of the output layer side by side)",
)
def error_at_z(e: Evidence) -> Iterator[Proposal]:
    """The error is taken at the pre-activation z, before the output's activation."""
    if e.top and e.problem.kinds[-1] != "identity":

        def error(tape: Tape) -> Array:
            return matrix.LOSSES[tape.problem.loss].derivative(tape.zs[-1], tape.problem.t) * tape.problem.scale

        yield "the output", "", {"error": instead(error)}


def _probabilities(tape: Tape) -> Array:
    softmax = tape.problem.loss == "cross_entropy"
    return matrix.softmax(tape.zs[-1]) if softmax else matrix.sigmoid(tape.zs[-1])


def _count(tape: Tape) -> float:
    """What a sample's output counts in the derivative of the loss."""
    loss, outputs = tape.problem.loss, tape.problem.t.shape[1]
    each = 1.0 if loss == "cross_entropy" else (2.0 if loss == "mse" else 1.0) / outputs
    return float(each * tape.problem.scale)


@mistake(
    "no-target",
    "BP1",
    "delta[L] = p ..., or a[L] ...",
    "CS231n notes, case study (dscores[range(N), y] -= 1 left out)",
)
def no_target(e: Evidence) -> Iterator[Proposal]:
    """The target is not subtracted."""

    def error(tape: Tape) -> Array:
        y = _probabilities(tape) if tape.problem.loss.endswith("cross_entropy") else tape.acts[-1]
        return y * _count(tape)

    if e.top and e.problem.loss != "hinge":
        yield "the output", "", {"error": instead(error)}


@mistake(
    "scores-for-probabilities",
    "BP1",
    "delta[L] = (z[L] - t) ...",
    "Artificial Intelligence Stack Exchange 24020, 'advantage of using cross-entropy loss and softmax'",
)
def scores_for_probabilities(e: Evidence) -> Iterator[Proposal]:
    """The target is subtracted from the scores, not from the probabilities."""

    def error(tape: Tape) -> Array:
        return (tape.zs[-1] - tape.problem.t) * _count(tape)

    if e.top and e.problem.loss.endswith("cross_entropy"):
        yield "the output", "", {"error": instead(error)}
