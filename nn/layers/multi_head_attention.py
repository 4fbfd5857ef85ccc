"""Multi-head attention: causal, of a sequence to itself, with its projections.

Vaswani and others, "Attention Is All You Need" (2017), section 3.2.2.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def in_heads(x: Array, heads: int) -> Array:
    """Return (N, T, heads * D) as (N, heads, T, D)."""
    n, t, _ = x.shape
    split: Array = x.reshape(n, t, heads, -1).swapaxes(1, 2)
    return split


def side_by_side(x: Array) -> Array:
    """Return (N, heads, T, D) as (N, T, heads * D)."""
    n, _, t, _ = x.shape
    joined: Array = x.swapaxes(1, 2).reshape(n, t, -1)
    return joined


def forward(x: Array, w_q: Array, w_k: Array, w_v: Array, w_o: Array, heads: int) -> tuple[Array, Cache]:
    """Return the heads' results side by side times `w_o`.

    Parameters
    ----------
    x
        Sequences, (N, T, E).
    w_q, w_k, w_v, w_o
        Projections, (E, E).
    heads
        How many; E is a multiple of it.

    Returns
    -------
    tuple
        The result, (N, T, E), and what the backward pass needs.

    Examples
    --------
    >>> eye = np.eye(2)
    >>> forward(np.array([[[0.0, 2.0], [0.0, 4.0]]]), eye, eye, eye, eye, 2)[0].round(3).tolist()
    [[[0.0, 2.0], [0.0, 3.999]]]
    """
    q, k, v = in_heads(x @ w_q, heads), in_heads(x @ w_k, heads), in_heads(x @ w_v, heads)
    scores = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[3])
    seen = np.tril(np.ones(scores.shape[2:], bool))
    z = np.where(seen, scores, -np.inf)
    e = np.exp(z - z.max(axis=3, keepdims=True))
    p = e / e.sum(axis=3, keepdims=True)
    joined = side_by_side(p @ v)
    return joined @ w_o, (x, w_q, w_k, w_v, w_o, q, k, v, p, joined)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return dx (N, T, E) and the projections' gradients (E, E) of `dout` (N, T, E).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, w_q, w_k, w_v, w_o, q, k, v, p, joined = cache
    dw_o = np.einsum("nti,nto->io", joined, dout)
    dheads = in_heads(dout @ w_o.T, q.shape[1])
    dv = side_by_side(p.swapaxes(2, 3) @ dheads)
    dp = dheads @ v.swapaxes(2, 3)
    dscores = p * (dp - (dp * p).sum(axis=3, keepdims=True))
    dz = dscores / dscores.dtype.type(np.sqrt(q.shape[3]))
    dq = side_by_side(dz @ k)
    dk = side_by_side(dz.swapaxes(2, 3) @ q)
    dw_q, dw_k, dw_v = (np.einsum("nti,nto->io", x, d) for d in (dq, dk, dv))
    dx = dq @ w_q.T + dk @ w_k.T + dv @ w_v.T
    return dx, dw_q, dw_k, dw_v, dw_o


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array, Array, int]:
    """Draw sequences and projections of two heads."""
    n = int(rng.integers(1, 3))
    w_q, w_k, w_v, w_o = rng.normal(size=(4, 4, 4))
    return rng.normal(size=(n, 3, 4)), w_q, w_k, w_v, w_o, 2


MISTAKES = (
    Slip("the softmax's sum is forgotten", "(dp - (dp * p).sum(axis=3, keepdims=True))", "dp", ("path-missing",)),
    Slip(
        "the root of the width is forgotten",
        "dscores / dscores.dtype.type(np.sqrt(q.shape[3]))",
        "dscores",
        ("factor", "factor-missing", "slope-missing"),
    ),
    Slip("one of the three ways to x is forgotten", " + dk @ w_k.T", "", ("path-missing",)),
    Slip(
        "heads and positions are not exchanged back",
        "dv = side_by_side(p.swapaxes(2, 3) @ dheads)",
        "dv = (p.swapaxes(2, 3) @ dheads).reshape(x.shape)",
        ("reshaped",),
    ),
    Slip("the root is that of the whole width", "q.shape[3]))", "x.shape[2]))", ("factor", "slope-squared")),
    Slip("the output's projection is not transposed", "dout @ w_o.T", "dout @ w_o", ("factor-transposed",)),
    Slip("the probabilities are not transposed", "p.swapaxes(2, 3) @ dheads", "p @ dheads", ("factor-transposed",)),
    Slip(
        "the output's projection meets the input",
        'np.einsum("nti,nto->io", joined, dout)',
        'np.einsum("nti,nto->io", x, dout)',
        ("wrong-operand",),
    ),
)
