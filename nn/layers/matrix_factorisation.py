"""Matrix factorisation: ratings as products of users' and items' factors.

Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender Systems" (2009), equation 2 and the two lines
after it, without the halves that they leave out.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(p: Array, q: Array, ratings: Array, strength: float) -> tuple[Array, Cache]:
    """Return half the squared errors where there is a rating, and half the penalty.

    Parameters
    ----------
    p, q
        Factors of the users, (M, K), and of the items, (N, K).
    ratings
        Whole numbers, (M, N); 0 where there is none.
    strength
        Of the penalty.

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.ones((1, 2)), np.ones((2, 2)), np.array([[3, 0]]), 0.0)[0])
    0.5
    """
    error = np.where(ratings > 0, p @ q.T - ratings, 0.0)
    loss = 0.5 * (error**2).sum() + 0.5 * strength * ((p**2).sum() + (q**2).sum())
    return loss, (p, q, error, strength)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """Return dp (M, K) and dq (N, K) of `dout`, one number.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    p, q, error, strength = cache
    dp = dout * (error @ q + strength * p)
    dq = dout * (error.T @ p + strength * q)
    return dp, dq


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, float]:
    """Draw factors and ratings, a third of which is missing."""
    m, n, k = (int(k) for k in rng.integers((3, 3, 2), (5, 5, 4)))
    ratings = rng.integers(1, 6, m * n) * rng.permutation(np.arange(m * n) % 3 > 0)
    return rng.normal(size=(m, k)), rng.normal(size=(n, k)), ratings.reshape(m, n), 0.3


MISTAKES = (
    Slip("the penalty is forgotten", "(error @ q + strength * p)", "(error @ q)", ("path-missing",)),
    Slip(
        "the factors that were updated a line before are used",
        "dq = dout * (error.T @ p",
        "dq = dout * (error.T @ (p - 0.1 * dp)",
        ("updated-value",),
    ),
    Slip(
        "missing ratings count as zeros",
        "(error @ q + strength * p)",
        "((p @ q.T) @ q + strength * p)",
        ("wrong-operand", "mask-left-out", "wrong-upstream"),
    ),
    Slip("the two of the square has no half", "dout * (error @ q", "dout * (2.0 * error @ q", ("doubled",)),
    Slip("the penalty is subtracted", "error.T @ p + strength", "error.T @ p - strength", ("sign",)),
    Slip("users step uphill", "dp = dout", "dp = -dout", ("sign",)),
    Slip(
        "the factors are left out of the penalty",
        "error.T @ p + strength * q",
        "error.T @ p + strength",
        ("factor-missing",),
    ),
)
