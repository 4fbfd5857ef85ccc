"""A network's outputs: by matrices where its layers are those of an `MLP`, one sample after the other elsewhere.

>>> from nn.neuron import MLP
>>> predict(MLP(3, [4, 2]), np.zeros((5, 3))).shape
(5, 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine import Value
from engine.arguments import described
from nn import matrix
from nn.module import Module
from nn.neuron import MLP, Layer
from nn.samples import Array, samples


def predict(model: Module, X: Any) -> Array:
    """Return the outputs for every sample, (N, C), in the units of the targets that it was trained on.

    Parameters
    ----------
    model
        An `MLP`, for which matrices compute it, or any `Module`, which is called with one sample after the other.
    X
        Samples as rows (N, D), as they are: the model standardises them if it was trained so.

    Raises
    ------
    TypeError, ValueError
        If these are not finite numbers, or not as many a sample as the network takes.
    """
    check_model(model, "predict(model, X)")
    check_columns(model.trained_on, X)
    X = samples(X, inputs_of(model))
    kinds = kinds_of(model)
    if kinds is None:
        return np.array([[float(v) for v in outputs_of(model, x)] for x in X.tolist()])
    inputs, targets = (model.scaling.inputs, model.scaling.targets) if model.scaling else (None, None)
    Y = outputs_by_matrices(model.arrays(), X if inputs is None else inputs.apply(X), kinds)
    return Y if targets is None else targets.undo(Y)


def outputs_by_matrices(params: Mapping[str, Array], X: Array, kinds: list[str]) -> Array:
    """Return the last layer's outputs (N, C) for standardised samples (N, D)."""
    return matrix.forward(params, X, kinds)[1][-1]


def inputs_of(model: Module) -> int | None:
    """Return how many numbers a sample of a model has, or None where it alone knows."""
    return model.sizes[0] if isinstance(model, MLP) and kinds_of(model) is not None else None


def kinds_of(model: Module) -> list[str] | None:
    """Return the activation of each layer where matrices compute what the model does, else None."""
    if not isinstance(model, MLP) or type(model).__call__ is not MLP.__call__:
        return None
    activations: list[str] = []
    for layer in model.layers:
        kinds = {neuron.activation for neuron in layer.neurons} if type(layer) is Layer else set()
        if len(kinds) != 1:
            return None
        activations += kinds
    return activations


def outputs_of(model: Module, x: Any) -> list[Any]:
    """Return a model's outputs for one sample: the list that it returns, or the one number.

    Raises
    ------
    TypeError
        If it returns anything else.
    """
    if not callable(model):
        kind = type(model).__name__
        raise TypeError(f"{kind} cannot be called: define __call__(self, x), which returns the outputs for one sample.")
    y = model(x)
    if isinstance(y, (Value, float, int, np.number)):
        return [y]
    if isinstance(y, (list, tuple)) or (isinstance(y, np.ndarray) and y.ndim == 1):
        listed = list(y)
        if listed and all(isinstance(v, (Value, float, int, np.number)) for v in listed):
            return listed
    kind = "a list of something else" if isinstance(y, (list, tuple)) and y else described(y)
    raise TypeError(f"{type(model).__name__} returns {kind} for a sample; return a list of its outputs.")


def columns_of(X: Any) -> tuple[str, ...] | None:
    """Return the names of a frame's columns, or None where there are none: numbers are no names."""
    columns = getattr(X, "columns", None)
    names = list(columns) if isinstance(columns, Iterable) else []
    return tuple(names) if names and all(isinstance(name, str) for name in names) else None


def check_columns(known: tuple[str, ...] | None, X: Any, what: str = "X") -> None:
    """Refuse a frame whose columns are not those, in their order, that a model is trained on.

    Raises
    ------
    ValueError
        Naming the first that differs.
    """
    columns = columns_of(X)
    if known is None or columns is None or known == columns or len(known) != len(columns):
        return  # how many there must be is said elsewhere
    k = next(k for k, names in enumerate(zip(known, columns)) if names[0] != names[1])
    way = f"pass {what}[{list(known)}]" if set(known) == set(columns) and len(known) <= 8 else "pass the same columns"
    raise ValueError(f"column {k} of {what} is {columns[k]!r}, in training it was {known[k]!r}: {way}.")


def check_model(model: Any, call: str, kind: type[Module] = Module) -> None:
    """Refuse what is no `Module` (or no `MLP`, where it must be one), such as arguments in another order.

    Raises
    ------
    TypeError
        Saying what was given, and how to call.
    """
    if not isinstance(model, kind):
        what = f"the class {model.__name__}, not one of its networks" if isinstance(model, type) else described(model)
        raise TypeError(f"the model comes first, {call}, and is an nn.{kind.__name__}; got {what}.")
