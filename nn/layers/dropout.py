"""Dropout: some activations are set to 0 in training, and the others enlarged.

Srivastava and others, "Dropout" (2014), section 10, in the inverted form of the CS231n notes, "Neural Networks Part 2".
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, kept: Array, p: float) -> tuple[Array, Cache]:
    """Return ``x * kept / p``.

    Parameters
    ----------
    x
        Activations, (N, D).
    kept
        Which of them are kept, (N, D) of bool.
    p
        With which probability they are.

    Returns
    -------
    tuple
        The result, (N, D), and what the backward pass needs.

    Examples
    --------
    >>> forward(np.array([[1.0, 2.0]]), np.array([[True, False]]), 0.5)[0].tolist()
    [[2.0, 0.0]]
    """
    mask = kept / p
    return x * mask, (mask, kept, p)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dx (N, D) of `dout` (N, D): the mask of the forward pass, not another one.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    mask, _kept, _p = cache
    dx: Array = dout * mask
    return dx


def inputs(rng: np.random.Generator) -> tuple[Array, Array, float]:
    """Draw activations, which are kept, and with which probability."""
    n, d = rng.integers(3, 6, 2)
    kept = rng.permutation(np.arange(n * d) % 3 > 0).reshape(n, d)
    return rng.normal(size=(n, d)), kept, 0.6


MISTAKES = (
    Slip("the mask is not applied", "dout * mask", "dout / _p", ("mask-missing",)),
    Slip("the scale is forgotten", "dout * mask", "dout * _kept", ("factor", "scale-missing")),
    Slip("mask and scale are forgotten", "dout * mask", "dout.copy()", ("factor-missing",)),
    Slip("it is multiplied with the probability", "dout * mask", "dout * _kept * _p", ("scale-missing", "factor")),
    Slip("the mask is the wrong way round", "dout * mask", "dout * ~_kept / _p", ("mask-inverted",)),
    Slip("the mask is applied twice", "dout * mask", "dout * mask * mask", ("slope-squared", "factor")),
    Slip("what arrives is ignored", "dout * mask", "mask.copy()", ("upstream-missing",)),
)
