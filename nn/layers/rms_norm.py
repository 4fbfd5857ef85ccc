"""RMS normalisation: layer normalisation without the mean.

Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019), equation 4.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, gamma: Array, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Return ``gamma * x / sqrt(mean(x**2) + eps)``, the mean over the features.

    Parameters
    ----------
    x, gamma
        Of shapes (N, D) and (D,).
    eps
        What keeps the root away from 0.

    Returns
    -------
    tuple
        The result, (N, D), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[3.0, 3.0]]), np.ones(2))[0].round(4).tolist()
    [[1.0, 1.0]]
    """
    ms = (x**2).mean(axis=-1, keepdims=True)
    scale = 1.0 / np.sqrt(ms + eps)
    xhat = x * scale
    return gamma * xhat, (xhat, scale, gamma)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """Return dx (N, D) and dgamma (D,) of `dout` (N, D).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    xhat, scale, gamma = cache
    dgamma = (dout * xhat).sum(axis=0)
    g = dout * gamma
    dx = (g - xhat * (g * xhat).mean(axis=-1, keepdims=True)) * scale
    return dx, dgamma


def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw x and gamma."""
    n, d = rng.integers(3, 6, 2)
    return rng.normal(size=(n, d)), rng.normal(size=d)


MISTAKES = (
    Slip("gamma is left out", "dout * gamma", "dout", ("factor-missing",)),
    Slip(
        "the scale is taken for a constant",
        "(g - xhat * (g * xhat).mean(axis=-1, keepdims=True)) * scale",
        "g * scale",
        ("path-missing",),
    ),
    Slip("the mean is a sum", "(g * xhat).mean(axis=-1", "(g * xhat).sum(axis=-1", ("factor", "factor-missing")),
    Slip(
        "gamma's gradient is taken with x",
        "(dout * xhat).sum(axis=0)",
        "(dout * xhat / scale).sum(axis=0)",
        ("factor-too-many",),
    ),
    Slip("the sign inside is turned", "g - xhat", "g + xhat", ("sign",)),
    Slip("gamma's gradient is a mean", "(dout * xhat).sum", "(dout * xhat).mean", ("mean-for-sum",)),
    Slip(
        "the scale outside is forgotten",
        "keepdims=True)) * scale",
        "keepdims=True))",
        ("factor-missing", "factor-too-many"),
    ),
)
