"""Operations of linear algebra that a recorded function is made of: inverses, determinants, triangles.

>>> step = inverse(ArrayStep([[2.0, 0.0], [0.0, 4.0]], name="A"))
>>> step.edges[0].right(np.ones((2, 2))).tolist()
[[-0.25, -0.125], [-0.125, -0.0625]]
"""

from __future__ import annotations

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.samples import Array


def inverse(x: ArrayStep) -> ArrayStep:
    """Invert: d(A^-1) = -A^-1 dA A^-1."""
    step = ArrayStep(np.linalg.inv(x.value), "inv", (x,))
    edge = Edge(
        step, 0, lambda g, saved: -_turned(saved) @ g @ _turned(saved),
        lambda t, saved: -saved @ t @ saved, step.value, "product",
    )  # fmt: skip
    return step.linked(inverse, edge)


def logarithm_of_determinant(x: ArrayStep) -> ArrayStep:
    """Take log |det A|, whose derivative is A^-T."""
    step = ArrayStep(np.linalg.slogdet(x.value)[1], "slogdet", (x,))
    return step.linked(logarithm_of_determinant, _weighing(step, _inverse_turned(x.value)))


def triangle(x: ArrayStep) -> ArrayStep:
    """Take the lower triangle L of A = L L.T, of which the lower triangle is read: dL = L phi(L^-1 dA L^-T)."""
    step = ArrayStep(np.linalg.cholesky(x.value), "cholesky", (x,))

    def pull(g: Array, saved: Array) -> Array:
        inner = np.linalg.inv(saved)
        share = _turned(inner) @ _half(_turned(saved) @ g) @ inner
        return np.tril(share + _turned(share)) - np.eye(len(saved)) * share

    def push(t: Array, saved: Array) -> Array:
        inner, whole = np.linalg.inv(saved), np.tril(t) + _turned(np.tril(t, -1))
        return saved @ _half(inner @ whole @ _turned(inner))

    return step.linked(triangle, Edge(step, 0, pull, push, step.value, "product"))


def _weighing(step: ArrayStep, saved: Array) -> Edge:
    """Return the edge of one number for each matrix, whose entries have weights."""
    return Edge(
        step, 0, lambda g, saved: np.asarray(g)[..., None, None] * saved,
        lambda t, saved: np.sum(t * saved, axis=(-2, -1)), saved, "product",
    )  # fmt: skip


def _inverse_turned(x: Array) -> Array:
    return _turned(np.linalg.inv(x))


def _turned(x: Array) -> Array:
    return np.asarray(x.swapaxes(-1, -2))


def _half(x: Array) -> Array:
    """Return the lower triangle, with half of its diagonal."""
    return np.asarray(np.tril(x) - 0.5 * np.eye(len(x)) * x)
