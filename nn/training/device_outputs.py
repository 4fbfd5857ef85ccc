"""A model's outputs as a function of JAX arrays: of an `MLP` by its layers, of any other model by a lifted program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

import engine
from nn.leaky import ByActivation
from nn.module import Module
from nn.samples import Array
from nn.training.devices import jax_itself
from nn.training.forward import layers_of, weighed_outputs
from nn.training.outputs import predict
from nn.training.steps import Extended
from nn.training.vector import ParameterVector

DeviceOutputs: TypeAlias = Callable[[Any, Any], Any]  # (parameters, samples) -> (N, C)


def device_activations() -> dict[str, Callable[[Any], Any]]:
    """Return the activations as JAX has them, by their names in `nn.derivatives`."""
    f = jax_itself().nn
    functions: dict[str, Callable[[Any], Any]] = {
        "identity": lambda z: z,
        "relu": lambda z: jax_itself().numpy.maximum(z, 0.0),  # whose NaN is NaN
        "leaky_relu": f.leaky_relu,
        "tanh": jax_itself().numpy.tanh,
        "sigmoid": f.sigmoid,
        "softplus": f.softplus,
        "silu": f.silu,
        "gelu": lambda z: f.gelu(z, approximate=False),
    }
    return ByActivation(functions, lambda slope: lambda z: f.leaky_relu(z, slope))


def outputs_on_device(
    model: Module, parameters: ParameterVector, example: Array, verify: bool | str = True
) -> tuple[DeviceOutputs, dict[int, int]]:
    """Return the outputs of samples at a vector of parameters, and how large an integer may be, by its input.

    Parameters
    ----------
    model, parameters
        A model of standardised samples, and its parameters.
    example
        One sample, from which a program is made if there must be one.
    verify
        As in `engine.lift`.
    """
    kinds = layers_of(model, parameters)
    if kinds is not None:
        return _by_layers(parameters, kinds), {}
    one, layout = weighed_outputs(model), parameters.layout
    at = Extended(engine.lift(one, batch=True, reduction="sum", parameters=layout, verify=verify))
    width = predict(model, example).shape[1]
    behind = at.vector(parameters.numbers, (example, np.zeros((1, width))))[0][at.size :]
    function, jnp = at.program.to_jax(wrt="inputs"), jax_itself().numpy

    def outputs(theta: Any, X: Any) -> Any:
        weights = jnp.zeros((len(X), width), theta.dtype)
        return function(jnp.concatenate([theta, behind.astype(theta.dtype)]), X, weights)[1][1]

    return outputs, {k: limit for k, limit in function.limits.items() if k == 0}


def _by_layers(parameters: ParameterVector, kinds: list[str]) -> DeviceOutputs:
    arrays, known = parameters.layout.arrays, device_activations()

    def outputs(theta: Any, X: Any) -> Any:
        named, a = {p.name: p.of(theta) for p in arrays}, X
        for layer, kind in enumerate(kinds):
            a = known[kind](a @ named[f"layers.{layer}.W"] + named[f"layers.{layer}.b"])
        return a

    return outputs
