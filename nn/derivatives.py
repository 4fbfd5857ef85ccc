"""Activations and losses in NumPy, each beside its derivative, by hand.

No calculus of `engine` is used here: `nn.matrix`, which has these names too, is to be independent of it.

>>> z = np.array([-1.0, 2.0])
>>> ACTIVATIONS["relu"].f(z), ACTIVATIONS["relu"].derivative(z, z)
(array([0., 2.]), array([0., 1.]))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.arguments import whole
from nn.leaky import USUAL, ByActivation
from nn.samples import Array
from nn.shapes import a_count, class_numbers, one_among, takes

# --- activations: f, and f' from the pre-activation z and the activation a ----------------------------------------


@takes(z="...")
def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow for any z.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


@takes(z="...")
def softmax(z: Array, axis: int = -1) -> Array:
    """exp(z) / sum(exp(z)) along an axis, shifted so that it is stable for any scores (missing in note 001).

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    if not z.ndim:
        raise ValueError("z must be an array of scores; got one number.")
    whole(axis, "axis", least=-z.ndim, most=z.ndim - 1)
    if not z.size:
        return z.astype(float)
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    p: Array = e / e.sum(axis=axis, keepdims=True)
    return p


_erf = np.frompyfunc(math.erf, 1, 1)


def _normal_cdf(z: Array) -> Array:
    return 0.5 * (1.0 + np.asarray(_erf(z / math.sqrt(2.0)), dtype=float))


def _normal_pdf(z: Array) -> Array:
    return np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Activation:
    """A function of the pre-activation and its derivative, which may use the activation as well."""

    f: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


def leaky_relu(slope: float) -> Activation:
    """Return the leaky ReLU of a slope below zero."""
    return Activation(lambda z: np.where(z > 0, z, slope * z), lambda z, a: np.where(z > 0, 1.0, slope))


FUNCTIONS: dict[str, Activation] = {
    "identity": Activation(lambda z: z, lambda z, a: np.ones_like(z)),
    "relu": Activation(lambda z: np.maximum(z, 0.0), lambda z, a: (z > 0).astype(float)),
    "leaky_relu": leaky_relu(USUAL),
    "tanh": Activation(np.tanh, lambda z, a: 1.0 - a * a),
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1.0 - a)),
    "softplus": Activation(lambda z: np.logaddexp(z, 0.0), lambda z, a: sigmoid(z)),
    "silu": Activation(lambda z: z * sigmoid(z), lambda z, a: sigmoid(z) * (1.0 + z * (1.0 - sigmoid(z)))),
    "gelu": Activation(lambda z: z * _normal_cdf(z), lambda z, a: _normal_cdf(z) + z * _normal_pdf(z)),
}
ACTIVATIONS = ByActivation(FUNCTIONS, leaky_relu)

# --- losses: the value of each sample, and its derivative by the network's output y; rows are samples ---------------


@takes(classes=a_count)
def one_hot(labels: Array, classes: int) -> Array:
    """Return one row per label with a 1 in its column (note 003, whose code gives booleans).

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    rows: Array = class_numbers(labels, "labels", classes)[:, None] == np.arange(classes)
    return rows.astype(float)


@dataclass(frozen=True)
class Loss:
    """Per-sample losses, and their derivatives by the output: both take outputs and targets, (N, C)."""

    values: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]


def _cross_entropy(z: Array, t: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    values: Array = -(t * log_p).sum(axis=1)
    return values


LOSSES: dict[str, Loss] = {
    "mse": Loss(lambda y, t: ((y - t) ** 2).mean(axis=1), lambda y, t: 2.0 * (y - t) / y.shape[1]),
    "half_mse": Loss(lambda y, t: 0.5 * ((y - t) ** 2).mean(axis=1), lambda y, t: (y - t) / y.shape[1]),
    "cross_entropy": Loss(_cross_entropy, lambda z, t: softmax(z) * t.sum(axis=1, keepdims=True) - t),
    "binary_cross_entropy": Loss(
        lambda z, t: (np.logaddexp(z, 0.0) - t * z).mean(axis=1), lambda z, t: (sigmoid(z) - t) / z.shape[1]
    ),
    "hinge": Loss(
        lambda y, t: np.maximum(1.0 - t * y, 0.0).mean(axis=1),
        lambda y, t: np.where(1.0 - t * y > 0.0, -t, 0.0) / y.shape[1],
    ),
}


def _svm_derivative(z: Array, t: Array) -> Array:
    exceeding = (1.0 + z - (t * z).sum(axis=1, keepdims=True) > 0.0) * (1.0 - t)
    derivative: Array = exceeding - t * exceeding.sum(axis=1, keepdims=True)
    return derivative


def _svm(z: Array, t: Array) -> Array:
    margins = (1.0 + z - (t * z).sum(axis=1, keepdims=True)) * (1.0 - t)
    values: Array = np.maximum(margins, 0.0).sum(axis=1)
    return values


JUDGED_LOSSES = LOSSES | {"svm": Loss(_svm, _svm_derivative)}
"""Losses whose gradients are judged: those that networks are trained on, and the multiclass SVM's (CS231n)."""
OF_CLASSES = ("cross_entropy", "svm")  # whose targets are classes


@takes(T="...", outputs=a_count, loss=one_among(JUDGED_LOSSES))
def targets(T: Array, outputs: int, loss: str) -> Array:
    """Return targets as an (N, C) float array: classes become one-hot rows, a vector becomes a column.

    >>> targets(np.array([1, 0]), 2, "cross_entropy")
    array([[0., 1.],
           [1., 0.]])
    """
    if loss in OF_CLASSES and T.ndim == 1:
        return one_hot(T, outputs)
    rows = T.astype(float)[:, None] if T.ndim == 1 else T.astype(float)
    if rows.ndim != 2 or rows.shape[1] != outputs:
        raise ValueError(f"T must hold one target for each of {outputs} outputs, (N, {outputs}); got shape {T.shape}.")
    return rows
