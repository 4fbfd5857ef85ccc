"""Note 000's last section: δ of a softmax output with cross-entropy."""

from __future__ import annotations

import numpy as np

import engine
import nn

from .note_000 import Z2_BATCH, note
from .record import grad

N = 4
Z = np.array([0.3, -0.8, 1.1, 0.2])
TARGET = np.array([0.0, 1.0, 0.0, 0.0])
A = np.array(engine.softmax(list(Z)), dtype=float)
EYE = np.eye(N)
TRUTH = np.array(engine.grad(lambda z: nn.cross_entropy(z, list(TARGET)))(list(Z)))


def entropy(a):
    return -(TARGET * np.log(a)).sum()


@note.right([119, 121], "cross-entropy", "C = -Σ_{j=1}^n t_j log a_j^L, n outputs, t 1-of-n")
def cross_entropy():
    return nn.cross_entropy(Z, list(TARGET)), -sum(TARGET[j] * np.log(A[j]) for j in range(N))


@note.right([125], "softmax", "a_i^L = exp(z_i^L) / Σ_{j=1}^n exp(z_j^L)")
def softmax():
    return A, [np.exp(Z[i]) / sum(np.exp(Z[j]) for j in range(N)) for i in range(N)]


@note.right([129, 131], "softmax", "∂a_i^L/∂z_j^L = a_i^L (I_ij - a_j^L), I the identity")
def jacobian_of_softmax():
    return engine.jacobian(engine.softmax)(list(Z)), [[A[i] * (EYE[i, j] - A[j]) for j in range(N)] for i in range(N)]


@note.right([137], "δ^L, line 1", "∂C/∂z_i = Σ_j ∂C/∂a_j ∂a_j/∂z_i")
def softmax_delta_line_1():
    by_a, J = grad(entropy, A), np.array(engine.jacobian(engine.softmax)(list(Z)))
    return TRUTH, [sum(by_a[j] * J[j, i] for j in range(N)) for i in range(N)]


@note.wrong(
    [138],
    "δ^L, line 2",
    "Σ_j t_j/a_j a_j (I_ji - a_i): “\\frac{t\\_j}{a^L\\_j} a^L\\_j(I\\_{ji} - a^L\\_i)”",
    "∂C/∂a_j = -t_j/a_j: minus missing",
    "-Σ_j t_j/a_j a_j (I_ji - a_i)",
)
def softmax_delta_line_2_lost_its_minus():
    printed = np.array([sum(TARGET[j] / A[j] * A[j] * (EYE[j, i] - A[i]) for j in range(N)) for i in range(N)])
    return TRUTH, printed, -printed, -TRUTH


@note.wrong(
    [139],
    "δ^L, line 3",
    "Σ_j t_j (I_ji - a_i)",
    "minus missing; line 4 does not follow from it",
    "-Σ_j t_j (I_ji - a_i)",
)
def softmax_delta_line_3_lost_its_minus():
    printed = np.array([sum(TARGET[j] * (EYE[j, i] - A[i]) for j in range(N)) for i in range(N)])
    return TRUTH, printed, -printed, -TRUTH


@note.right([140], "δ^L, line 4", "a_i^L - t_i")
def softmax_delta_line_4():
    return TRUTH, A - TARGET


@note.right(
    [144],
    "δ^L, reason",
    "Σ_j t_j I_ji = t_i, Σ_j t_j a_i = a_i Σ_j t_j = a_i",
    "as -t_i + a_i; line 3 as printed gives t_i - a_i",
)
def the_two_sums():
    first = [sum(TARGET[j] * EYE[j, i] for j in range(N)) for i in range(N)]
    second = [sum(TARGET[j] * A[i] for j in range(N)) for i in range(N)]
    return TRUTH, np.array(second) - np.array(first)


@note.right([148, 150], "δ^L", "δ^L = a^L - t, for a batch in m columns")
def softmax_delta_of_a_batch():
    scores, labels = Z2_BATCH, np.array([0, 1, 1, 0, 1])
    truth = np.array(
        [engine.grad(lambda z, t=int(t): nn.cross_entropy(z, t))(list(z)) for z, t in zip(scores.T, labels)]
    )
    a, t = np.exp(scores) / np.exp(scores).sum(axis=0), np.eye(2)[labels].T
    return truth.T, a - t
