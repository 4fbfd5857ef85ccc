"""Group normalisation: the channels of an image in groups, each with mean 0 and variance 1.

Wu and He, "Group Normalization" (2018), equations 1 to 3 and 7.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Return images normalised over each group of channels, scaled and shifted per channel.

    Parameters
    ----------
    x, gamma, beta
        Of shapes (N, C, H, W), (C,) and (C,).
    groups
        How many groups; C is a multiple of it.
    eps
        What keeps the root away from 0.

    Returns
    -------
    tuple
        The result, (N, C, H, W), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.arange(4.0).reshape(1, 4, 1, 1), np.ones(4), np.zeros(4), 2)[0].round(3).ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    n, c, h, w = x.shape
    xg = x.reshape(n, groups, -1)
    mu = xg.mean(axis=2, keepdims=True)
    var = ((xg - mu) ** 2).mean(axis=2, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = ((xg - mu) / std).reshape(n, c, h, w)
    out = gamma[:, None, None] * xhat + beta[:, None, None]
    return out, (xhat, std, gamma, groups)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, C, H, W), dgamma (C,) and dbeta (C,) of `dout` (N, C, H, W).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    xhat, std, gamma, groups = cache
    dgamma = (dout * xhat).sum(axis=(0, 2, 3))
    dbeta = dout.sum(axis=(0, 2, 3))
    g = (dout * gamma[:, None, None]).reshape(len(dout), groups, -1)
    xg = xhat.reshape(g.shape)
    by_mean = g.mean(axis=2, keepdims=True)
    by_var = xg * (g * xg).mean(axis=2, keepdims=True)
    dx = ((g - by_mean - by_var) / std).reshape(dout.shape)
    return dx, dgamma, dbeta


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, int]:
    """Draw images of two or three groups of two channels."""
    n, groups = (int(k) for k in rng.integers(2, 4, 2))
    return rng.normal(size=(n, 2 * groups, 2, 1)), rng.normal(size=2 * groups), rng.normal(size=2 * groups), groups


MISTAKES = (
    Slip("the mean is taken for a constant", "g - by_mean - by_var", "g - by_var", ("path-missing",)),
    Slip("the variance is taken for a constant", "g - by_mean - by_var", "g - by_mean", ("path-missing",)),
    Slip("gamma is left out", "(dout * gamma[:, None, None])", "dout", ("factor-missing",)),
    Slip(
        "the groups' means are sums", "by_mean = g.mean(axis=2", "by_mean = g.sum(axis=2", ("factor", "factor-missing")
    ),
    Slip("gamma's gradient is a mean", "(dout * xhat).sum(", "(dout * xhat).mean(", ("mean-for-sum",)),
    Slip(
        "the division by the standard deviation is forgotten",
        "((g - by_mean - by_var) / std)",
        "(g - by_mean - by_var)",
        ("factor-missing", "factor-too-many", "slope-times-value"),
    ),
    Slip("the mean is that of all groups", "by_mean = g.mean(axis=2", "by_mean = g.mean(axis=(1, 2)", ("wrong-axis",)),
    Slip("the way through the variance is turned", "- by_var", "+ by_var", ("sign",)),
)
