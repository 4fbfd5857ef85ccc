"""Note 001's example: a layer with softmax and cross-entropy, and its code."""

from __future__ import annotations

import ast
import inspect

import numpy as np

import engine
import nn

from .note_001 import C, N, W, X, Y, note
from .record import run

T = np.array([1, 3, 0, 2, 1])  # ground truth
F = np.array([[p.data for p in engine.softmax([engine.Value(s) for s in row])] for row in Y])
K = 1
K_LOSS = nn.cross_entropy(list(Y[K]), int(T[K]))
K_GRADIENT = engine.grad(lambda y: nn.cross_entropy(y, int(T[K])))(list(Y[K]))


@note.wrong(
    [247, 259],
    "softmax, L",
    "L = -log(e^{f_{t_k}} / Σ_{j=1}^N e^{f_j}): “e^{f_{t_k}}”",
    "f is the softmax's output (line 247): softmax twice. Sample k's index is missing too",
    "e^{y_{k t_k}}, Σ e^{y_kj}",
)
def the_loss_exponentiates_scores_not_softmax_outputs():
    def L(f):
        return -np.log(np.exp(f[T[K]]) / sum(np.exp(f[j]) for j in range(C)))

    softmax_twice = nn.cross_entropy(list(F[K]), int(T[K]))
    return K_LOSS, L(F[K]), L(Y[K]), softmax_twice


def summed_to(last):
    return -np.log(np.exp(Y[K, T[K]]) / sum(np.exp(Y[K, j]) for j in range(last)))


@note.cannot_run(
    IndexError,
    [259],
    "softmax, L",
    "“\\sum_{j = 1}^{N}”",
    "N counts inputs; of neurons there are C",
    "Σ_{j=1}^C",
)
def the_sum_runs_over_classes_not_samples():
    return K_LOSS, lambda: summed_to(N), summed_to(C)


@note.wrong([259], "softmax, L", "“\\sum_{j = 1}^{N}” where N < C", "leaves classes out", "Σ_{j=1}^C")
def with_few_samples_the_sum_is_short():
    few = C - 1
    return K_LOSS, summed_to(few), summed_to(C), engine.logsumexp(list(Y[K, :few])) - Y[K, T[K]]


@note.wrong(
    [265, 267, 270],
    "softmax, dL/dy",
    "dL/dy_kj = y_kj - δ(j = t_k), dOut = y - δ{j = t}: “y_{kj} - \\delta(j = t_k)”",
    "y are the scores; the softmax's outputs are meant",
    "f_kj - δ(j = t_k)",
)
def the_gradient_subtracts_from_probabilities_not_from_scores():
    δ = np.array([1.0 if j == T[K] else 0.0 for j in range(C)])
    return K_GRADIENT, Y[K] - δ, F[K] - δ, K_GRADIENT + (Y[K] - F[K])


# --- 4: the code -----------------------------------------------------------------------------------------------------


def softmax_loss_vectorized(W, X, y, reg):  # as printed, but for its comments
    loss = 0.0
    dW = np.zeros_like(W)

    num_train = X.shape[0]
    scores = X.dot(W)
    scores = np.exp(scores)
    total_scores_per_input = np.sum(scores, axis=1).reshape(num_train, -1)

    scores /= total_scores_per_input

    correct_class_score = scores[range(num_train), y]

    loss_cost = -np.sum(np.log(correct_class_score)) / num_train
    loss_reg = 0.5 * reg * np.sum(W * W)
    loss = loss_cost + loss_reg

    target = np.zeros_like(scores)
    target[range(num_train), y] = 1

    dW = X.T.dot(scores - target) / num_train + reg * W

    return loss, dW


REG = 0.3


def scalar_loss(w, X=X, T=T):
    """The engine's: mean cross-entropy of the scores, plus the regularisation."""
    costs = [nn.cross_entropy([engine.dot(list(column), list(row)) for column in w.T], int(t)) for row, t in zip(X, T)]
    return engine.total(costs) * (1 / len(X)) + 0.5 * REG * (w * w).sum()


def value_and_gradient(value, gradient):
    return np.append(np.ravel(gradient), value)


@note.right(
    [*range(277, 280), *range(281, 288), *range(289, 294), *range(295, 309), *range(313, 319)],
    "softmax, code",
    "softmax_loss_vectorized(W, X, y, reg)",
    "where exp neither overflows nor underflows; `np` must be imported",
)
def the_code():
    value, gradient = engine.value_and_grad(scalar_loss)(W)
    return value_and_gradient(value, gradient), value_and_gradient(*softmax_loss_vectorized(W, X, T, REG))


