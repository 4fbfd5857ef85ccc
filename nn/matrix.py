"""Backpropagation by hand, in matrices: the notes' equations in NumPy, independent of the scalar engine.

No calculus of `engine` is used here, so comparing this path with the scalar one means something.  Where a note is
misprinted, what is right is implemented.

    z[l] = a[l-1] W[l] + b[l],   a[l] = f(z[l])                          forward, rows are samples      (note 001)
    delta[L] = dC/da[L] * f'(z[L])                                       BP1, BP1b                      (note 000)
    delta[l] = (delta[l+1] W[l+1].T) * f'(z[l])                          BP2, BP2b
    dC/db[l] = sum of delta[l] over samples                              BP3, BP3b
    dC/dW[l] = a[l-1].T delta[l]                                         BP4, BP4b

The 1/N of a batch mean is applied once, to the output's delta, as note 000 advises.

Three conventions of the weights are known: ``"rows"`` (note 001: X is N x D, W is D x C), ``"columns"`` (note 000: a
sample is a column, X is D x N, W is D x C) and ``"torch"`` (note 003: X is N x D, W is C x D).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from engine.arguments import listed, number, one_of, whole
from nn.shapes import arrays_by_name, layers, shaped, takes
from nn.shapes import classes as _classes

Array: TypeAlias = npt.NDArray[Any]
Params: TypeAlias = Mapping[str, Array]

# --- what arguments may be -------------------------------------------------------------------------------------


def _strength(x: Any, name: str) -> float:
    return number(x, name, least=0.0)


def _activation(x: Any, name: str) -> str:
    return str(one_of(x, name, ACTIVATIONS))


def _loss(x: Any, name: str) -> str:
    return str(one_of(x, name, LOSSES))


def _convention(x: Any, name: str) -> str:
    return str(one_of(x, name, CONVENTIONS))


def _outputs(x: Any, name: str) -> int:
    return whole(x, name, least=1)


# --- activations: f and its derivative, from the pre-activation z and the activation a -------------------------


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


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(lambda z: z, lambda z, a: np.ones_like(z)),
    "relu": Activation(lambda z: np.maximum(z, 0.0), lambda z, a: (z > 0).astype(float)),
    "leaky_relu": Activation(lambda z: np.where(z > 0, z, 0.01 * z), lambda z, a: np.where(z > 0, 1.0, 0.01)),
    "tanh": Activation(np.tanh, lambda z, a: 1.0 - a * a),
    "sigmoid": Activation(sigmoid, lambda z, a: a * (1.0 - a)),
    "softplus": Activation(lambda z: np.logaddexp(z, 0.0), lambda z, a: sigmoid(z)),
    "silu": Activation(lambda z: z * sigmoid(z), lambda z, a: sigmoid(z) * (1.0 + z * (1.0 - sigmoid(z)))),
    "gelu": Activation(lambda z: z * _normal_cdf(z), lambda z, a: _normal_cdf(z) + z * _normal_pdf(z)),
}

# --- losses: the value of each sample, and its derivative by the network's output y; rows are samples ---------------


@takes(classes=_outputs)
def one_hot(labels: Array, classes: int) -> Array:
    """Return one row per label with a 1 in its column (note 003, whose code gives booleans).

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    rows: Array = _classes(labels, "labels", classes)[:, None] == np.arange(classes)
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


@takes(T="...", outputs=_outputs, loss=_loss)
def targets(T: Array, outputs: int, loss: str) -> Array:
    """Return targets as an (N, C) float array: classes become one-hot rows, a vector becomes a column.

    >>> targets(np.array([1, 0]), 2, "cross_entropy")
    array([[0., 1.],
           [1., 0.]])
    """
    if loss == "cross_entropy" and T.ndim == 1:
        return one_hot(T, outputs)
    rows = T.astype(float)[:, None] if T.ndim == 1 else T.astype(float)
    if rows.ndim != 2 or rows.shape[1] != outputs:
        raise ValueError(f"T must hold one target for each of {outputs} outputs, (N, {outputs}); got shape {T.shape}.")
    return rows


# --- the four equations, one function each; rows are samples -------------------------------------------------------


@takes(a="N D", W="D C", b="C")
def pre_activation(a: Array, W: Array, b: Array) -> Array:
    """Z = A W + b: all neurons on all samples (note 001, "multiple inputs").  (N, D) (D, C) -> (N, C)."""
    return a @ W + b


@takes(y="N C", z="N C", t="N C", loss=_loss, activation=_activation, scale=number)
def output_delta(y: Array, z: Array, t: Array, loss: str, activation: str, scale: float) -> Array:
    """BP1b (note 000): delta[L] = dC/da * f'(z), times the batch's `scale` (1/N of a mean).  (N, C)."""
    return LOSSES[loss].derivative(y, t) * ACTIVATIONS[activation].derivative(z, y) * scale


