"""Max pooling: the largest of each window.

Goodfellow, Bengio and Courville, *Deep Learning* (2016), section 9.3; the gradient goes to the place of the maximum.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, size: int = 2, stride: int = 2) -> tuple[Array, Cache]:
    """Return the maximum of each window.

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
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    height, width = ((n - size) // stride + 1 for n in x.shape[2:])
    windows = np.stack([
        x[:, :, i : i + stride * height : stride, j : j + stride * width : stride]
        for i in range(size) for j in range(size)
    ])  # fmt: skip
    out = windows.max(axis=0)
    return out, (x, out, size, stride)


def backward(dout: Array, cache: Cache) -> Array:
    """Return dx (N, C, H, W) of `dout` (N, C, H', W'): windows that overlap add up.

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, out, size, stride = cache
    height, width = dout.shape[2:]
    dx: Array = np.zeros_like(x)
    for i in range(size):
        for j in range(size):
            rows = slice(i, i + stride * height, stride)
            columns = slice(j, j + stride * width, stride)
            mask = x[:, :, rows, columns] == out
            dx[:, :, rows, columns] += mask * dout
    return dx


def inputs(rng: np.random.Generator) -> tuple[Array, int, int]:
    """Draw images, and windows that overlap."""
    stride = int(rng.integers(1, 3))
    side = 3 if stride == 1 else 5
    return rng.normal(size=(2, 2, side, side)), stride + 1, stride


MISTAKES = (
    Slip(
        "overlapping windows overwrite one another",
        "columns] += mask * dout",
        "columns] = mask * dout",
        ("overwritten",),
    ),
    Slip("every place of a window gets the gradient", "mask * dout", "dout", ("slope-missing", "factor-missing")),
    Slip("it is shared as in average pooling", "mask * dout", "dout / size**2", ("slope-missing", "factor-missing")),
    Slip("the mask is the wrong way round", "columns] == out", "columns] != out", ("mask-inverted",)),
    Slip("the mask itself is the gradient", "mask * dout", "mask", ("upstream-missing",)),
    Slip("the maxima are the gradient", "mask * dout", "mask * out", ("wrong-operand",)),
    Slip(
        "it is multiplied with the maximum",
        "mask * dout",
        "mask * dout * out",
        ("slope-times-value", "slope-times-operand", "factor-too-many"),
    ),
)
