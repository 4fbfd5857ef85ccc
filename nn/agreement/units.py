"""How far rounding alone may move each entry of a gradient: a running error analysis of the matrix equations.

Every quantity of `matrix` is accompanied by ``e``, the error that first-order rounding may leave in it, in multiples of
the machine epsilon: what its operands bring, times the derivative, plus the rounding of the operation itself (Higham,
*Accuracy and Stability of Numerical Algorithms*, section 3.3).  An entry whose terms cancel therefore has a large unit,
and a saturated neuron, whose ``1 - a * a`` is all cancellation, too.

>>> params = {"layers.0.W": np.ones((2, 1)), "layers.0.b": np.zeros(1)}
>>> units = rounding_units(params, np.ones((1, 2)), np.array([2.0]), "identity", "identity", "mse")
>>> units["layers.0.W"].ravel() / EPS  # the gradient is 0, but each of its terms had a rounding error
array([8., 8.])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from engine.agreement import EPS
from nn import matrix
from nn.derivatives import JUDGED_LOSSES
from nn.leaky import USUAL, ByActivation
from nn.samples import Array

UNDERFLOW = float(np.finfo(np.float64).tiny)  # below it numbers have fewer digits: nothing smaller can be judged
NEAR = 8.0  # multiples of its error within which a pre-activation may be on either side of a kink


def _exact(z: Array, a: Array, e_z: Array) -> Array:
    return np.zeros_like(z)


def _kink(jump: float) -> Callable[[Array, Array, Array], Array]:
    """Either slope is right where rounding decides the side."""
    return lambda z, a, e_z: np.where(np.abs(z) < NEAR * EPS * e_z, jump / EPS, 0.0)


def _tanh(z: Array, a: Array, e_z: Array) -> Array:
    return 2.0 * np.abs(a) * ((1.0 - a * a) * e_z + np.abs(a)) + 1.0


def _sigmoid(z: Array, a: Array, e_z: Array) -> Array:
    return a * (1.0 - a) * e_z + a


def _softplus(z: Array, a: Array, e_z: Array) -> Array:
    s: Array = matrix.sigmoid(z)
    error: Array = s * (1.0 - s) * e_z + s
    return error


def _silu(z: Array, a: Array, e_z: Array) -> Array:
    s: Array = matrix.sigmoid(z)
    error: Array = (2.0 + np.abs(z)) * s * (1.0 - s) * e_z + s * (1.0 + 2.0 * np.abs(z))
    return error


def _gelu(z: Array, a: Array, e_z: Array) -> Array:
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    error: Array = density * (2.0 + z * z) * e_z + 1.0 + np.abs(z) * density
    return error


def _leaky(slope: float) -> Callable[[Array, Array, Array], Array]:
    return _kink(abs(1.0 - slope))


BY_NAME: dict[str, Callable[[Array, Array, Array], Array]] = {
    "identity": _exact,
    "relu": _kink(1.0),
    "leaky_relu": _leaky(USUAL),
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "silu": _silu,
    "gelu": _gelu,
}
SLOPE_ERRORS = ByActivation(BY_NAME, _leaky)
"""The error of f'(z), as it is computed from z and a."""


def _squares(weight: float) -> Callable[[Array, Array, Array], Array]:
    return lambda y, t, e_y: weight * (e_y + np.abs(y - t)) / y.shape[1]


def _cross_entropy(z: Array, t: Array, e_z: Array) -> Array:
    p: Array = matrix.softmax(z)
    e_z = e_z + np.abs(z - z.max(axis=1, keepdims=True))
    others = (p * e_z).sum(axis=1, keepdims=True) - p * e_z
    error: Array = p * ((1.0 - p) * e_z + others + 1.0) * t.sum(axis=1, keepdims=True) + np.abs(p - t)
    return error


def _binary_cross_entropy(z: Array, t: Array, e_z: Array) -> Array:
    p: Array = matrix.sigmoid(z)
    error: Array = (p * (1.0 - p) * e_z + p + np.abs(p - t)) / z.shape[1]
    return error


