"""Backpropagation by hand, in matrices: the notes' equations in NumPy, independent of the scalar engine.

No calculus of `engine` is used here, so comparing this path with the scalar one means something.  Where a note is
misprinted, what is right is implemented.

    z[l] = a[l-1] W[l] + b[l],   a[l] = f(z[l])                          forward, rows are samples      (note 001)
    delta[L] = dC/da[L] * f'(z[L])                                       BP1, BP1b                      (note 000)
    delta[l] = (delta[l+1] W[l+1].T) * f'(z[l])                          BP2, BP2b
    dC/db[l] = sum of delta[l] over samples                              BP3, BP3b
    dC/dW[l] = a[l-1].T delta[l]                                         BP4, BP4b

The 1/N of a batch mean is applied once, to the output's delta, as note 000 advises.

Four conventions of the arrays are known: ``"rows"`` (note 001: X is N x D, W is D x C), ``"columns"`` (note 000: a
sample is a column, X is D x N, W is D x C), ``"torch"`` (note 003: X is N x D, W is C x D) and ``"coursera"`` (a sample
is a column, X is D x N, W is C x D, b is C x 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from engine.arguments import listed, number, one_of
from nn.derivatives import ACTIVATIONS as ACTIVATIONS
from nn.derivatives import LOSSES as LOSSES
from nn.derivatives import Activation as Activation
from nn.derivatives import Loss as Loss
from nn.derivatives import one_hot as one_hot
from nn.derivatives import sigmoid as sigmoid
from nn.derivatives import softmax as softmax
from nn.derivatives import targets as targets
from nn.samples import Array as Array
from nn.shapes import a_strength, arrays_by_name, layers, one_among, takes

Params: TypeAlias = Mapping[str, Array]

# --- the four equations, one function each; rows are samples -------------------------------------------------------


@takes(a="N D", W="D C", b="C")
def pre_activation(a: Array, W: Array, b: Array) -> Array:
    """Z = A W + b: all neurons on all samples (note 001, "multiple inputs").  (N, D) (D, C) -> (N, C)."""
    return a @ W + b


@takes(y="N C", z="N C", t="N C", loss=one_among(LOSSES), activation=one_among(ACTIVATIONS), scale=number)
def output_delta(y: Array, z: Array, t: Array, loss: str, activation: str, scale: float) -> Array:
    """BP1b (note 000): delta[L] = dC/da * f'(z), times the batch's `scale` (1/N of a mean).  (N, C)."""
    return LOSSES[loss].derivative(y, t) * ACTIVATIONS[activation].derivative(z, y) * scale


@takes(delta="N C", W="D C", z="N D", a="N D", activation=one_among(ACTIVATIONS))
def propagate(delta: Array, W: Array, z: Array, a: Array, activation: str) -> Array:
    """BP2b (note 000): delta[l] = (delta[l+1] W[l+1].T) * f'(z[l]).  (N, C) (D, C) -> (N, D)."""
    below: Array = (delta @ W.T) * ACTIVATIONS[activation].derivative(z, a)
    return below


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


@takes(W="...", l2=a_strength)
def regularisation(W: Array, l2: float) -> float:
    """0.5 * l2 * sum(W * W), and 0 where there is no regularisation, however large the weights (note 001)."""
    return 0.5 * l2 * float((W * W).sum()) if l2 else 0.0


@takes(W="...", l2=a_strength)
def regularisation_gradient(W: Array, l2: float) -> Array:
    """Derivative of 0.5 * l2 * sum(W * W), which is l2 * W (note 001's ``reg * W``)."""
    return l2 * W


# --- conventions -----------------------------------------------------------------------------------------------

CONVENTIONS = ("rows", "columns", "torch", "coursera")
TURNED = ("torch", "coursera")  # weights are (outputs, inputs)
OF_COLUMNS = ("columns", "coursera")  # a sample is a column


