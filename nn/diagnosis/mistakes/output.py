"""Mistakes at the output: the derivative of the loss, and the softmax or sigmoid before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

import numpy as np

from nn import matrix
from nn.derivatives import JUDGED_LOSSES, OF_CLASSES
from nn.diagnosis.equations import Array, At, Problem
from nn.diagnosis.mistakes.table import Condition, mistake

OfOutput: TypeAlias = Callable[[Array, Array], Array]

CE, BCE, SQUARES, HINGE = "cross_entropy", "binary_cross_entropy", ("mse", "half_mse"), "hinge"
SOFTMAX = "Cross Validated 235528, 'Backpropagation with softmax / cross entropy'"
JACOBIAN = "Data Science Stack Exchange 64746, 'Problem with chain rule in softmax layer'"
SLOW = "Nielsen, Neural Networks and Deep Learning, chapter 3 (the cross-entropy removes f' from delta)"


def at_output(*losses: str, altered: str, reference: str) -> Callable[[OfOutput], OfOutput]:
    """Enter a function of outputs and targets, (N, C), that stands in place of dC/da, for some losses.

    The 1/N of the batch is applied to what it returns, and the 1/m of a mean over m outputs.
    """

    def enter(wrong: OfOutput) -> OfOutput:
        @wraps(wrong)
        def error(at: At, g: Array) -> Array:
            outputs = 1 if at.problem.loss in OF_CLASSES else len(at.problem.t[0])
            return at.pull(g, wrong(at.a, at.problem.t) * (at.problem.weight / outputs))

        mistake(step="error", when=_of_losses(*losses), altered=altered, reference=reference)(error)
        return wrong

    return enter


def _of_losses(*losses: str) -> Condition:
    return lambda problem, layers: problem.loss in losses


def _through_softmax(p: Array, g: Array) -> Array:
    """Return the softmax's Jacobian times g."""
    product: Array = p * (g - (p * g).sum(axis=1, keepdims=True))
    return product


def _largest(z: Array) -> Array:
    return matrix.one_hot(z.argmax(axis=1), z.shape[1])


@at_output(CE, altered="delta[L] = (-t / p) * p (1 - p) / N", reference=JACOBIAN)
def softmax_diagonal(z: Array, t: Array) -> Array:
    """Only the diagonal of the softmax's Jacobian is used: every score changes every probability."""
    return -t * (1.0 - matrix.softmax(z))


@at_output(CE, altered="delta[L] = (p - 1) / N", reference="note 003, gradient of the softmax (printed as O - 1)")
def minus_one(z: Array, t: Array) -> Array:
    """1 is subtracted from every probability, not only from the right class's."""
    return matrix.softmax(z) - 1.0


@at_output(
    CE,
    altered="delta[L] = J (p - t) / N,  J = diag(p) - p p.T",
    reference="Artificial Intelligence Stack Exchange 35741, 'Trouble writing the backpropagation algorithm'",
)
def jacobian_twice(z: Array, t: Array) -> Array:
    """P - t is multiplied with the softmax's Jacobian, which it contains already."""
    p = matrix.softmax(z)
    return _through_softmax(p, p - t)


@at_output(CE, altered="delta[L] = J (-t) / N,  J = diag(p) - p p.T", reference=JACOBIAN)
def no_reciprocal(z: Array, t: Array) -> Array:
    """The cross-entropy's 1/p is forgotten: its derivative by p is -t / p."""
    return _through_softmax(matrix.softmax(z), -t)


@at_output(
    CE,
    altered="delta[L] = J ((p - t) / (p (1 - p))) / N",
    reference="PyTorch documentation, BCELoss beside CrossEntropyLoss",
)
def binary_on_softmax(z: Array, t: Array) -> Array:
    """This is the binary cross-entropy's derivative on a softmax: (1 - t) log(1 - p) is no part of this loss."""
    p = matrix.softmax(z)
    return _through_softmax(p, (p - t) / (p * (1.0 - p)))


@at_output(
    CE,
    altered="delta[L] = (p - t + onehot(argmax z)) / N",
    reference="CS231n notes, 'Linear classification', numeric stability",
)
def shift_in_numerator(z: Array, t: Array) -> Array:
    """The shift by the largest score is differentiated in the score but not in the normaliser; it cancels."""
    return matrix.softmax(z) - t + _largest(z)


