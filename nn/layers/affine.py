"""Affine layer: every output a weighted sum of the inputs, and a bias.

Nielsen, *Neural Networks and Deep Learning*, chapter 2: BP2, BP3 and BP4, with samples in rows.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, w: Array, b: Array) -> tuple[Array, Cache]:
    """Return ``x @ w + b``.

    Parameters
    ----------
    x, w, b
        Of shapes (N, D), (D, M) and (M,).

    Returns
    -------
    tuple
        The result, (N, M), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0]))[0]
    array([[16.]])
    """
    return x @ w + b, (x, w)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, D), dw (D, M) and db (M,) of `dout` (N, M): a product with the other factor, transposed.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, w = cache
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw x, w and b; as many outputs as inputs, so that shapes do not tell a transpose."""
    n, d = rng.integers(3, 6, 2)
    return rng.normal(size=(n, d)), rng.normal(size=(d, d)), rng.normal(size=d)


MISTAKES = (
    Slip("the bias gradient is a mean", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", ("mean-for-sum",)),
    Slip("the weights are not transposed", "dout @ w.T", "dout @ w", ("factor-transposed",)),
    Slip("the weights' gradient is averaged once more", "x.T @ dout", "x.T @ dout / len(x)", ("factor",)),
    Slip("the weights' gradient is transposed", "x.T @ dout", "dout.T @ x", ("transposed", "result-transposed")),
    Slip("the bias gradient is that of one sample", "dout.sum(axis=0)", "dout[-1]", ("slice",)),
    Slip("the weights are left out", "dout @ w.T", "dout.copy()", ("factor-missing", "factor-dropped")),
    Slip("the weights step uphill", "x.T @ dout", "-x.T @ dout", ("sign",)),
)
