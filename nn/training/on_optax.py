"""Our optimisers as Optax's: the same updates to rounding, where the parameters are, and the same state by name.

An update leaves the learning rate out: whoever applies it multiplies by the step's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from engine import MissingExtraError
from nn.optim import SGD, Adam, AdamW, Optimizer
from nn.samples import Array

FIELDS = {"velocity": "trace", "m": "mu", "v": "nu"}  # our vectors, and Optax's names of them


def transformation(optimizer: Optimizer) -> Any:
    """Return an optimiser as Optax's gradient transformation, without its learning rate.

    Raises
    ------
    TypeError
        If it is of somebody's own class, which has no counterpart there.
    MissingExtraError
        If Optax is not installed.
    """
    optax, kind = _optax(), type(optimizer)
    decay = [optax.add_decayed_weights(optimizer.weight_decay)] if optimizer.weight_decay else []
    if isinstance(optimizer, SGD) and kind is SGD:
        momentum = [optax.trace(optimizer.momentum, optimizer.nesterov)] if optimizer.momentum else []
        return optax.chain(optax.identity(), *decay, *momentum)
    if isinstance(optimizer, Adam) and kind in (Adam, AdamW):
        adapted = [optax.scale_by_adam(*optimizer.betas, eps=optimizer.eps)]
        return optax.chain(*(adapted + decay if kind is AdamW else decay + adapted))
    raise TypeError(
        f"{kind.__name__} has no counterpart in Optax, which trains on devices: use SGD, Adam or AdamW, or "
        "backend='numpy'."
    )


def state_of(optimizer: Optimizer, fresh: Any, place: Callable[[Array], Any]) -> Any:
    """Return an optimiser's state as its transformation keeps it.

    Parameters
    ----------
    optimizer
        The optimiser.
    fresh
        The state that its transformation begins with.
    place
        What puts an array where the parameters are.
    """
    trees = _optax().tree_utils
    vectors = {FIELDS[name]: place(vector) for name, vector in optimizer.state.items()}
    count = trees.tree_get(fresh, "count")
    if count is not None:
        vectors["count"] = place(np.asarray(optimizer.steps, dtype=count.dtype))
    return trees.tree_set(fresh, **vectors)


def state_by_name(state: Any) -> dict[str, Array]:
    """Return a transformation's state as our optimiser keeps it: vectors of 64 bits on the host."""
    trees = _optax().tree_utils
    vectors = {name: trees.tree_get(state, field) for name, field in FIELDS.items()}
    return {name: np.array(vector, dtype=np.float64) for name, vector in vectors.items() if vector is not None}


def _optax() -> Any:
    try:
        return importlib.import_module("optax")
    except ImportError:
        raise MissingExtraError("Training on devices needs Optax: pip install 'liftgrad[jax]'.") from None
