"""The steps of a network's loss beside its products: biases, activations, losses and penalties, each with its slope.

>>> W = ArrayStep([[1.0, 2.0]], name="W")
>>> (edge,) = penalty(W, 0.1).edges
>>> edge.right(np.ones(())).tolist(), float(edge.push(np.array([[1.0, 0.0]]), edge.saved))
([[0.1, 0.2]], 0.1)
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from nn.derivatives import ACTIVATIONS, JUDGED_LOSSES
from nn.diagnosis.alterations.step import ArrayStep, Edge, value_of
from nn.leaky import slope_of
from nn.samples import Array


def added(x: ArrayStep, y: ArrayStep) -> ArrayStep:
    """Add two numbers, or a bias to every row."""
    step = ArrayStep(x.value + y.value, "add", (x, y))
    ones, rows = np.ones(step.value.shape), tuple(range(x.value.ndim - y.value.ndim))
    whole = Edge(step, 0, _scaled, _scaled, ones, "local")
    summed = Edge(step, 1, lambda g, saved: np.asarray((g * saved).sum(axis=rows)), _scaled, ones, "local")
    return step.linked(added, whole, summed)


def activation(kind: str, z: ArrayStep) -> ArrayStep:
    """Apply an activation; a leaky ReLU's name says its slope."""
    function, slope = ACTIVATIONS[kind], slope_of(kind)
    step = ArrayStep(function.f(z.value), kind if slope is None else f"leaky_relu({slope!r})", (z,))
    edge = Edge(step, 0, _scaled, _scaled, function.derivative(z.value, step.value), "local")
    return step.linked(partial(activation, kind), edge)


def loss(name: str, output: ArrayStep, t: Any, weight: Any) -> ArrayStep:
    """Sum a loss of outputs and targets over the samples, times a weight."""
    a, t, factor = output.value, np.asarray(t), value_of(weight)
    step = ArrayStep(JUDGED_LOSSES[name].values(a, t).sum() * factor, name, (output, t, factor))
    edge = Edge(step, 0, _scaled, _along, JUDGED_LOSSES[name].derivative(a, t) * factor, "local")
    return step.linked(partial(loss, name), edge)


def penalty(leaf: ArrayStep, strength: Any) -> ArrayStep:
    """Take strength / 2 * sum(x * x) of a parameter x."""
    x, l2 = leaf.value, value_of(strength)
    step = ArrayStep(0.5 * l2 * (x * x).sum(), "penalty", (leaf, l2))
    edge = Edge(step, 0, lambda g, x: np.asarray(g * (l2 * x)), lambda t, x: l2 * _along(t, x), x, "product")
    return step.linked(penalty, edge)


def _scaled(g: Array, slope: Array) -> Array:
    return np.asarray(g * slope)


def _along(t: Array, slope: Array) -> Array:
    return np.asarray((t * slope).sum())
