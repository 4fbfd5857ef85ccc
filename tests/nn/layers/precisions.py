"""A layer's right gradient as people have it: exact, in single precision, or as differences of the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nn.layers.reference import Reference

Judged = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]
STEP = 1e-5


def is_float(x: Any) -> bool:
    """Whether it is an array that a layer has a gradient for."""
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


def in_double(layer: Reference, inputs: tuple[Any, ...]) -> Judged:
    """Return the layer as it is."""
    return layer.forward, layer.backward, inputs


def in_single(layer: Reference, inputs: tuple[Any, ...]) -> Judged:
    """Return the layer with inputs in single precision."""
    return layer.forward, layer.backward, tuple(x.astype(np.float32) if is_float(x) else x for x in inputs)


def by_differences(layer: Reference, inputs: tuple[Any, ...]) -> Judged:
    """Return the layer with central differences for its backward pass."""

    def forward(*inputs: Any) -> Any:
        return layer.forward(*inputs)[0]

    def backward(dout: Any, *inputs: Any) -> list[Any]:
        return differences(forward, dout, inputs)

    return forward, backward, inputs


def differences(forward: Callable[..., Any], dout: Any, inputs: tuple[Any, ...]) -> list[Any]:
    """Return by each array of floats the central differences of ``sum(dout * forward(*inputs))``."""
    gradients = []
    for x in inputs:
        if not is_float(x):
            continue
        gradient = np.zeros_like(x)
        for place in np.ndindex(x.shape):
            middle = x[place]
            x[place] = middle + STEP
            above = np.sum(forward(*inputs) * dout)
            x[place] = middle - STEP
            below = np.sum(forward(*inputs) * dout)
            x[place] = middle
            gradient[place] = (above - below) / (2.0 * STEP)
        gradients.append(gradient)
    return gradients


PRECISIONS = {"double": in_double, "single": in_single, "differences": by_differences}
