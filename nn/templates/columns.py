"""My backpropagation, to be checked with ``python -m nn check my_backprop.py``.

Columns are samples (note 000): X is (D, N); layer l has W of shape (D, C) and b of shape (C,), and computes
z = W.T a + b.
"""

import numpy as np

CONVENTION = "columns"
SIZES = [5, 4, 3]  # inputs, then neurons in each layer
ACTIVATION = "tanh"  # of the hidden layers: relu, leaky_relu, tanh, sigmoid, softplus, silu, gelu or identity
OUTPUT = "identity"  # of the last layer
LOSS = "cross_entropy"  # of scores; or binary_cross_entropy (of scores), mse, half_mse, hinge
REDUCTION = "mean"  # or "sum", over the samples
L2 = 0.0  # strength of 0.5 * L2 * sum(W * W), over all weights and no bias


def gradients(params, X, T):
    """Return the gradient of the loss by every parameter.

    params   {"layers.0.W": (5, 4), "layers.0.b": (4,), "layers.1.W": (4, 3), "layers.1.b": (3,)}
    X        samples, (5, N)
    T        classes, (N,) integers; with another loss targets, (3, N)
    returns  arrays of the same names and shapes as params
    """
    W0, b0, W1, b1 = (params[name] for name in ("layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"))
    N = X.shape[1]

    # forward
    a1 = np.tanh(W0.T @ X + b0[:, None])
    z2 = W1.T @ a1 + b1[:, None]
    e = np.exp(z2 - z2.max(axis=0))
    p = e / e.sum(axis=0)

    # backward: put your own derivation here
    delta2 = p.copy()
    delta2[T, np.arange(N)] -= 1.0
    delta2 /= N
    delta1 = (W1 @ delta2) * (1.0 - a1**2)
    return {
        "layers.0.W": X @ delta1.T,
        "layers.0.b": delta1.sum(axis=1),
        "layers.1.W": a1 @ delta2.T,
        "layers.1.b": delta2.sum(axis=1),
    }
