"""Softmax: scores become probabilities.

The Jacobian is ``diag(p) - p p'``; Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 6.2.2.3. Times
what arrives it is one line, without the matrix.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(z: Array) -> tuple[Array, Cache]:
    """Return the probabilities ``exp(z) / sum(exp(z))`` of each row of scores.

    Parameters
    ----------
    z
        Scores, (N, C).

    Returns
    -------
    tuple
        The probabilities, (N, C), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[1000.0, 1000.0]]))[0]
    array([[0.5, 0.5]])
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, (p,)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dz (N, C) of `dout` (N, C): each probability times by how much its share exceeds the mean share.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    (p,) = cache
    mean = (dout * p).sum(axis=1, keepdims=True)
    dz: Array = p * (dout - mean)
    return dz


def inputs(rng: np.random.Generator) -> tuple[Array]:
    """Draw scores."""
    n, c = rng.integers(3, 6, 2)
    return (rng.normal(size=(n, c)),)


MISTAKES = (
    Slip(
        "only the diagonal of the Jacobian",
        "mean = (dout * p).sum(axis=1, keepdims=True)",
        "mean = dout * p",
        ("unsummed",),
    ),
    Slip("what the other scores share is forgotten", "p * (dout - mean)", "p * dout", ("path-missing",)),
    Slip(
        "the mean is taken over the batch",
        "(dout * p).sum(axis=1, keepdims=True)",
        "(dout * p).sum(axis=0)",
        ("wrong-axis",),
    ),
    Slip("the sum is a mean", "(dout * p).sum(axis=1", "(dout * p).mean(axis=1", ("mean-for-sum", "factor")),
    Slip("the sign inside is turned", "dout - mean", "dout + mean", ("sign",)),
    Slip("the probabilities are left out", "p * (dout - mean)", "dout - mean", ("slope-missing", "wrong-operand")),
    Slip(
        "the rows of the Jacobian are summed before the product",
        "mean = (dout * p).sum(axis=1, keepdims=True)",
        "mean = dout * p.sum(axis=1, keepdims=True)",
        ("gradient-zero", "factor-too-late"),
    ),
)