@at_output(
    CE,
    altered="delta[L] = (p - t - onehot(argmax z)) / N",
    reference="CS231n notes, 'Linear classification', numeric stability",
)
def shift_in_denominator(z: Array, t: Array) -> Array:
    """The shift by the largest score is differentiated in the normaliser but not in the score; it cancels."""
    return matrix.softmax(z) - t - _largest(z)


@at_output(
    CE,
    altered="delta[L] = (sigmoid(z[L]) - t) / N",
    reference="Ng, Machine Learning, exercise 4 (one sigmoid per class) beside note 001's softmax",
)
def sigmoid_for_softmax(z: Array, t: Array) -> Array:
    """The probabilities are sigmoids of the scores, not their softmax."""
    return matrix.sigmoid(z) - t


@at_output(
    CE,
    altered="delta[L] = (p - t) / N,  p normalised over samples",
    reference="Tsugriy, LLM first principles, 'Common mistakes', stage 3",
)
def softmax_over_batch(z: Array, t: Array) -> Array:
    """The softmax is taken over the samples, not over the classes: the wrong axis."""
    return matrix.softmax(z, axis=0) - t


@at_output(
    CE,
    altered="delta[L] = (softmax(softmax(z[L])) - t) / N",
    reference="Karpathy, 'most common neural net mistakes' (softmaxed outputs given to a loss that expects raw logits)",
)
def softmax_twice(z: Array, t: Array) -> Array:
    """The softmax is applied to probabilities: it was applied to the scores already."""
    return matrix.softmax(matrix.softmax(z)) - t


@at_output(
    CE,
    altered="delta[L] = J (softmax(p) - t) / N,  J = diag(p) - p p.T",
    reference="Karpathy, 'most common neural net mistakes'; PyTorch documentation, CrossEntropyLoss",
)
def softmax_twice_through(z: Array, t: Array) -> Array:
    """The softmax is applied twice, forward and backward: this loss expects raw scores."""
    p = matrix.softmax(z)
    return _through_softmax(p, matrix.softmax(p) - t)


@at_output(CE, altered="delta[L] = (exp(z[L]) - t) / N", reference="note 001, the softmax's denominator")
def not_normalised(z: Array, t: Array) -> Array:
    """exp(z) is not divided by its sum over the classes."""
    return np.exp(z) - t


@at_output(CE, altered="delta[L] = (p - t) * t / N", reference=SOFTMAX + " (its sum has only the term j = k)")
def only_right_class(z: Array, t: Array) -> Array:
    """Only the right class's score gets a gradient: the others have p - 0."""
    return (matrix.softmax(z) - t) * t


@at_output(CE, altered="delta[L] = (p - t) * p (1 - p) / N", reference=SLOW)
def softmax_slope(z: Array, t: Array) -> Array:
    """P - t is multiplied with p (1 - p): the cross-entropy has cancelled that already."""
    p = matrix.softmax(z)
    return (p - t) * p * (1.0 - p)


@at_output(BCE, altered="delta[L] = (p - t) * p (1 - p) / (m N)", reference=SLOW)
def sigmoid_slope(z: Array, t: Array) -> Array:
    """P - t is multiplied with p (1 - p): the cross-entropy has cancelled that already."""
    return (matrix.sigmoid(z) - t) * matrix.sigmoid(z) * (1.0 - matrix.sigmoid(z))


@at_output(BCE, altered="delta[L] = (p - t) / (p (1 - p)) / (m N)", reference=SLOW)
def no_sigmoid_slope(z: Array, t: Array) -> Array:
    """This is the derivative by the probability; the sigmoid's p (1 - p) is missing."""
    return (matrix.sigmoid(z) - t) / (matrix.sigmoid(z) * (1.0 - matrix.sigmoid(z)))


@at_output(BCE, altered="delta[L] = -t (1 - p) / (m N)", reference="PyTorch documentation, BCELoss (both terms)")
def only_positive_targets(z: Array, t: Array) -> Array:
    """The term (1 - t) log(1 - p) of the loss is missing: targets of 0 are ignored."""
    return -t * (1.0 - matrix.sigmoid(z))


@at_output(
    *SQUARES,
    altered="delta[L] = (a[L] - t)**2 ...",
    reference="Nielsen, Neural Networks and Deep Learning, chapter 2, BP1 "
    "(delta is the cost's derivative, not the cost)",
)
def error_squared(y: Array, t: Array) -> Array:
    """The squared error itself is propagated, not its derivative."""
    return (y - t) ** 2