@takes(delta="N C", W="D C", z="N D", a="N D", activation=_activation)
def propagate(delta: Array, W: Array, z: Array, a: Array, activation: str) -> Array:
    """BP2b (note 000): delta[l] = (delta[l+1] W[l+1].T) * f'(z[l]).  (N, C) (D, C) -> (N, D)."""
    before: Array = (delta @ W.T) * ACTIVATIONS[activation].derivative(z, a)
    return before


@takes(delta="N C")
def bias_gradient(delta: Array) -> Array:
    """BP3b (note 000): dC/db = sum of delta over samples.  (N, C) -> (C,)."""
    summed: Array = delta.sum(axis=0)
    return summed


@takes(a="N D", delta="N C")
def weight_gradient(a: Array, delta: Array) -> Array:
    """BP4b (note 000), and dW = X.T dOut (note 001).  (N, D) (N, C) -> (D, C)."""
    gradient: Array = a.T @ delta
    return gradient


@takes(W="...", l2=_strength)
def regularisation(W: Array, l2: float) -> float:
    """0.5 * l2 * sum(W * W), and 0 where there is no regularisation, however large the weights (note 001)."""
    return 0.5 * l2 * float((W * W).sum()) if l2 else 0.0


@takes(W="...", l2=_strength)
def regularisation_gradient(W: Array, l2: float) -> Array:
    """Derivative of 0.5 * l2 * sum(W * W), which is l2 * W (note 001's ``reg * W``)."""
    return l2 * W


# --- conventions -----------------------------------------------------------------------------------------------

CONVENTIONS = ("rows", "columns", "torch")


@takes(params=arrays_by_name, convention=_convention)
def to_rows(params: Params, convention: str) -> dict[str, Array]:
    """Return parameters in the rows convention; `from_rows` is the inverse (both transpose, or do nothing).

    >>> W = np.zeros((3, 5))
    >>> to_rows({"layers.0.W": W}, "torch")["layers.0.W"].shape
    (5, 3)
    """
    turned = convention == "torch"
    return {k: np.asarray(v).T if turned and np.ndim(v) == 2 else np.asarray(v) for k, v in params.items()}


from_rows = to_rows


@takes(X="...", convention=_convention)
def samples_as_rows(X: Array, convention: str) -> Array:
    """Return inputs (or targets with two axes) with samples as rows."""
    return X.T if convention == "columns" and X.ndim == 2 else X


# --- the recursion over layers ---------------------------------------------------------------------------------


def depth(params: Params) -> int:
    """Return the number of layers, counting ``layers.0.W``, ``layers.1.W``, ..."""
    n = 0
    params = arrays_by_name(params, "params")
    while f"layers.{n}.W" in params:
        n += 1
    if not n:
        raise KeyError("no parameter 'layers.0.W'; names are layers.0.W, layers.0.b, layers.1.W, ...")
    return n


def _names(activations: Any) -> list[Any]:
    return listed(activations, "activations", "names, one a layer")


def _layers(params: Any, X: Any) -> tuple[list[Array], list[Array], Array]:
    """Return the weights of every layer, their biases, and samples, which all fit each other."""
    n = depth(params)
    missing = next((f"layers.{k}.b" for k in range(n) if f"layers.{k}.b" not in params), None)
    if missing is not None:
        raise ValueError(f"there is no parameter {missing!r}: every layer has weights and biases.")
    places = range(n)
    return layers([params[f"layers.{k}.W"] for k in places], [params[f"layers.{k}.b"] for k in places], X)


def forward(params: Params, X: Array, activations: Sequence[str]) -> tuple[list[Array], list[Array]]:
    """Return pre-activations z[0..L-1] and activations a[0..L], where a[0] is X; rows are samples.

    >>> zs, activations = forward({"layers.0.W": np.eye(2), "layers.0.b": np.ones(2)}, np.zeros((1, 2)), ["tanh"])
    >>> zs[0].tolist(), len(activations)
    ([[1.0, 1.0]], 2)
    """
    weights, biases, X = _layers(params, X)
    kinds = [_activation(name, f"activations[{k}]") for k, name in enumerate(_names(activations))]
    if len(kinds) != len(weights):
        raise ValueError(f"activations must be one name a layer; got {len(kinds)} for {len(weights)} layers.")
    zs: list[Array] = []
    acts = [X.astype(float, copy=False)]
    for W, b, activation in zip(weights, biases, kinds):
        z = acts[-1] @ W + b
        zs.append(z)
        acts.append(ACTIVATIONS[activation].f(z))
    return zs, acts


