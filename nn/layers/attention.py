"""Causal attention: of one head; no position sees a later one.

Vaswani and others, "Attention Is All You Need" (2017), equation 1 and section 3.2.3; the softmax's derivative is
that of `nn.layers.softmax`.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(q: Array, k: Array, v: Array) -> tuple[Array, Cache]:
    """Return ``softmax(q @ k' / sqrt(D)) @ v``, each position over itself and those before it.

    Parameters
    ----------
    q, k, v
        Queries, keys (N, T, D), and values (N, T, M).

    Returns
    -------
    tuple
        The result, (N, T, M), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.zeros((1, 2, 1)), np.zeros((1, 2, 1)), np.array([[[1.0], [3.0]]]))[0].tolist()
    [[[1.0], [2.0]]]
    """
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2])
    seen = np.tril(np.ones(scores.shape[1:], bool))
    z = np.where(seen, scores, -np.inf)
    e = np.exp(z - z.max(axis=2, keepdims=True))
    p = e / e.sum(axis=2, keepdims=True)
    return p @ v, (q, k, v, p)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dq, dk (N, T, D) and dv (N, T, M) of `dout` (N, T, M).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    q, k, v, p = cache
    dv = p.swapaxes(1, 2) @ dout
    dp = dout @ v.swapaxes(1, 2)
    dscores = p * (dp - (dp * p).sum(axis=2, keepdims=True))
    dz = dscores / dscores.dtype.type(np.sqrt(q.shape[2]))
    dq = dz @ k
    dk = dz.swapaxes(1, 2) @ q
    return dq, dk, dv


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Draw queries, keys and values."""
    n, t, d = (int(k) for k in rng.integers((1, 3, 2), (3, 5, 4)))
    return rng.normal(size=(n, t, d)), rng.normal(size=(n, t, d)), rng.normal(size=(n, t, 2))


MISTAKES = (
    Slip("the softmax's sum is forgotten", "(dp - (dp * p).sum(axis=2, keepdims=True))", "dp", ("path-missing",)),
    Slip(
        "the root of the width is forgotten",
        "dscores / dscores.dtype.type(np.sqrt(q.shape[2]))",
        "dscores",
        ("factor", "factor-missing", "slope-missing"),
    ),
    Slip("the probabilities are not transposed", "p.swapaxes(1, 2) @ dout", "p @ dout", ("factor-transposed",)),
    Slip(
        "the keys get nothing from later queries",
        "dk = dz.swapaxes(1, 2)",
        "dk = (dz * np.eye(dz.shape[1], dtype=dz.dtype)).swapaxes(1, 2)",
        ("result-transposed",),
    ),
    Slip("the softmax's sum is over the queries", "(dp * p).sum(axis=2", "(dp * p).sum(axis=1", ("wrong-axis",)),
    Slip(
        "the scores are not transposed", "dz.swapaxes(1, 2) @ q", "dz @ q", ("factor-transposed", "result-transposed")
    ),
    Slip("keys and queries are exchanged", "dq = dz @ k", "dq = dz @ q", ("wrong-operand",)),
    Slip(
        "only the softmax's diagonal",
        "p * (dp - (dp * p).sum(axis=2, keepdims=True))",
        "p * (1.0 - p) * dp",
        ("unsummed",),
    ),
)