@note.wrong(
    [295, 302],
    "softmax, code",
    "“scores = np.exp(scores)”, “np.log(correct_class_score)”",
    "overflows to NaN; with the maximum subtracted, a probability that underflows still makes the loss infinite",
    "scores -= max; loss = log Σ exp(scores) - scores[y]",
)
def the_code_overflows():
    large, labels, none = np.array([[1000.0, 999.0, -1000.0]]), np.array([2]), 0.0
    scores = large - np.max(large, axis=1, keepdims=True)
    truth, gradient = engine.value_and_grad(lambda z: nn.cross_entropy(z, 2))(list(large[0]))
    with np.errstate(all="ignore"):
        shifted, _ = softmax_loss_vectorized(np.eye(3), scores, labels, none)
        printed = value_and_gradient(*softmax_loss_vectorized(np.eye(3), large, labels, none))
    assert shifted == np.inf
    log_total = np.log(np.exp(scores).sum(axis=1, keepdims=True))
    p = np.exp(scores - log_total)
    p[0, labels] -= 1
    return (
        value_and_gradient(truth, np.outer(large, gradient)),
        printed,
        value_and_gradient((log_total - scores[0, labels]).item(), large.T @ p),
    )


@note.wrong(
    [288], "softmax, code, comment", "“using explicit loops”", "the vectorized version has none", "without loops"
)
def the_vectorized_code_has_no_loops():
    nodes = ast.walk(ast.parse(inspect.getsource(softmax_loss_vectorized)))
    return [sum(isinstance(node, (ast.For, ast.While)) for node in nodes)], [1], [0]


@note.cannot_run(
    ValueError,
    [294],
    "softmax, code, comment",
    "“scores -= np.max(scores, axis = 1)”",
    "(N, C) less (N,) does not broadcast",
    "scores -= np.max(scores, axis=1, keepdims=True)",
)
def the_commented_shift_cannot_run():
    scores = Y.copy()
    truth = np.array([[(s - max(row, key=float)).data for s in row] for row in [list(map(engine.Value, r)) for r in Y]])
    return truth, lambda: np.subtract(scores, np.max(scores, axis=1)), scores - np.max(scores, axis=1, keepdims=True)


@note.wrong(
    [294],
    "softmax, code, comment",
    "“scores -= np.max(scores, axis = 1)” where N = C",
    "runs, and takes sample j's maximum from column j: another softmax",
    "scores -= np.max(scores, axis=1, keepdims=True)",
)
def the_commented_shift_is_wrong_where_square():
    square = Y[:C].copy()

    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    highest = np.max(square, axis=1)
    columns_scaled = F[:C] * np.exp(-highest)
    columns_scaled /= columns_scaled.sum(axis=1, keepdims=True)
    return F[:C], softmax(square - highest), softmax(square - highest[:, None]), columns_scaled


ALTERNATIVE = """
dscores = p
sscores[range(num_train),y]-=1
"""  # what the comments give in place of `target`


TRUTH = np.array([engine.grad(lambda s, t=int(t): nn.cross_entropy(s, t))(list(row)) for row, t in zip(Y, T)])


@note.cannot_run(
    NameError,
    [309, 310],
    "softmax, code, comment",
    "“dscores = p”",
    "p has no meaning; the probabilities are in `scores`, of which a copy is to be taken, as the next line edits it",
    "dscores = scores.copy()",
)
def the_alternative_names_no_p():
    names = {"num_train": N, "y": T}
    right = ALTERNATIVE.replace("= p", "= scores.copy()").replace("sscores[", "dscores[")
    return TRUTH, lambda: run(ALTERNATIVE, scores=F, **names), run(right, scores=F, **names)["dscores"]


@note.cannot_run(
    NameError,
    [311],
    "softmax, code, comment",
    "“sscores[range(num_train),y]-=1”",
    "sscores has no meaning",
    "dscores[range(num_train), y] -= 1",
)
def the_alternative_names_no_sscores():
    names = {"num_train": N, "y": T}
    right = ALTERNATIVE.replace("sscores[", "dscores[")
    return TRUTH, lambda: run(ALTERNATIVE, p=F.copy(), **names), run(right, p=F.copy(), **names)["dscores"]
