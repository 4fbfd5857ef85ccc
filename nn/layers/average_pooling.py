"""Average pooling: the mean of each window.

LeCun and others, "Gradient-Based Learning Applied to Document Recognition" (1998), section II.B: the subsampling
layers, without their coefficients.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, size: int = 2, stride: int = 2) -> tuple[Array, Cache]:
    """Return the mean of each window.

    Parameters
    ----------
    x
        Images, (N, C, H, W).
    size, stride
        Of the windows, which overlap where the stride is smaller.

    Returns
    -------
    tuple
        The result, (N, C, H', W') with ``H' = (H - size) // stride + 1``, and what the backward pass needs.

    Examples
    --------
    >>> forward(np.arange(16.0).reshape(1, 1, 4, 4))[0].tolist()
    [[[[2.5, 4.5], [10.5, 12.5]]]]
    """
    height, width = ((n - size) // stride + 1 for n in x.shape[2:])
    total = np.zeros((height, width))
    for i in range(size):
        for j in range(size):
            total = total + x[:, :, i : i + stride * height : stride, j : j + stride * width : stride]
    return total / size**2, (x.shape, size, stride)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dx (N, C, H, W) of `dout` (N, C, H', W'): each place of a window has the same share.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    shape, size, stride = cache
    height, width = dout.shape[2:]
    dx: Array = np.zeros(shape, dout.dtype)
    for i in range(size):
        for j in range(size):
            rows = slice(i, i + stride * height, stride)
            columns = slice(j, j + stride * width, stride)
            dx[:, :, rows, columns] += dout / size**2
    return dx


def inputs(rng: np.random.Generator) -> tuple[Array, int, int]:
    """Draw images, and windows that overlap."""
    stride = int(rng.integers(1, 3))
    side = 3 if stride == 1 else 5
    return rng.normal(size=(2, 2, side, side + stride)), stride + 1, stride


MISTAKES = (
    Slip("the mean is forgotten", "dout / size**2", "dout", ("factor", "slope-missing", "factor-missing")),
    Slip("overlapping windows overwrite one another", "columns] += dout", "columns] = dout", ("overwritten",)),
    Slip("it is divided by the side, not the area", "dout / size**2", "dout / size", ("factor",)),
    Slip(
        "it is divided by the number of windows",
        "dout / size**2",
        "dout / (height * width)",
        ("factor", "factor-exchanged"),
    ),
    Slip(
        "only the first place of a window gets it",
        "dout / size**2",
        "dout / size**2 * (i == j == 0)",
        ("path-missing", "overwritten"),
    ),
    Slip("what arrives is ignored", "dout / size**2", "1.0 / size**2", ("upstream-missing",)),
)
