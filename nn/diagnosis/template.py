"""Files to start from, one per convention: ``liftgrad check --template``; a right gradient of a two-layer network.

>>> template("torch").splitlines()[0]
'\"\"\"My backpropagation, to be checked with ``liftgrad check my_backprop.py``.'
"""

from __future__ import annotations

PAGE = '''"""My backpropagation, to be checked with ``liftgrad check my_backprop.py``.

{layout}
"""

import numpy as np

CONVENTION = "{convention}"
SIZES = [5, 4, 3]  # inputs, then neurons in each layer
ACTIVATION = "tanh"  # of the hidden layers: relu, leaky_relu, tanh, sigmoid, softplus, silu, gelu or identity
OUTPUT = "identity"  # of the last layer
LOSS = "cross_entropy"  # of scores; or binary_cross_entropy (of scores), mse, half_mse, hinge
REDUCTION = "mean"  # or "sum", over the samples
L2 = 0.0  # strength of 0.5 * L2 * sum(W * W), over all weights and no bias


def gradients(params, X, T):
    """Return the gradient of the loss by every parameter.

    params   {{"layers.0.W": {W0}, "layers.0.b": (4,), "layers.1.W": {W1}, "layers.1.b": (3,)}}
    X        samples, {X}
    T        classes, (N,) integers; with another loss targets, {T}
    returns  arrays of the same names and shapes as params
    """
    W0, b0, W1, b1 = (params[name] for name in ("layers.0.W", "layers.0.b", "layers.1.W", "layers.1.b"))
    N = {count}

    # forward
    a1 = np.tanh({z1})
    z2 = {z2}
    e = np.exp(z2 - z2.max({classes}))
    p = e / e.sum({classes})

    # backward: put your own derivation here
    delta2 = p.copy()
    delta2[{right}] -= 1.0
    delta2 /= N
    delta1 = ({back}) * (1.0 - a1**2)
    return {{
        "layers.0.W": {dW0},
        "layers.0.b": delta1.sum(axis={samples}),
        "layers.1.W": {dW1},
        "layers.1.b": delta2.sum(axis={samples}),
    }}
'''

ROWS = {
    "layout": """Rows are samples: X is (N, D); layer l has W of shape (D, C) and b of shape (C,), and computes
z = a W + b.""",
    "W0": "(5, 4)",
    "W1": "(4, 3)",
    "X": "(N, 5)",
    "T": "(N, 3)",
    "count": "len(X)",
    "z1": "X @ W0 + b0",
    "z2": "a1 @ W1 + b1",
    "classes": "axis=1, keepdims=True",
    "right": "np.arange(N), T",
    "back": "delta2 @ W1.T",
    "dW0": "X.T @ delta1",
    "dW1": "a1.T @ delta2",
    "samples": "0",
}
TORCH = ROWS | {
    "layout": """Rows are samples, weights as PyTorch and note 003 have them: X is (N, D); layer l has W of shape (C, D)
and b of shape (C,), and computes z = a W.T + b.""",
    "W0": "(4, 5)",
    "W1": "(3, 4)",
    "z1": "X @ W0.T + b0",
    "z2": "a1 @ W1.T + b1",
    "back": "delta2 @ W1",
    "dW0": "delta1.T @ X",
    "dW1": "delta2.T @ a1",
}
COLUMNS = ROWS | {
    "layout": """Columns are samples (note 000): X is (D, N); layer l has W of shape (D, C) and b of shape (C,), and
computes z = W.T a + b.""",
    "X": "(5, N)",
    "T": "(3, N)",
    "count": "X.shape[1]",
    "z1": "W0.T @ X + b0[:, None]",
    "z2": "W1.T @ a1 + b1[:, None]",
    "classes": "axis=0",
    "right": "T, np.arange(N)",
    "back": "W1 @ delta2",
    "dW0": "X @ delta1.T",
    "dW1": "a1 @ delta2.T",
    "samples": "1",
}
TEMPLATES = {"rows": ROWS, "columns": COLUMNS, "torch": TORCH}


def template(convention: str = "rows") -> str:
    """Return a file to start from, in a convention of the weights."""
    return PAGE.format(convention=convention, **TEMPLATES[convention])
