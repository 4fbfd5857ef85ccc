"""Dice loss: of a segmentation, soft.

Milletari, Navab and Ahmadi, "V-Net" (2016), section 3, with sums of probabilities below in place of their squares: the
gradient is the quotient rule.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(p: Array, t: Array, eps: float = 1.0) -> tuple[Array, Cache]:
    """Return the mean over the images of ``1 - (2 sum(p t) + eps) / (sum(p) + sum(t) + eps)``.

    Parameters
    ----------
    p, t
        Probabilities, (N, D), and the places that belong to the object, (N, D) of 0 and 1.
    eps
        What keeps the quotient defined.

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.array([[1.0, 0.0]]), np.array([[1, 0]]))[0])
    0.0
    """
    above = 2.0 * (p * t).sum(axis=1) + eps
    below = p.sum(axis=1) + t.sum(axis=1) + eps
    loss = (1.0 - above / below).mean()
    return loss, (t, above, below)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dp (N, D) of `dout`, one number.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    t, above, below = (x if x.ndim == 2 else x[:, None] for x in cache)
    slope = (2.0 * t * below - above) / below**2
    dp: Array = -dout * slope / len(t)
    return dp


def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw probabilities and objects."""
    n, d = rng.integers(2, 4), rng.integers(4, 7)
    return rng.uniform(0.1, 0.9, (n, d)), rng.permutation(np.arange(n * d) % 2).reshape(n, d)


MISTAKES = (
    Slip("plus for minus in the quotient rule", "2.0 * t * below - above", "2.0 * t * below + above", ("sign",)),
    Slip(
        "the sum below is taken for a constant",
        "(2.0 * t * below - above) / below**2",
        "2.0 * t / below",
        ("path-missing",),
    ),
    Slip("the brackets below are missing", "/ below**2", "/ below * below", ("factor-inverted", "parenthesis")),
    Slip(
        "the mean over the images is forgotten", "-dout * slope / len(t)", "-dout * slope", ("factor", "factor-missing")
    ),
    Slip("the coefficient is differentiated, not the loss", "-dout * slope", "dout * slope", ("sign",)),
    Slip("the two above is forgotten", "2.0 * t * below", "t * below", ("halved", "factor-missing")),
    Slip("the square below is forgotten", "/ below**2", "/ below", ("factor-too-many",)),
)
