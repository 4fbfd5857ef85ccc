"""Convolution: of images, as networks have it, a cross-correlation, with stride and padding.

Goodfellow, Bengio and Courville, *Deep Learning* (2016), equations 9.7 and 9.11 to 9.13.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, w: Array, b: Array, stride: int = 1, padding: int = 0) -> tuple[Array, Cache]:
    """Return the sum over kernel places and channels of the image, moved by the place, times the kernel, plus b.

    Parameters
    ----------
    x, w, b
        Images (N, C, H, W), kernels (F, C, K, K) and biases (F,).
    stride, padding
        How far the kernel moves, and how many zeros are around the image.

    Returns
    -------
    tuple
        The result, (N, F, H', W') with ``H' = (H + 2 padding - K) // stride + 1``, and what the backward pass needs.

    Examples
    --------
    >>> x, w = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
    >>> forward(x, w, np.zeros(1))[0].tolist()
    [[[[8.0, 12.0], [20.0, 24.0]]]]
    """
    size = w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height, width = ((n - size) // stride + 1 for n in padded.shape[2:])
    out = b[:, None, None]
    for i in range(size):
        for j in range(size):
            window = padded[:, :, i : i + stride * height : stride, j : j + stride * width : stride]
            out = out + np.einsum("nchw,fc->nfhw", window, w[:, :, i, j])
    return out, (padded, w, stride, padding)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dx (N, C, H, W), dw (F, C, K, K) and db (F,) of `dout` (N, F, H', W').

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    padded, w, stride, padding = cache
    height, width = dout.shape[2:]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            rows = slice(i, i + stride * height, stride)
            columns = slice(j, j + stride * width, stride)
            dw[:, :, i, j] = np.einsum("nfhw,nchw->fc", dout, padded[:, :, rows, columns])
            dpadded[:, :, rows, columns] += np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
    db = dout.sum(axis=(0, 2, 3))
    dx = dpadded[:, :, padding : padded.shape[2] - padding, padding : padded.shape[3] - padding]
    return dx, dw, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, int, int]:
    """Draw images, and kernels whose windows overlap, with a stride of 1 or 2 and zeros around."""
    stride = int(rng.integers(1, 3))
    side, size = (3, 2) if stride == 1 else (4, 3)
    x, w = rng.normal(size=(2, 2, side, side)), rng.normal(size=(2, 2, size, size))
    return x, w, rng.normal(size=2), stride, 1


MISTAKES = (
    Slip("overlapping windows overwrite one another", "columns] += np", "columns] = np", ("overwritten",)),
    Slip(
        "the kernel is turned by half a turn",
        "dout, w[:, :, i, j]",
        "dout, w[:, :, -1 - i, -1 - j]",
        ("factor-rearranged",),
    ),
    Slip("the bias gradient is a mean", "db = dout.sum", "db = dout.mean", ("mean-for-sum",)),
    Slip(
        "the padding is cut off at the wrong end",
        "padding : padded.shape[2] - padding, padding : padded.shape[3] - padding",
        ": padded.shape[2] - 2 * padding, : padded.shape[3] - 2 * padding",
        ("padding-counted",),
    ),
    Slip(
        "the kernels' gradient is turned by half a turn",
        "dw[:, :, i, j]",
        "dw[:, :, -1 - i, -1 - j]",
        ("factor-rearranged",),
    ),
    Slip("in and out are exchanged", '"nfhw,fc->nchw"', '"nfhw,cf->nchw"', ("factor-transposed",)),
    Slip(
        "the kernels' gradient is a mean over the batch",
        'np.einsum("nfhw,nchw->fc", dout,',
        'np.einsum("nfhw,nchw->fc", dout / len(dout),',
        ("factor", "mean-for-sum"),
    ),
    Slip(
        "the kernel is left out", '"nfhw,fc->nchw", dout, w[:', '"nfhw,fc->nchw", dout, 0.0 * w[:', ("wrong-constant",)
    ),
)
