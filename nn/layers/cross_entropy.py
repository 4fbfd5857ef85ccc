"""Softmax with cross-entropy: the loss of scores whose right class is known.

Together the two derivatives are ``p - t``; Bishop, *Pattern Recognition and Machine Learning* (2006), equation 4.109.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(z: Array, y: Array) -> tuple[Array, Cache]:
    """Return the mean of ``-log(p[y])`` over the samples.

    Parameters
    ----------
    z, y
        Scores, (N, C), and the number of the right class, (N,) integers.

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.zeros((1, 4)), np.array([2]))[0]).__round__(4)
    1.3863
    """
    n = len(z)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), y]).sum() / n
    return loss, (p, y)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dz (N, C) of `dout`, one number: the probabilities less one for the right class, over N.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    p, y = cache
    n = len(p)
    dz: Array = p.copy()
    dz[np.arange(n), y] -= 1.0
    return dout * dz / n


def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw scores and classes."""
    n, c = rng.integers(3, 6, 2)
    return rng.normal(size=(n, c)), rng.integers(0, c, n)


MISTAKES = (
    Slip("the mean over the batch is forgotten", "dout * dz / n", "dout * dz", ("factor", "factor-missing")),
    Slip(
        "the one is taken from every sample's column",
        "dz[np.arange(n), y] -= 1.0",
        "dz[:, y] -= 1.0",
        ("wrong-error", "wrong-index"),
    ),
    Slip(
        "the softmax is differentiated once more",
        "dout * dz / n",
        "dout * dz * p * (1.0 - p) / n",
        ("factor-too-many",),
    ),
    Slip("the right class is forgotten", "dz[np.arange(n), y] -= 1.0", "dz[np.arange(n), y] -= 0.0", ("path-missing",)),
    Slip("targets less probabilities", "dout * dz / n", "-dout * dz / n", ("sign",)),
    Slip("the mean is over the classes", "dout * dz / n", "dout * dz / p.shape[1]", ("factor", "wrong-upstream")),
    Slip("what arrives is ignored", "dout * dz / n", "dz / n", ("upstream-missing", "factor-missing")),
)
