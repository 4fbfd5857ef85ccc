"""Layer normalisation: every sample with mean 0 and variance 1 over its features, then scaled and shifted.

Ba, Kiros and Hinton, "Layer Normalization" (2016), equation 4. The three ways from the result to x are written as
one line, as in batch normalisation with the axes exchanged: ``dx = (g - mean(g) - xhat * mean(g * xhat)) / std``.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Return ``gamma * (x - mean) / sqrt(var + eps) + beta``, mean and variance over the features.

    Parameters
    ----------
    x, gamma, beta
        Of shapes (N, T, D), (D,) and (D,).
    eps
        What keeps the root away from 0.

    Returns
    -------
    tuple
        The result, (N, T, D), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[[1.0, 3.0]]]), np.ones(2), np.zeros(2))[0].round(4).tolist()
    [[[-1.0, 1.0]]]
    """
    mu = x.mean(axis=-1, keepdims=True)
    var = ((x - mu) ** 2).mean(axis=-1, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = (x - mu) / std
    return gamma * xhat + beta, (xhat, std, gamma)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, T, D), dgamma (D,) and dbeta (D,) of `dout` (N, T, D).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    xhat, std, gamma = cache
    dgamma = (dout * xhat).sum(axis=(0, 1))
    dbeta = dout.sum(axis=(0, 1))
    g = dout * gamma
    by_mean = g.mean(axis=-1, keepdims=True)
    by_var = xhat * (g * xhat).mean(axis=-1, keepdims=True)
    dx = (g - by_mean - by_var) / std
    return dx, dgamma, dbeta


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw x, gamma and beta."""
    n, t, d = rng.integers(2, 4), rng.integers(2, 4), rng.integers(4, 6)
    return rng.normal(size=(n, t, d)), rng.normal(size=d), rng.normal(size=d)


MISTAKES = (
    Slip("the mean is taken for a constant", "g - by_mean - by_var", "g - by_var", ("path-missing",)),
    Slip("the variance is taken for a constant", "g - by_mean - by_var", "g - by_mean", ("path-missing",)),
    Slip("gamma is left out", "dout * gamma", "dout", ("factor-missing",)),
    Slip("the means are sums", "by_mean = g.mean(axis=-1", "by_mean = g.sum(axis=-1", ("factor", "factor-missing")),
    Slip(
        "the division by the standard deviation is forgotten",
        "(g - by_mean - by_var) / std",
        "g - by_mean - by_var",
        ("slope-missing", "factor-missing", "factor-too-many"),
    ),
    Slip(
        "the variance stands for the standard deviation",
        "by_var) / std",
        "by_var) / std**2",
        ("wrong-constant",),
    ),
    Slip(
        "beta's gradient is a mean",
        "dbeta = dout.sum(axis=(0, 1))",
        "dbeta = dout.mean(axis=(0, 1))",
        ("mean-for-sum",),
    ),
    Slip("the way through the variance is turned", "- by_var", "+ by_var", ("sign",)),
)