def _hinge(y: Array, t: Array, e_y: Array) -> Array:
    margin = 1.0 - t * y
    either = np.abs(margin) < NEAR * EPS * (np.abs(t) * e_y + np.abs(t * y))
    error: Array = np.where(either, 1.0 / EPS, 1.0) * np.abs(t) / y.shape[1]
    return error


def _svm(z: Array, t: Array, e_z: Array) -> Array:
    own, e_own = ((t * x).sum(axis=1, keepdims=True) for x in (z, e_z))
    either = np.abs(1.0 + z - own) < NEAR * EPS * (e_z + e_own + np.abs(z) + np.abs(own))
    uncertain = np.where(either & (t == 0.0), 1.0 / EPS, 0.0)
    error: Array = uncertain + t * uncertain.sum(axis=1, keepdims=True) + 1.0
    return error


LOSS_ERRORS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "mse": _squares(2.0),
    "half_mse": _squares(1.0),
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "hinge": _hinge,
    "svm": _svm,
}
"""The error of dC/dy, as it is computed from y and t."""


def rounding_units(
    params: Mapping[str, Array],
    X: Array,
    T: Array,
    activation: str,
    output: str,
    loss: str,
    strength: float = 0.0,
    scale: float | None = None,
) -> dict[str, Array]:
    """Return one unit of rounding for every entry of the gradient of a loss, in the parameters' shapes.

    Parameters
    ----------
    params, X, T
        As `matrix.value_and_gradients` takes them, in its rows convention.
    activation, output, loss, strength
        Of the hidden layers, of the last one, of the loss, and of 0.5 * strength * sum(W * W).
    scale
        What the sum over samples is multiplied with; by default 1/N, for their mean.
    """
    layers = matrix.depth(params)
    kinds = [activation] * (layers - 1) + [output]
    scale = 1.0 / len(X) if scale is None else scale
    zs, acts = matrix.forward(params, X, kinds)
    slopes = [matrix.ACTIVATIONS[kind].derivative(z, a) for kind, z, a in zip(kinds, zs, acts[1:])]
    e_acts, e_slopes = _forward_errors(params, zs, acts, kinds, slopes)
    t = matrix.targets(T, acts[-1].shape[1], loss)
    by_output = np.abs(JUDGED_LOSSES[loss].derivative(acts[-1], t)) * scale
    e_output = LOSS_ERRORS[loss](acts[-1], t, e_acts[-1]) * scale
    units: dict[str, Array] = {}
    for layer in reversed(range(layers)):
        slope, e_slope = np.abs(slopes[layer]), e_slopes[layer]
        delta = by_output * slope
        e_delta = e_output * slope + by_output * e_slope + 2.0 * delta
        W, size = np.abs(params[f"layers.{layer}.W"]), np.abs(acts[layer])
        e_W = size.T @ (e_delta + delta) + e_acts[layer].T @ delta + 2.0 * strength * W
        units[f"layers.{layer}.W"] = EPS * e_W + UNDERFLOW
        units[f"layers.{layer}.b"] = EPS * (e_delta + delta).sum(axis=0) + UNDERFLOW
        by_output, e_output = delta @ W.T, (e_delta + delta) @ W.T
    return units


def _forward_errors(
    params: Mapping[str, Array], zs: list[Array], acts: list[Array], kinds: list[str], slopes: list[Array]
) -> tuple[list[Array], list[Array]]:
    """Return the errors of the activations a[0..L] and of the slopes f'(z[0..L-1])."""
    e_acts, e_slopes = [np.zeros_like(acts[0])], []
    for layer, kind in enumerate(kinds):
        W, b = np.abs(params[f"layers.{layer}.W"]), np.abs(params[f"layers.{layer}.b"])
        e_z = (np.abs(acts[layer]) + e_acts[-1]) @ W + b
        z, a = zs[layer], acts[layer + 1]
        own = np.abs(z) if kind == "gelu" else np.abs(a)  # erf near -1 cancels: the error is of z's size
        e_acts.append(np.abs(slopes[layer]) * e_z + own)
        e_slopes.append(SLOPE_ERRORS[kind](z, a, e_z))
    return e_acts, e_slopes
