"""Embedding: a row of a table for each token.

Bengio and others, "A Neural Probabilistic Language Model" (2003), section 2: the gradient of a row is the sum over the
places where its word stands.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(w: Array, tokens: Array) -> tuple[Array, Cache]:
    """Return ``w[tokens]``.

    Parameters
    ----------
    w, tokens
        The table, (V, D), and numbers of its rows, (N, T) integers.

    Returns
    -------
    tuple
        The result, (N, T, D), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1, 1]]))[0].tolist()
    [[[3.0, 4.0], [3.0, 4.0]]]
    """
    out = w[tokens]
    return out, (w, tokens)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dw (V, D) of `dout` (N, T, D): a token that comes twice adds twice.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    w, tokens = cache
    dw: Array = np.zeros_like(w)
    np.add.at(dw, tokens, dout)
    return dw


def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw a table and tokens, some of them twice."""
    v, d = rng.integers(4, 7), rng.integers(2, 5)
    return rng.normal(size=(v, d)), np.append(rng.integers(0, v, 5), [2, 2, 1]).reshape(2, 4)


MISTAKES = (
    Slip("of equal tokens only the last counts", "np.add.at(dw, tokens, dout)", "dw[tokens] += dout", ("overwritten",)),
    Slip(
        "each row is a mean over its tokens",
        "return dw",
        "return dw / np.maximum(1, np.bincount(tokens.ravel(), minlength=len(w)))[:, None]",
        ("mean-for-sum",),
    ),
    Slip("only the first sequence counts", "tokens, dout", "tokens[0], dout[0]", ("slice",)),
    Slip("the gradient is a mean over the batch", "tokens, dout", "tokens, dout / len(tokens)", ("factor",)),
    Slip("the tokens are counted from 1", "tokens, dout", "tokens - 1, dout", ("off-by-one",)),
    Slip("the tokens' embeddings are the gradient", "tokens, dout", "tokens, w[tokens]", ("wrong-operand",)),
    Slip("only the last token of each sequence counts", "tokens, dout", "tokens[:, -1], dout[:, -1]", ("slice",)),
)
