"""Multiclass SVM: the support vector machine's hinge loss.

Crammer and Singer's margin as summed by Weston and Watkins (1999); the gradient as in the CS231n notes, "Optimization",
under "Computing the gradient analytically with Calculus".
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(z: Array, y: Array) -> tuple[Array, Cache]:
    """Return the mean over samples of the sum of ``max(0, z[j] - z[y] + 1)`` over the other classes.

    Parameters
    ----------
    z, y
        Scores, (N, C), and the number of the right class, (N,) integers.

    Returns
    -------
    tuple
        The loss, one number, and what the backward pass needs.

    Examples
    --------
    >>> float(forward(np.array([[3.0, 2.5, -1.0]]), np.array([0]))[0])
    0.5
    """
    n = len(z)
    right = z[np.arange(n), y]
    margins = np.maximum(0.0, z - right[:, None] + 1.0)
    margins[np.arange(n), y] = 0.0
    loss = margins.sum() / n
    return loss, (margins, y)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dz (N, C) of `dout`: one for each class within the margin, and less their number for the right one.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    margins, y = cache
    n = len(margins)
    dz = (margins > 0.0).astype(margins.dtype)
    dz[np.arange(n), y] = -dz.sum(axis=1)
    scaled: Array = dout * dz / n
    return scaled


def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw scores and classes."""
    n, c = rng.integers(3, 6, 2)
    return rng.normal(size=(n, c)), rng.integers(0, c, n)


MISTAKES = (
    Slip(
        "the right class gets nothing",
        "dz[np.arange(n), y] = -dz.sum(axis=1)",
        "dz[np.arange(n), y] = 0.0",
        ("path-missing",),
    ),
    Slip("the right class counts one violation only", "-dz.sum(axis=1)", "-1.0", ("wrong-upstream",)),
    Slip("the mean over the batch is forgotten", "dout * dz / n", "dout * dz", ("factor", "factor-missing")),
    Slip(
        "the margins stand for the mask",
        "(margins > 0.0).astype(margins.dtype)",
        "margins.copy()",
        ("wrong-operation",),
    ),
    Slip("the mask is the wrong way round", "margins > 0.0", "margins <= 0.0", ("mask-inverted",)),
    Slip("the right class is pushed down too", "-dz.sum(axis=1)", "dz.sum(axis=1)", ("sign",)),
    Slip("what arrives is ignored", "dout * dz / n", "dz / n", ("upstream-missing", "factor-missing")),
)
