"""Single results of the five notes as they stand there: one sample, one neuron, loops, and each note's own conventions.

`nn.matrix` has the same mathematics for any network; `notes.md` checks every formula of the notes, and where one is
misprinted, what is right is implemented here.  The scalar engine is not used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.arguments import number
from nn.matrix import ACTIVATIONS, LOSSES, Array, one_hot, regularisation, sigmoid, softmax
from nn.shapes import a_strength, class_numbers, layers, one_among, shaped, takes


@takes(activation=one_among(ACTIVATIONS), loss=one_among(LOSSES))
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


@takes(W="D C", X="N D", reg=a_strength)
def softmax_loss_loop(W: Array, X: Array, y: Array, reg: float) -> tuple[float, Array]:
    """Softmax loss of one layer, with L2, by explicit loops over samples and classes (note 001, section 4).

    Here the sum over classes runs to C, where the note prints N, and the gradient is p - 1[j = t].
    """
    n, c = len(X), W.shape[1]
    y = class_numbers(y, "y", c, n)
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


@takes(W="D C", X="N D", reg=a_strength)
def softmax_loss_vectorized(W: Array, X: Array, y: Array, reg: float) -> tuple[float, Array]:
    """The same in matrices (note 001's code), with the shift that keeps any scores from overflowing.

    >>> W, X, y = np.ones((2, 3)) * 1000.0, np.ones((4, 2)), np.array([0, 1, 2, 0])
    >>> round(softmax_loss_vectorized(W, X, y, 0.0)[0], 6)
    1.098612
    """
    n = len(X)
    y = class_numbers(y, "y", W.shape[1], n)
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
    weights, biases, X = layers(weights, biases, X, transposed=True)
    labels = class_numbers(labels, "labels", len(biases[-1]), len(X))
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
