"""The edges of a network's steps: what each hands on of a cotangent, and what a change of its operand does to its step.

>>> W = ArrayStep([[1.0, 2.0]], name="W")
>>> edge = penalty_edge(W, 0.1)
>>> edge.right(np.ones(())).tolist(), float(edge.push(np.array([[1.0, 0.0]]), edge.saved))
([[0.1, 0.2]], 0.1)
"""

from __future__ import annotations

from functools import partial

import numpy as np

from nn.diagnosis.alterations.step import ArrayStep, Edge
from nn.samples import Array


def affine_edges(z: ArrayStep) -> dict[str, Edge]:
    """Return the edges of z = a W + b to its operands a (N, D), W (D, C) and b (C,), by the names of the equations."""
    a, W, _ = z.operands
    return {
        "bias": Edge(z, 2, _summed, _repeated, z.value, "sum"),
        "weight": Edge(z, 1, _met, _weighed, a.value, "product"),
        "back": Edge(z, 0, _handed_down, _handed_up, W.value, "product"),
    }


def slope_edge(a: ArrayStep, slope: Array) -> Edge:
    """Return the edge of an activation to its operand z."""
    return Edge(a, 0, _scaled, _scaled, slope, "local")


def loss_edge(loss: str, output: ArrayStep, slope: Array) -> Edge:
    """Return the edge of a loss, one number, to the output."""
    return Edge(ArrayStep(0.0, loss, (output,)), 0, _scaled, _along, slope, "local")


def penalty_edge(leaf: ArrayStep, strength: float) -> Edge:
    """Return the edge of strength / 2 * sum(x * x) to x."""
    step = ArrayStep(0.0, "penalty", (leaf,))
    return Edge(step, 0, partial(_decayed, strength), partial(_decaying, strength), leaf.value, "product")


def _handed_down(delta: Array, W: Array) -> Array:
    return np.asarray(delta @ W.T)


def _handed_up(t: Array, W: Array) -> Array:
    return np.asarray(t @ W)


def _met(delta: Array, a: Array) -> Array:
    return np.asarray(a.T @ delta)


def _weighed(t: Array, a: Array) -> Array:
    return np.asarray(a @ t)


def _summed(delta: Array, z: Array) -> Array:
    return np.asarray(delta.sum(axis=0))


def _repeated(t: Array, z: Array) -> Array:
    return np.broadcast_to(t, z.shape)


def _scaled(g: Array, slope: Array) -> Array:
    return np.asarray(g * slope)


def _along(t: Array, slope: Array) -> Array:
    return np.asarray((t * slope).sum())


def _decayed(l2: float, g: Array, x: Array) -> Array:
    return np.asarray(g * (l2 * x))


def _decaying(l2: float, t: Array, x: Array) -> Array:
    return np.asarray(l2 * (t * x).sum())
