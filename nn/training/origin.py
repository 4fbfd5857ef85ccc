"""Where a loss stopped being a number: in which sample, which operation, and on which line of its author's code.

>>> import math, numpy as np
>>> from nn import MLP
>>> network = MLP(2, [1], activation="tanh")
>>> network.layers[0].neurons[0].b.data = math.inf
>>> origin(network, "mse", np.ones((3, 2)), np.zeros((3, 1)))
"sample 0: 'layers.0.neurons.0.b' = inf is a leaf"
"""

from __future__ import annotations

import engine
from nn.losses import sample_loss
from nn.module import Module
from nn.samples import Array


def origin(model: Module, loss: str, X: Array, T: Array) -> str:
    """Return what `engine.find_nan` says of the first sample whose loss is not finite; "" where all are.

    Parameters
    ----------
    model, loss, X, T
        As `nn.fit` takes them; the model has the parameters at which the loss was not finite.
    """
    of_one_sample = sample_loss(model, loss)
    for i, (x, t) in enumerate(zip(X.tolist(), T.tolist())):
        with engine.provenance():
            value = of_one_sample(x, t)
        sentence = engine.find_nan(value) if isinstance(value, engine.Value) else None
        if sentence is not None:
            return f"sample {i}: {sentence}"
    return ""
