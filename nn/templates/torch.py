"""My backpropagation, to be checked with ``python -m nn check my_backprop.py``.

Rows are samples, weights as PyTorch and note 003 have them: X is (N, D); layer l has W of shape (C, D) and b of shape
(C,), and computes z = a W.T + b.
"""

import numpy as np

CONVENTION = "torch"
SIZES = [5, 4, 3]  # inputs, then neurons in each layer
ACTIVATION = "tanh"  # of the hidden layers: relu, leaky_relu, tanh, sigmoid, softplus, silu, gelu or identity
OUTPUT = "identity"  # of the last layer
LOSS = "cross_entropy"  # of scores; or binary_cross_entropy (of scores), mse, half_mse, hinge
REDUCTION = "mean"  # or "sum", over the samples
L2 = 0.0  # strength of 0.5 * L2 * sum(W * W), over all weights and no bias


def gradients(params, X, T):
    """Return the gradient of the loss by every parameter.

    params   {"layers.0.W": (4, 5), "layers.0.b": (4,), "layers.1.W": (3, 4), "layers.1.b": (3,)}
    X        samples, (N, 5)
    T        classes, (N,) integers; with another loss targets, (N, 3)
    returns  arrays of the same names and shapes as params
    """
    W0, b0, W1, b1 = (params[name] for name in ("layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"))
    N = len(X)

    # forward
    a1 = np.tanh(X @ W0.T + b0)
    z2 = a1 @ W1.T + b1
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)

    # backward: put your own derivation here
    delta2 = p.copy()
    delta2[np.arange(N), T] -= 1.0
    delta2 /= N
    delta1 = (delta2 @ W1) * (1.0 - a1**2)
    return {
        "layers.0.W": delta1.T @ X,
        "layers.0.b": delta1.sum(axis=0),
        "layers.1.W": delta2.T @ a1,
        "layers.1.b": delta2.sum(axis=0),
    }
