"""Batch normalisation: every feature with mean 0 and variance 1 over the batch, then scaled and shifted.

The gradients are the equations of Ioffe and Szegedy, "Batch Normalization" (2015), section 3, in their order.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Return ``gamma * (x - mean) / sqrt(var + eps) + beta``, mean and variance over the samples.

    Parameters
    ----------
    x, gamma, beta
        Of shapes (N, D), (D,) and (D,).
    eps
        What keeps the root away from 0.

    Returns
    -------
    tuple
        The result, (N, D), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1))[0].round(4).tolist()
    [[-1.0], [1.0]]
    """
    mu = x.mean(axis=0)
    xc = x - mu
    var = (xc**2).mean(axis=0)
    std = np.sqrt(var + eps)
    xhat = xc / std
    return gamma * xhat + beta, (xc, std, xhat, gamma)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, D), dgamma (D,) and dbeta (D,) of `dout` (N, D): three ways lead from the result to x.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    xc, std, xhat, gamma = cache
    n = len(dout)
    dgamma = (dout * xhat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dxhat = dout * gamma
    dvar = (dxhat * xc).sum(axis=0) * -0.5 / std**3
    dxc = dxhat / std + dvar * 2.0 * xc / n
    dmu = -dxc.sum(axis=0)
    dx = dxc + dmu / n
    return dx, dgamma, dbeta


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw x, gamma and beta."""
    n, d = rng.integers(4, 7), rng.integers(2, 5)
    return rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=d)


MISTAKES = (
    Slip("the variance is taken for a constant", "dxhat / std + dvar * 2.0 * xc / n", "dxhat / std", ("path-missing",)),
    Slip("the mean is taken for a constant", "dxc + dmu / n", "dxc", ("path-missing",)),
    Slip("gamma is left out", "dout * gamma", "dout", ("factor-missing",)),
    Slip(
        "gamma's gradient is taken with x - mean",
        "(dout * xhat).sum(axis=0)",
        "(dout * xc).sum(axis=0)",
        ("wrong-operand",),
    ),
    Slip("the mean's gradient is not shared among the samples", "dmu / n", "dmu", ("factor", "factor-missing")),
    Slip("the two of the square is forgotten", "dvar * 2.0 * xc", "dvar * xc", ("halved",)),
    Slip("the variance's gradient has no minus", "* -0.5", "* 0.5", ("sign",)),
    Slip("beta's gradient is a mean", "dbeta = dout.sum(axis=0)", "dbeta = dout.mean(axis=0)", ("mean-for-sum",)),
    Slip("the variance stands for the standard deviation", "/ std**3", "/ std**2", ("wrong-constant",)),
)
