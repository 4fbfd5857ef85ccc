"""RNN: a recurrent layer with tanh.

Werbos, "Backpropagation Through Time" (1990); Goodfellow, Bengio and Courville, *Deep Learning* (2016), equations 10.8,
10.9 and 10.21 to 10.28.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def forward(x: Array, h0: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """Return the states ``h[t] = tanh(x[t] @ w_x + h[t - 1] @ w_h + b)``.

    Parameters
    ----------
    x, h0
        Sequences, (N, T, D), and the states before them, (N, H).
    w_x, w_h, b
        Of shapes (D, H), (H, H) and (H,).

    Returns
    -------
    tuple
        The states, (N, T, H), and what the backward pass needs.

    Examples
    --------
    >>> w = np.ones((1, 1))
    >>> forward(np.zeros((1, 2, 1)), np.zeros((1, 1)), w, w, np.ones(1))[0].round(3).tolist()
    [[[0.762], [0.943]]]
    """
    states = [h0]
    for t in range(x.shape[1]):
        z = x[:, t] @ w_x + states[t] @ w_h + b
        states.append(np.tanh(z))
    return np.stack(states[1:], axis=1), (x, states, w_x, w_h)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return dx (N, T, D), dh0 (N, H), dw_x (D, H), dw_h (H, H) and db (H,) of `dout` (N, T, H).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, states, w_x, w_h = cache
    dx, dw_x, dw_h, db = np.zeros_like(x), np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(w_h[0])
    dh = np.zeros_like(states[0])
    for t in reversed(range(x.shape[1])):
        dh = dh + dout[:, t]
        dz = dh * (1.0 - states[t + 1] ** 2)
        dx[:, t] = dz @ w_x.T
        dw_x += x[:, t].T @ dz
        dw_h += states[t].T @ dz
        db += dz.sum(axis=0)
        dh = dz @ w_h.T
    return dx, dh, dw_x, dw_h, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array, Array]:
    """Draw sequences of three steps, states and weights."""
    n, d, h = rng.integers(2, 4, 3)
    w_x, w_h = rng.normal(size=(d, h)), rng.normal(size=(h, h))
    return rng.normal(size=(n, 3, d)), rng.normal(size=(n, h)), w_x, w_h, rng.normal(size=h)


MISTAKES = (
    Slip("nothing is carried back in time", "dh = dh + dout[:, t]", "dh = dout[:, t]", ("path-missing",)),
    Slip(
        "the state after is taken for the one before",
        "dw_h += states[t].T",
        "dw_h += states[t + 1].T",
        ("wrong-index",),
    ),
    Slip("the steps' gradients are assigned", "dw_h += states[t].T @ dz", "dw_h = states[t].T @ dz", ("overwritten",)),
    Slip("the derivative of tanh is left out", "dh * (1.0 - states[t + 1] ** 2)", "dh", ("slope-missing",)),
    Slip("the weights are not transposed", "dz @ w_h.T", "dz @ w_h", ("factor-transposed",)),
    Slip("the bias gradient is a mean over the batch", "dz.sum(axis=0)", "dz.mean(axis=0)", ("mean-for-sum",)),
    Slip(
        "the derivative of tanh is taken without its square",
        "states[t + 1] ** 2",
        "states[t + 1]",
        ("slope-formula",),
    ),
    Slip("what is carried back does not pass the tanh", "dh = dz @ w_h.T", "dh = dh @ w_h.T", ("slope-not-carried",)),
)
