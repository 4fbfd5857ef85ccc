"""GRU: a layer of gated recurrent units.

Cho and others, "Learning Phrase Representations using RNN Encoder-Decoder" (2014), equations 5 to 8: the reset gate
acts on the state before the product.
"""

from __future__ import annotations

import numpy as np

from nn.layers.reference import Cache, Slip
from nn.samples import Array


def sigmoid(z: Array) -> Array:
    """Return ``1 / (1 + exp(-z))``."""
    return 1.0 / (1.0 + np.exp(-z))


def forward(x: Array, h0: Array, w_x: Array, w_h: Array, b: Array) -> tuple[Array, Cache]:
    """Return the states ``h[t] = u * h[t - 1] + (1 - u) * g``, with an update gate u, a reset gate r and a candidate g.

    Parameters
    ----------
    x, h0
        Sequences, (N, T, D), and the states before them, (N, H).
    w_x, w_h, b
        Of u, r and g, in this order: (3, D, H), (3, H, H) and (3, H).

    Returns
    -------
    tuple
        The states, (N, T, H), and what the backward pass needs.

    Examples
    --------
    >>> w = np.ones((3, 1, 1))
    >>> forward(np.ones((1, 1, 1)), np.zeros((1, 1)), w, w, np.zeros((3, 1)))[0].round(3).tolist()
    [[[0.205]]]
    """
    h, states, steps = h0, [], []
    for t in range(x.shape[1]):
        before = h
        u = sigmoid(x[:, t] @ w_x[0] + before @ w_h[0] + b[0])
        r = sigmoid(x[:, t] @ w_x[1] + before @ w_h[1] + b[1])
        reset = r * before
        g = np.tanh(x[:, t] @ w_x[2] + reset @ w_h[2] + b[2])
        h = u * before + (1.0 - u) * g
        states.append(h)
        steps.append((before, u, r, reset, g))
    return np.stack(states, axis=1), (x, w_x, w_h, steps)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return dx (N, T, D), dh0 (N, H), dw_x (3, D, H), dw_h (3, H, H) and db (3, H) of `dout` (N, T, H).

    Examples
    --------
    >>> import nn
    >>> nn.check_backward(forward, backward, *inputs(np.random.default_rng(0))).verdict
    'right'
    """
    x, w_x, w_h, steps = cache
    dx, dw_x, dw_h, db = np.zeros_like(x), np.zeros_like(w_x), np.zeros_like(w_h), np.zeros_like(w_h[:, 0])
    dh = np.zeros_like(steps[0][0])
    for t in reversed(range(x.shape[1])):
        before, u, r, reset, g = steps[t]
        dh = dh + dout[:, t]
        dz_u = dh * (before - g) * u * (1.0 - u)
        dz_g = dh * (1.0 - u) * (1.0 - g**2)
        dreset = dz_g @ w_h[2].T
        dz_r = dreset * before * r * (1.0 - r)
        for k, (dz, state) in enumerate([(dz_u, before), (dz_r, before), (dz_g, reset)]):
            dx[:, t] += dz @ w_x[k].T
            dw_x[k] += x[:, t].T @ dz
            dw_h[k] += state.T @ dz
            db[k] += dz.sum(axis=0)
        dh = dh * u + dz_u @ w_h[0].T + dz_r @ w_h[1].T + dreset * r
    return dx, dh, dw_x, dw_h, db


def inputs(rng: np.random.Generator) -> tuple[Array, Array, Array, Array, Array]:
    """Draw sequences of three steps, states and weights."""
    n, d = 2, int(rng.integers(2, 4))
    w_x, w_h, b = rng.normal(size=(3, d, 2)), rng.normal(size=(3, 2, 2)), rng.normal(size=(3, 2))
    return rng.normal(size=(n, 3, d)), rng.normal(size=(n, 2)), w_x, w_h, b


MISTAKES = (
    Slip("the direct way of the state back in time is forgotten", "dh = dh * u + dz_u", "dh = dz_u", ("path-missing",)),
    Slip("the way through the reset gate is forgotten", " + dz_r @ w_h[1].T + dreset", " + dreset", ("path-missing",)),
    Slip(
        "the update gate's derivative is left out", "(before - g) * u * (1.0 - u)", "(before - g)", ("slope-missing",)
    ),
    Slip("the update gate is turned", "(before - g)", "(g - before)", ("sign",)),
    Slip(
        "the candidate's weights meet the state, not the reset one",
        "(dz_g, reset)",
        "(dz_g, before)",
        ("wrong-operand",),
    ),
    Slip("the candidate's way through the reset gate is forgotten", " + dreset * r", "", ("path-missing",)),
    Slip("nothing is carried back in time", "dh = dh + dout[:, t]", "dh = dout[:, t]", ("path-missing",)),
    Slip(
        "u stands for 1 - u at the candidate",
        "dh * (1.0 - u) * (1.0 - g**2)",
        "dh * u * (1.0 - g**2)",
        ("wrong-operand",),
    ),
)
