"""Programs as learners of four courses write them, with a cost whose differences are the truth; mistakes by `wrong`."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(5, 8)), RNG.integers(0, 2, (1, 8)).astype(float)  # columns are samples
ROWS, CLASSES = RNG.normal(size=(9, 5)), RNG.integers(0, 4, 9)
DIGITS = RNG.uniform(size=(3, 6))  # targets of three outputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def coursera():
    return {
        "W1": RNG.normal(size=(4, 5)),
        "b1": RNG.normal(size=(4, 1)),
        "W2": RNG.normal(size=(1, 4)),
        "b2": np.ones((1, 1)),
    }


def coursera_cost(parameters, X, Y, lambd):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    A2 = sigmoid(parameters["W2"] @ A1 + parameters["b2"])
    squares = sum(np.sum(parameters[name] ** 2) for name in ("W1", "W2"))
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) + lambd / (2 * X.shape[1]) * squares


def coursera_grads(parameters, X, Y, lambd=0.0, wrong=""):
    m, W2 = X.shape[1], parameters["W2"]
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    A2 = sigmoid(W2 @ A1 + parameters["b2"])
    dZ2 = A2 - Y if wrong != "sign" else Y - A2
    dZ1 = W2.T @ dZ2 * {"no-slope": 1, "slope-at-activation": 1 - np.tanh(A1) ** 2}.get(wrong, 1 - A1**2)
    each = 1 if wrong == "no-mean" else m
    reg = 0 if wrong == "penalty-missing" else lambd
    grads = {"dZ2": dZ2, "dW2": dZ2 @ A1.T / each + reg * W2 / m, "dZ1": dZ1}
    grads |= {"dW1": dZ1 @ X.T / each + reg * parameters["W1"] / m}
    count = 1 if wrong == "bias-not-averaged" else each
    return grads | {"db2": dZ2.sum(axis=1, keepdims=True) / each, "db1": dZ1.sum(axis=1, keepdims=True) / count}


class Nielsen:
    """A network of sigmoids whose cost of a sample is half the squared distance."""

    def __init__(self, wrong=""):
        sizes, self.wrong = [5, 4, 3], wrong
        self.weights = [RNG.normal(size=(y, x)) for x, y in zip(sizes, sizes[1:])]
        self.biases = [RNG.normal(size=(y, 1)) for y in sizes[1:]]

    def cost(self, x, y):
        for w, b in zip(self.weights, self.biases):
            x = sigmoid(w @ x + b)
        return 0.5 * np.sum((x - y) ** 2)

    def backprop(self, x, y):
        zs, activations = [], [x]
        for w, b in zip(self.weights, self.biases):
            zs.append(w @ activations[-1] + b)
            activations.append(sigmoid(zs[-1]))
        prime = [sigmoid(z) * (1 - sigmoid(z)) for z in zs]
        delta = (activations[-1] - y) * (1 if self.wrong == "no-slope" else prime[-1])
        below = self.weights[-1].T @ delta * prime[-2] * (-1 if self.wrong == "sign-propagated" else 1)
        return [below, delta], [below @ activations[0].T, delta @ activations[1].T]

    def update_mini_batch(self, mini_batch, eta, lmbda, n):
        both = [self.backprop(x, y) for x, y in mini_batch]
        share = eta / (1 if self.wrong == "bias-not-averaged" else len(mini_batch))
        decay = 1 + eta * lmbda / n * (1 if self.wrong == "penalty-sign" else -1)
        self.biases = [b - share * sum(nabla[0][k] for nabla in both) for k, b in enumerate(self.biases)]
        share = eta / len(mini_batch)
        self.weights = [decay * w - share * sum(nabla[1][k] for nabla in both) for k, w in enumerate(self.weights)]


class TwoLayerNet:
    """ReLU, then softmax; the penalty is half * reg * sum(W * W)."""

    def __init__(self, half=1.0, wrong=""):
        self.params = {
            "W1": RNG.normal(size=(5, 6)),
            "b1": RNG.normal(size=6),
            "W2": RNG.normal(size=(6, 4)),
            "b2": np.ones(4),
        }
        self.half, self.wrong = half, wrong

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = self.params.values()
        hidden = np.maximum(0, X @ W1 + b1)
        scores = hidden @ W2 + b2
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        N = len(X)
        loss = -np.mean(np.log(p[np.arange(N), y])) + self.half * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        p[np.arange(N), y] -= 1
        dscores = p if self.wrong == "no-mean" else p / N
        dhidden = dscores @ W2.T * (1 if self.wrong == "no-slope" else hidden > 0)
        slope = 0 if self.wrong == "penalty-missing" else 2 * self.half * reg
        grads = {"W1": X.T @ dhidden + slope * W1, "b1": dhidden.sum(axis=0)}
        return loss, grads | {"W2": hidden.T @ dscores + slope * W2, "b2": dscores.sum(axis=0)}


def svm_loss(W, X, y, reg, wrong=""):
    N, scores = len(X), X @ W
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    on = (margins > 0).astype(float)
    on[np.arange(N), y] = {"svm-right-class-missing": 0, "svm-right-class-once": -1}.get(wrong, -on.sum(axis=1))
    dW = X.T @ on / (1 if wrong == "no-mean" else N)
    return margins.sum() / N + reg * np.sum(W * W), dW + (0 if wrong == "penalty-missing" else 2 * reg * W)


def propagate(w, b, X, Y):
    m, A = X.shape[1], sigmoid(w.T @ X + b)
    cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return {"dw": X @ (A - Y).T / m, "db": np.sum(A - Y) / m}, cost


def differences(cost, array, step=1e-6):
    """Central differences of a cost by an array that it reads."""
    gradient = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        ends = []
        for sign in (1, -1):
            array[place] = before + sign * step
            ends.append(cost())
        array[place] = before
        gradient[place] = (ends[0] - ends[1]) / (2 * step)
    return gradient
