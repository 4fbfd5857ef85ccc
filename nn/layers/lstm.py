"""LSTM: a layer of long short-term memory.

Hochreiter and Schmidhuber (1997) with the forget gate of Gers and others (2000); the gradients as in Greff and others,
"LSTM: A Search Space Odyssey" (2017), appendix A, without peepholes.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def sigmoid(z: Array) -> Array:
    """Return ``1 / (1 + exp(-z))``."""
    return 1.0 / (1.0 + np.exp(-z))


def forward(x: Array, h0: Array, c0: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """Return the states ``h[t] = o * tanh(c[t])`` with ``c[t] = f * c[t - 1] + i * g``.

    Parameters
    ----------
    x, h0, c0
        Sequences, (N, T, D), and the states and cells before them, (N, H).
    w_x, w_h, b
        Of the gates i, f, o and g side by side: (D, 4H), (H, 4H) and (4H,).

    Returns
    -------
    tuple
        The states, (N, T, H), and what the backward pass needs.

    Examples
    --------
    >>> zeros = np.zeros((1, 1))
    >>> forward(np.ones((1, 1, 1)), zeros, zeros, np.ones((1, 4)), np.ones((1, 4)), np.zeros(4))[0].round(3).tolist()
    [[[0.37]]]
    """
    h, c, states, steps = h0, c0, [], []
    for t in range(x.shape[1]):
        h_before, c_before = h, c
        z_i, z_f, z_o, z_g = np.split(x[:, t] @ w_x + h_before @ w_h + b, 4, axis=1)
        i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), np.tanh(z_g)
        c = f * c_before + i * g
        a = np.tanh(c)
        h = o * a
        states.append(h)
        steps.append((h_before, c_before, i, f, o, g, a))
    return np.stack(states, axis=1), (x, w_x, w_h, steps)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return dx (N, T, D), dh0 and dc0 (N, H), dw_x (D, 4H), dw_h (H, 4H) and db (4H,) of `dout` (N, T, H).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, w_x, w_h, steps = cache
    dx, dw_x, dw_h, db = np.zeros_like(x), np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(w_h[0])
    dh, dc = np.zeros_like(steps[0][0]), np.zeros_like(steps[0][0])
    for t in reversed(range(x.shape[1])):
        h_before, c_before, i, f, o, g, a = steps[t]
        dh = dh + dout[:, t]
        dc = dc + dh * o * (1.0 - a**2)
        dz_i = dc * g * i * (1.0 - i)
        dz_f = dc * c_before * f * (1.0 - f)
        dz_o = dh * a * o * (1.0 - o)
        dz_g = dc * i * (1.0 - g**2)
        dz = np.concatenate([dz_i, dz_f, dz_o, dz_g], axis=1)
        dx[:, t] = dz @ w_x.T
        dw_x += x[:, t].T @ dz
        dw_h += h_before.T @ dz
        db += dz.sum(axis=0)
        dh = dz @ w_h.T
        dc = dc * f
    return dx, dh, dc, dw_x, dw_h, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Draw sequences of three steps, states, cells and weights."""
    n, d = 2, int(rng.integers(2, 4))
    w_x, w_h = rng.normal(size=(d, 8)), rng.normal(size=(2, 8))
    return rng.normal(size=(n, 3, d)), rng.normal(size=(n, 2)), rng.normal(size=(n, 2)), w_x, w_h, rng.normal(size=8)


MISTAKES = (
    Slip("the cell carries nothing back in time", "dc = dc + dh * o", "dc = dh * o", ("overwritten",)),
    Slip("the cell's gradient does not pass the forget gate", "dc = dc * f", "dc = dc", ("factor-missing",)),
    Slip("the derivative of tanh is left out at the output", "dh * o * (1.0 - a**2)", "dh * o", ("slope-missing",)),
    Slip(
        "the cell after is taken for the one before",
        "dc * c_before * f",
        "dc * (f * c_before + i * g) * f",
        ("wrong-operand",),
    ),
    Slip("the state carries nothing back in time", "dh = dh + dout[:, t]", "dh = dout[:, t]", ("path-missing",)),
    Slip("a gate's sigmoid is not differentiated", "dc * g * i * (1.0 - i)", "dc * g", ("slope-missing",)),
    Slip(
        "the candidate's derivative is the sigmoid's",
        "dc * i * (1.0 - g**2)",
        "dc * i * g * (1.0 - g)",
        ("slope-formula", "slope-of-another"),
    ),
    Slip("the steps' gradients are assigned", "dw_h += h_before.T @ dz", "dw_h = h_before.T @ dz", ("overwritten",)),
    Slip(
        "two gates are exchanged",
        "[dz_i, dz_f, dz_o, dz_g]",
        "[dz_f, dz_i, dz_o, dz_g]",
        ("parts-exchanged", "exchanged"),
    ),
)