@takes(activation=_activation, output=_activation, loss=_loss, l2=_strength, convention=_convention)
def value_and_gradients(
    params: Params,
    X: Array,
    T: Array,
    *,
    activation: str = "relu",
    output: str = "identity",
    loss: str = "cross_entropy",
    reduction: str = "mean",
    l2: float = 0.0,
    convention: str = "rows",
) -> tuple[float, dict[str, Array]]:
    """Return the loss of a multilayer perceptron and its gradient by every parameter.

    Parameters
    ----------
    params
        ``layers.0.W``, ``layers.0.b``, ``layers.1.W``, ... in the given convention.
    X, T
        Samples and targets: classes (N,), or one row (columns convention: one column) of numbers a sample.
    activation, output
        Of the hidden layers and of the last one, from `ACTIVATIONS`.
    loss
        From `LOSSES`; cross-entropy and binary cross-entropy take scores, not probabilities.
    reduction
        "mean" or "sum" over samples.
    l2
        Strength of 0.5 * l2 * sum(W * W) over all weights, not biases.
    convention
        "rows", "columns" or "torch".

    Returns
    -------
    tuple
        The loss, and gradients under the names and in the shapes of the parameters.

    Examples
    --------
    >>> params = {"layers.0.W": np.zeros((2, 3)), "layers.0.b": np.zeros(3)}
    >>> value, gradients = value_and_gradients(params, np.ones((4, 2)), np.array([0, 1, 2, 0]))
    >>> round(value, 6), gradients["layers.0.b"].round(3).tolist()
    (1.098612, [-0.167, 0.083, 0.083])
    """
    one_of(reduction, "reduction", ("mean", "sum"))
    rows = to_rows(params, convention)
    X, T = samples_as_rows(X, convention), samples_as_rows(T, convention)
    n = depth(rows)
    activations = [activation] * (n - 1) + [output]
    zs, acts = forward(rows, X, activations)
    t = targets(T, acts[-1].shape[1], loss)
    if len(t) != len(X) or not len(X):
        raise ValueError(f"there must be as many targets as samples, and at least one; got {len(t)} and {len(X)}.")
    scale = 1.0 / len(X) if reduction == "mean" else 1.0
    value = float(LOSSES[loss].values(acts[-1], t).sum() * scale)
    delta = output_delta(acts[-1], zs[-1], t, loss, output, scale)
    gradients: dict[str, Array] = {}
    for layer in reversed(range(n)):
        W = rows[f"layers.{layer}.W"]
        gradients[f"layers.{layer}.W"] = weight_gradient(acts[layer], delta) + regularisation_gradient(W, l2)
        gradients[f"layers.{layer}.b"] = bias_gradient(delta)
        value += regularisation(W, l2)
        if layer:
            delta = propagate(delta, W, zs[layer - 1], acts[layer], activations[layer - 1])
    return value, {name: from_rows({name: gradients[name]}, convention)[name] for name in params if name in gradients}


# --- single results of the notes -------------------------------------------------------------------------------------


@takes(activation=_activation, loss=_loss)
def single_sample_gradients(
    weights: Sequence[Array], biases: Sequence[Array], x: Array, t: Array, activation: str, loss: str
) -> tuple[list[Array], list[Array]]:
    """BP1-BP4 for one sample (note 000), which is a column vector; `weights[l]` is D x C: row index input.

    >>> W, b = [np.ones((2, 1))], [np.zeros(1)]
    >>> dW, db = single_sample_gradients(W, b, np.ones(2), np.zeros(1), "identity", "half_mse")
    >>> dW[0].tolist(), db[0].tolist()
    ([[2.0], [2.0]], [2.0])
    """
    weights, biases, x = layers(weights, biases, x, sample=True)
    n = len(weights)
    t = shaped(t, "t", f"D{n}", {f"D{n}": (len(biases[-1]), "the last layer's outputs")})
    f = ACTIVATIONS[activation]
    zs, acts = [], [x.astype(float)]
    for W, b in zip(weights, biases):
        zs.append(W.T @ acts[-1] + b)
        acts.append(f.f(zs[-1]))
    grad_a = LOSSES[loss].derivative(acts[-1][None, :], np.asarray(t, dtype=float)[None, :])[0]
    delta = grad_a * f.derivative(zs[-1], acts[-1])  # BP1
    dW: list[Array] = [np.empty(0)] * len(weights)
    db: list[Array] = [np.empty(0)] * len(weights)
    for layer in reversed(range(len(weights))):
        db[layer] = delta  # BP3
        dW[layer] = np.outer(acts[layer], delta)  # BP4
        if layer:
            delta = (weights[layer] @ delta) * f.derivative(zs[layer - 1], acts[layer])  # BP2
    return dW, db