@at_output(*SQUARES, altered="delta[L] = sign(a[L] - t) ...", reference="PyTorch documentation, L1Loss beside MSELoss")
def absolute_error(y: Array, t: Array) -> Array:
    """This is the derivative of the absolute error, not of the squared one."""
    sign: Array = np.sign(y - t)
    return sign


@at_output(
    *SQUARES,
    altered="delta_j[L] = 1/m * (sum over i of (a_i[L] - t_i)) ...",
    reference="note 004, dJ/da (the sum over i is printed to the last line)",
)
def error_summed_over_outputs(y: Array, t: Array) -> Array:
    """Every output's error is the sum over all outputs: only a_j itself depends on a_j."""
    return np.repeat((y - t).sum(axis=1, keepdims=True), y.shape[1], axis=1)


@at_output(
    HINGE,
    altered="delta[L] = -t everywhere ...",
    reference="CS231n notes, 'Optimization' (the indicator of the hinge loss's gradient)",
)
def no_margin(y: Array, t: Array) -> Array:
    """Samples beyond the margin get a gradient too: where t * y > 1 the loss is constant."""
    return -t


@at_output(
    HINGE,
    altered="delta[L] = -t where t a[L] < 0 ...",
    reference="Bishop, Pattern Recognition and Machine Learning, 4.1.7 beside 7.1.2",
)
def perceptron(y: Array, t: Array) -> Array:
    """The margin is 0 in place of 1: this is the perceptron's loss."""
    return np.where(t * y < 0.0, -t, 0.0)


@at_output(
    HINGE,
    altered="delta[L] = -1 where t a[L] < 1 ...",
    reference="CS231n notes, 'Optimization' (the hinge loss's gradient)",
)
def hinge_without_target(y: Array, t: Array) -> Array:
    """The target's sign is missing in the derivative: it is -t, not -1."""
    return np.where(t * y < 1.0, -1.0, 0.0)


@at_output(
    HINGE, altered="delta[L] = -2 t max(0, 1 - t a[L]) ...", reference="CS231n notes, 'Linear classification' (L2-SVM)"
)
def hinge_squared(y: Array, t: Array) -> Array:
    """This is the derivative of the squared hinge loss."""
    return -2.0 * t * np.maximum(1.0 - t * y, 0.0)


@at_output(
    HINGE,
    altered="delta[L] = -t where t a[L] >= 1 ...",
    reference="CS231n notes, 'Optimization' (the hinge loss's gradient)",
)
def margin_inverted(y: Array, t: Array) -> Array:
    """The condition is inverted: samples inside the margin are those that count."""
    return np.where(t * y < 1.0, 0.0, -t)


@mistake(
    step="error",
    when=lambda problem, layers: problem.kinds[-1] != "identity",
    altered="delta[L] = 2 (z[L] - t) ...",
    reference="note 004 (a and z of the output layer side by side)",
)
def error_at_z(at: At, g: Array) -> Array:
    """The error is taken at the pre-activation z, before the output's activation."""
    return at.pull(g, JUDGED_LOSSES[at.problem.loss].derivative(at.z, at.problem.t) * at.problem.weight)


@mistake(
    step="error",
    when=_of_losses(CE, BCE, *SQUARES),
    altered="delta[L] = p ..., or a[L] ...",
    reference="CS231n notes, case study (dscores[range(N), y] -= 1 left out)",
)
def no_target(at: At, g: Array) -> Array:
    """The target is not subtracted."""
    probabilities = {CE: matrix.softmax, BCE: matrix.sigmoid}.get(at.problem.loss)
    return at.pull(g, (probabilities(at.z) if probabilities else at.a) * _weight_of_output(at.problem))


@mistake(
    step="error",
    when=_of_losses(CE, BCE),
    altered="delta[L] = (z[L] - t) ...",
    reference="Artificial Intelligence Stack Exchange 24020, 'advantage of using cross-entropy loss and softmax'",
)
def scores_for_probabilities(at: At, g: Array) -> Array:
    """The target is subtracted from the scores, not from the probabilities."""
    return at.pull(g, (at.z - at.problem.t) * _weight_of_output(at.problem))


def _weight_of_output(problem: Problem) -> float:
    """Return what y - t is multiplied with in the derivative of the loss."""
    loss, outputs = problem.loss, len(problem.t[0])
    return problem.weight * (1.0 if loss == CE else (2.0 if loss == "mse" else 1.0) / outputs)
