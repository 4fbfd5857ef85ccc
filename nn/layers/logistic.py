"""Logistic regression: with binary cross-entropy.

Bishop, *Pattern Recognition and Machine Learning* (2006), equation 4.91: the gradient is a sum of errors times inputs.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, w: Array, b: Array, y: Array) -> tuple[Array, Cache]:
    """Return the mean of ``-(y log p + (1 - y) log(1 - p))`` with ``p = sigmoid(x @ w + b)``.

    Parameters
    ----------
    x, w, b
        Of shapes (N, D), (D,) and (1,).
    y
        The classes 0 and 1, (N,) integers.

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.ones((2, 1)), np.zeros(1), np.zeros(1), np.array([0, 1]))[0]).__round__(4)
    0.6931
    """
    z = x @ w + b
    p = 1.0 / (1.0 + np.exp(-z))
    loss = -(y * np.log(p) + (1 - y) * np.log(1.0 - p)).mean()
    return loss, (x, w, p, y)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, D), dw (D,) and db (1,) of `dout`, one number.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, w, p, y = cache
    dz = dout * (p - y) / len(y)
    dx = dz[:, None] * w
    dw = x.T @ dz
    db = dz.sum(keepdims=True)
    return dx, dw, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Draw samples, weights, a bias and classes, both of which occur."""
    n, d = rng.integers(3, 6, 2)
    y = np.append([0, 1], rng.integers(0, 2, n - 2))
    return rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=1), y


MISTAKES = (
    Slip("the mean over the batch is forgotten", " / len(y)", "", ("factor", "factor-missing")),
    Slip(
        "the sigmoid is differentiated once more",
        "dout * (p - y)",
        "dout * (p - y) * p * (1.0 - p)",
        ("slope-squared", "wrong-upstream"),
    ),
    Slip("targets less probabilities", "(p - y)", "(y - p)", ("sign",)),
    Slip(
        "the bias gradient is a mean of means",
        "dz.sum(keepdims=True)",
        "dz.mean(keepdims=True)",
        ("mean-for-sum", "factor"),
    ),
    Slip("the classes 0 are forgotten", "(p - y)", "y * (p - 1.0)", ("path-missing",)),
    Slip("the loss counts for the error", "(p - y)", "-np.log(p)", ("wrong-error", "wrong-upstream")),
    Slip("the inputs are left out", "x.T @ dz", "np.ones_like(x.T) @ dz", ("factor-missing",)),
)