@takes(params=arrays_by_name, convention=one_among(CONVENTIONS))
def to_rows(params: Params, convention: str) -> dict[str, Array]:
    """Return parameters in the rows convention; `from_rows` is the inverse.

    >>> W, b = np.zeros((3, 5)), np.zeros((3, 1))
    >>> rows = to_rows({"layers.0.W": W, "layers.0.b": b}, "coursera")
    >>> rows["layers.0.W"].shape, rows["layers.0.b"].shape
    ((5, 3), (3,))
    """
    return {name: _to_rows(name, np.asarray(x), convention) for name, x in params.items()}


def _to_rows(name: str, x: Array, convention: str) -> Array:
    if name.endswith("b") and x.ndim == 2 and x.shape[1] == 1 and convention == "coursera":
        return x[:, 0]
    return x.T if convention in TURNED and x.ndim == 2 else x


@takes(params=arrays_by_name, convention=one_among(CONVENTIONS))
def from_rows(params: Params, convention: str) -> dict[str, Array]:
    """Return parameters of the rows convention in another one."""
    return {name: _from_rows(np.asarray(x), convention) for name, x in params.items()}


def _from_rows(x: Array, convention: str) -> Array:
    if x.ndim == 1 and convention == "coursera":
        return x[:, None]
    return x.T if convention in TURNED and x.ndim == 2 else x


@takes(X="...", convention=one_among(CONVENTIONS))
def samples_as_rows(X: Array, convention: str) -> Array:
    """Return inputs (or targets with two axes) with samples as rows."""
    return X.T if convention in OF_COLUMNS and X.ndim == 2 else X


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


def _layers(params: Params, X: Array) -> tuple[list[Array], list[Array], Array]:
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
    names = listed(activations, "activations", "names, one per layer")
    kinds = [str(one_of(name, f"activations[{k}]", ACTIVATIONS)) for k, name in enumerate(names)]
    if len(kinds) != len(weights):
        raise ValueError(f"activations must be one name per layer; got {len(kinds)} for {len(weights)} layers.")
    zs: list[Array] = []
    acts = [X.astype(float, copy=False)]
    for W, b, activation in zip(weights, biases, kinds):
        z = acts[-1] @ W + b
        zs.append(z)
        acts.append(ACTIVATIONS[activation].f(z))
    return zs, acts


@takes(
    activation=one_among(ACTIVATIONS),
    output=one_among(ACTIVATIONS),
    loss=one_among(LOSSES),
    l2=a_strength,
    convention=one_among(CONVENTIONS),
)
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
        "rows", "columns", "torch" or "coursera".

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
    activations = [activation] * (depth(rows) - 1) + [output]
    zs, acts = forward(rows, X, activations)
    t = targets(T, acts[-1].shape[1], loss)
    if len(t) != len(X) or not len(X):
        raise ValueError(f"there must be as many targets as samples, and at least one; got {len(t)} and {len(X)}.")
    scale = 1.0 / len(X) if reduction == "mean" else 1.0
    value = float(LOSSES[loss].values(acts[-1], t).sum() * scale)
    value += sum(regularisation(W, l2) for name, W in rows.items() if name.endswith(".W"))
    gradients = backward(rows, zs, acts, output_delta(acts[-1], zs[-1], t, loss, output, scale), activations, l2)
    return value, {name: from_rows({name: gradients[name]}, convention)[name] for name in params if name in gradients}


def backward(
    params: Params, zs: Sequence[Array], acts: Sequence[Array], delta: Array, activations: Sequence[str], l2: float
) -> dict[str, Array]:
    """Return every parameter's gradient, from the output's delta down: BP2 to BP4, layer by layer; rows are samples."""
    gradients: dict[str, Array] = {}
    for layer in reversed(range(len(zs))):
        W = params[f"layers.{layer}.W"]
        gradients[f"layers.{layer}.W"] = weight_gradient(acts[layer], delta) + regularisation_gradient(W, l2)
        gradients[f"layers.{layer}.b"] = bias_gradient(delta)
        if layer:
            delta = propagate(delta, W, zs[layer - 1], acts[layer], activations[layer - 1])
    return gradients