@takes(x="D", dy=number)
def neuron_gradient(x: Array, dy: float) -> Array:
    """One neuron, one input: dL/dW_j = x * dL/dy_j, proportional to the input (note 001, "the process").

    >>> neuron_gradient(np.array([1.0, 2.0]), 0.5)
    array([0.5, 1. ])
    """
    return np.asarray(x) * dy


@takes(X="N D", dy="N")
def neuron_gradient_of_many_inputs(X: Array, dy: Array) -> Array:
    """One neuron, N inputs: [X_1.T ... X_N.T] [dy_1 ... dy_N].T: inputs' contributions add (note 001, section 2).

    >>> neuron_gradient_of_many_inputs(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([31., 42.])
    """
    summed: Array = np.asarray(X).T @ np.asarray(dy)
    return summed


@takes(W="D C", X="N D", reg=_strength)
def softmax_loss_loop(W: Array, X: Array, y: Array, reg: float) -> tuple[float, Array]:
    """Softmax loss of one layer, with L2, by explicit loops over samples and classes (note 001, section 4).

    Here the sum over classes runs to C, where the note prints N, and the gradient is p - 1[j = t].
    """
    n, c = len(X), W.shape[1]
    y = _classes(y, "y", c, n)
    value, dW = 0.0, np.zeros(W.shape)
    for k in range(n):
        scores = [float(X[k] @ W[:, j]) for j in range(c)]
        highest = max(scores)
        exps = [math.exp(s - highest) for s in scores]
        total = sum(exps)
        value += math.log(total) - (scores[y[k]] - highest)
        for j in range(c):
            dW[:, j] += X[k] * (exps[j] / total - (1.0 if j == y[k] else 0.0))
    return value / n + regularisation(W, reg), dW / n + reg * W


@takes(W="D C", X="N D", reg=_strength)
def softmax_loss_vectorized(W: Array, X: Array, y: Array, reg: float) -> tuple[float, Array]:
    """The same in matrices (note 001's code), with the shift that keeps any scores from overflowing.

    >>> W, X, y = np.ones((2, 3)) * 1000.0, np.ones((4, 2)), np.array([0, 1, 2, 0])
    >>> round(softmax_loss_vectorized(W, X, y, 0.0)[0], 6)
    1.098612
    """
    n = len(X)
    y = _classes(y, "y", W.shape[1], n)
    scores = X @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(scores).sum(axis=1))
    value = float((log_total - scores[np.arange(n), y]).mean()) + regularisation(W, reg)
    p = softmax(scores)
    p[np.arange(n), y] -= 1.0
    return value, X.T @ p / n + reg * W


def relu_softmax_gradients(
    weights: Sequence[Array], biases: Sequence[Array], X: Array, labels: Array
) -> tuple[list[Array], list[Array]]:
    """The recursion of note 003: ReLU layers, softmax and cross-entropy; `weights[l]` is S_n x S_{n-1}.

    dl/dZ_n = O_n - Y (the note prints O_n - 1); dl/dW_n = (dl/dZ_n).T O_{n-1} / N; dl/dZ_{n-1} = dl/dZ_n W_n * relu'.
    """
    weights, biases, X = layers(weights, biases, X, turned=True)
    labels = _classes(labels, "labels", len(biases[-1]), len(X))
    outputs = [X.astype(float)]
    for layer, (W, b) in enumerate(zip(weights, biases)):
        z = outputs[-1] @ W.T + b
        outputs.append(softmax(z) if layer == len(weights) - 1 else np.maximum(z, 0.0))
    n = len(outputs[0])
    delta = outputs[-1] - one_hot(labels, outputs[-1].shape[1])
    dW: list[Array] = [np.empty(0)] * len(weights)
    db: list[Array] = [np.empty(0)] * len(weights)
    for layer in reversed(range(len(weights))):
        dW[layer] = delta.T @ outputs[layer] / n
        db[layer] = delta.sum(axis=0) / n
        if layer:
            delta = (delta @ weights[layer]) * (outputs[layer] > 0)
    return dW, db


@takes(a_previous="H", W="M H", b="M", y="M")
def sigmoid_mse_output_gradients(a_previous: Array, W: Array, b: Array, y: Array) -> tuple[Array, Array, Array]:
    """The output layer of note 004: J = 1/(2m) sum (y_i - a_i)**2 over its m neurons, a = sigmoid(W a_previous + b).

    dJ/da_j = (a_j - y_j) / m without the note's sum over i; delta = dJ/da * a (1 - a); dJ/dW = delta a_previous.T in
    the m x h shape that note 004's w_jk has; dJ/db = delta.
    """
    a = sigmoid(W @ a_previous + b)
    delta = (a - y) / len(a) * a * (1.0 - a)
    return delta, np.outer(delta, a_previous), delta
