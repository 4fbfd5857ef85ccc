"""Bag of words: continuous, the word in the middle from the mean of the words around it.

Mikolov and others, "Efficient Estimation of Word Representations in Vector Space" (2013), section 3.1; the gradients
as in Rong, "word2vec Parameter Learning Explained" (2014), equations 22 to 25.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(w: Array, u: Array, context: Array, y: Array) -> tuple[Array, Cache]:
    """Return the mean cross-entropy of the middle words.

    Parameters
    ----------
    w, u
        Vectors of the words around, (V, D), and in the middle, (D, V).
    context, y
        Numbers of the words around, (N, C), and in the middle, (N,).

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.zeros((4, 2)), np.zeros((2, 4)), np.array([[0, 2]]), np.array([1]))[0]).__round__(4)
    1.3863
    """
    n = len(y)
    h = w[context].mean(axis=1)
    z = h @ u
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), y]).mean()
    return loss, (w, u, context, y, h, p)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """Return dw (V, D) and du (D, V) of `dout`, one number: a word that stands around twice adds twice.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    w, u, context, y, h, p = cache
    n, size = context.shape
    dz = p.copy()
    dz[np.arange(n), y] -= 1.0
    dz = dout * dz / n
    du = h.T @ dz
    dh = dz @ u.T
    dw = np.zeros_like(w)
    np.add.at(dw, context, dh[:, None, :] / size)
    return dw, du


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Draw vectors and words; some stand around twice."""
    v, d = (int(k) for k in rng.integers((4, 2), (6, 4)))
    context = np.append(rng.integers(0, v, 4), [1, 2]).reshape(3, 2)
    return rng.normal(size=(v, d)), rng.normal(size=(d, v)), context, rng.integers(0, v, 3)


MISTAKES = (
    Slip(
        "the mean over the context is forgotten",
        "dh[:, None, :] / size",
        "dh[:, None, :]",
        ("factor", "factor-missing"),
    ),
    Slip(
        "of equal words only the last counts",
        "np.add.at(dw, context, dh[:, None, :] / size)",
        "dw[context] += dh[:, None, :] / size",
        ("overwritten",),
    ),
    Slip("the mean over the batch is forgotten", "dout * dz / n", "dout * dz", ("factor", "factor-missing")),
    Slip("a ReLU is applied to the error", "dh = dz @ u.T", "dh = np.maximum(0.0, dz @ u.T)", ("mask-of-error",)),
    Slip("the right word is forgotten", "dz[np.arange(n), y] -= 1.0", "dz[np.arange(n), y] -= 0.0", ("path-missing",)),
    Slip(
        "only the first word around counts",
        "np.add.at(dw, context, dh[:, None, :] / size)",
        "np.add.at(dw, context[:, 0], dh / size)",
        ("slice",),
    ),
    Slip("targets less probabilities", "dz = dout * dz / n", "dz = -dout * dz / n", ("sign",)),
)
