"""A model's outputs at a vector of its parameters, without a look at its Values.

Of an `MLP` they come from views of the vector, of any other model from a lifted program.  Where neither can be, the
Values are written and the model is called with one sample after another.

>>> from nn import MLP
>>> network = MLP(2, [3, 1])
>>> vector = ParameterVector(network)
>>> vector.numbers[:] = 1.0
>>> outputs_at(network, vector)(np.zeros((1, 2))).tolist()
[[4.0]]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

import engine
from engine import GuardError, LiftError, TraceError
from engine.collector import collector_paused
from nn.derivatives import ACTIVATIONS
from nn.module import Module
from nn.neuron import MLP
from nn.samples import Array
from nn.training.outputs import kinds_of, outputs_of, predict
from nn.training.steps import Extended
from nn.training.vector import ParameterVector

Outputs: TypeAlias = Callable[[Array], Array]

ROWS = 1024  # samples that are taken at a time: what is computed on the way is of so many, and stays in a cache


def outputs_at(model: Module, parameters: ParameterVector, lifted: bool = True, verify: bool | str = True) -> Outputs:
    """Return what gives the outputs (N, C) of samples at whatever the vector's numbers are.

    Parameters
    ----------
    model, parameters
        A model of standardised samples, and its parameters.
    lifted
        Whether a model that is no `MLP` is lifted.
    verify
        As in `engine.lift`.
    """
    kinds = layers_of(model, parameters)
    if kinds is not None:
        return _by_views(parameters, kinds)
    return _by_program(model, parameters, verify) if lifted else _by_values(model, parameters)


def layers_of(model: Module, parameters: ParameterVector) -> list[str] | None:
    """Return the activation of each layer where the vector holds W and b of every layer of an `MLP`, else None."""
    kinds = kinds_of(model)
    if kinds is None or not isinstance(model, MLP):
        return None
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, size in enumerate(zip(model.sizes, model.sizes[1:])):
        shapes |= {f"layers.{layer}.W": size, f"layers.{layer}.b": size[1:]}
    return kinds if shapes == {name: array.shape for name, array in parameters.named().items()} else None


def _by_views(parameters: ParameterVector, kinds: list[str]) -> Outputs:
    functions = [ACTIVATIONS[kind].f for kind in kinds]

    def of_rows(layers: list[tuple[Array, Array]], a: Array) -> Array:
        for (W, b), f in zip(layers, functions):
            z = a @ W
            z += b
            a = f(z)
        return a

    def outputs(X: Array) -> Array:
        named = parameters.named()
        layers = [(named[f"layers.{layer}.W"], named[f"layers.{layer}.b"]) for layer in range(len(kinds))]
        parts = [of_rows(layers, X[k : k + ROWS]) for k in range(0, len(X), ROWS)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    return outputs


def weighed_outputs(model: Module) -> Callable[[Any, Any], Any]:
    """Return a model's outputs for one sample, each times a weight, as one number: its slopes are the outputs."""

    def weighed(x: Any, weights: Any) -> Any:
        return engine.dot(outputs_of(model, x), weights)

    return weighed


def _by_program(model: Module, parameters: ParameterVector, verify: bool | str) -> Outputs:
    one, layout = weighed_outputs(model), parameters.layout
    at = Extended(engine.lift(one, batch=True, reduction="sum", parameters=layout, verify=verify))
    one_by_one = _by_values(model, parameters)

    def of_rows(X: Array, weights: Array) -> Array:
        vector, _ = at.vector(parameters.numbers, (X[:1], weights[:1]))
        inputs = at.program.value_and_grad(X, weights, parameters=vector, wrt="inputs")[1].inputs
        assert inputs is not None
        return np.asarray(inputs[1])

    def outputs(X: Array) -> Array:
        try:
            weights = np.zeros((len(X), predict(model, X[:1]).shape[1]))
            parts = [slice(k, k + ROWS) for k in range(0, len(X), ROWS)]
            return np.concatenate([of_rows(X[rows], weights[rows]) for rows in parts])
        except (GuardError, LiftError, TraceError):  # a branch that these samples take in several ways
            return one_by_one(X)

    return outputs


def _by_values(model: Module, parameters: ParameterVector) -> Outputs:
    def outputs(X: Array) -> Array:
        parameters.write()
        with collector_paused():
            return predict(model, X)

    return outputs
