"""How courses write backpropagation: one entry for each, in one table; everything that is said or read follows from it.

A dialect is data: how arrays lie, what parameters and gradients are called, what the loss is and what it is divided by,
what a penalty looks like.

>>> coursera = DIALECTS["coursera"]
>>> coursera.parameter("W", 0), coursera.gradient.format(coursera.parameter("b", 1)), coursera.layout
('W1', 'db2', 'coursera')
>>> coursera.l2(0.5, samples=10), DIALECTS["cs231n"].l2(0.5, samples=10)
(0.05, 1.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nn.derivatives import OF_CLASSES


@dataclass(frozen=True)
class Penalty:
    """A form of L2 regularisation: `factor` * strength * 0.5 * sum(W * W), divided by N where it is `averaged`."""

    factor: float
    averaged: bool

    def l2(self, strength: float, samples: int) -> float:
        """Return the strength of 0.5 * l2 * sum(W * W) that it is."""
        return self.factor * strength / (samples if self.averaged else 1)


PENALTIES = {
    "0.5 * {0} * sum(W * W)": Penalty(1.0, averaged=False),
    "{0} * sum(W * W)": Penalty(2.0, averaged=False),
    "{0} / (2 * m) * sum(W * W)": Penalty(1.0, averaged=True),
    "{0} / m * sum(W * W)": Penalty(2.0, averaged=True),
}
HALF, PLAIN, HALF_MEAN, MEAN = PENALTIES


@dataclass(frozen=True)
class Dialect:
    """How somebody writes a network, its loss and its gradients.

    Attributes
    ----------
    layout
        How arrays lie: a convention of `nn.matrix`.
    about
        The same in words, for those who write in it.
    weight, bias, layer, gradient
        Names of a layer's parameters, "{0}" counting from 0, "{1}" from 1 and "{2}" in steps of two; of the layer; and
        of the gradient of what is called "{}".
    also
        Other names that weights and biases answer to.
    activation, output, loss, reduction
        What the course's network is, where nobody says something else.
    of_outputs
        Whether losses are those of the network's outputs (probabilities), and not of its scores.
    summed_outputs
        Whether a loss is summed over the outputs, and not their mean.
    penalty, strength
        The form of the penalty, from `PENALTIES`, and what its strength is called.
    habits
        Other forms that the course itself uses.
    one_sample
        Whether a function of gradients is called with one sample at a time.
    is_course
        Whether data are laid out as the gradients are, and functions take arguments by the course's names.
    words
        What things are called in equations.
    """

    layout: str
    about: str
    weight: str = "layers.{0}.W"
    bias: str = "layers.{0}.b"
    layer: str = "layers.{0}"
    gradient: str = "{}"
    also: tuple[str, ...] = ()
    activation: str = "relu"
    output: str = "identity"
    loss: str = "cross_entropy"
    reduction: str = "mean"
    of_outputs: bool = False
    summed_outputs: bool = False
    penalty: str = HALF
    strength: str = "l2"
    habits: tuple[str, ...] = ()
    one_sample: bool = False
    is_course: bool = False
    words: Mapping[str, str] = field(default_factory=dict)

    def parameter(self, kind: str, layer: int) -> str:
        """Return what the "W" or "b" of a layer is called."""
        return (self.weight if kind == "W" else self.bias).format(layer, layer + 1, 2 * layer)

    def l2(self, strength: float, samples: int) -> float:
        """Return the strength of 0.5 * l2 * sum(W * W) that a strength of this dialect's penalty is."""
        return PENALTIES[self.penalty].l2(strength, samples)

    def scores(self, output: str, loss: str) -> str:
        """Return the activation of the last layer before a loss of scores: what the loss contains is not applied twice.

        >>> DIALECTS["rows"].scores("sigmoid", "binary_cross_entropy")
        'identity'
        """
        contained = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss)
        return "identity" if output == contained else output

    def output_of(self, loss: str) -> str:
        """Return the activation of the last layer where only the loss is known."""
        return "identity" if loss.endswith("cross_entropy") or loss in (*OF_CLASSES, "hinge") else self.output


DIALECTS = {
    "rows": Dialect(
        "rows",
        "Rows are samples: X is (N, D); layer l has W of shape (D, C) and b of shape (C,), and computes z = a W + b.",
        activation="tanh",
    ),
    "columns": Dialect(
        "columns",
        "Columns are samples (note 000): X is (D, N); layer l has W of shape (D, C) and b of shape (C,), and computes "
        "z = W.T a + b.",
        activation="tanh",
    ),
    "torch": Dialect(
        "torch",
        "Rows are samples, weights as PyTorch and note 003 have them: X is (N, D); layer l has W of shape (C, D) and b "
        "of shape (C,), and computes z = a W.T + b.",
        also=("{2}.weight", "{2}.bias"),
        activation="tanh",
    ),
    "coursera": Dialect(
        "coursera",
        "As in the Deep Learning specialisation: a sample is a column, X is (n_x, m) and Y is (n_y, m); layer l has W "
        "of shape (outputs, inputs) and b of shape (outputs, 1), and computes Z = W A + b.",
        weight="W{1}",
        bias="b{1}",
        layer="layer {1}",
        gradient="d{}",
        output="sigmoid",
        loss="binary_cross_entropy",
        of_outputs=True,
        summed_outputs=True,
        penalty=HALF_MEAN,
        strength="lambd",
        is_course=True,
        words={
            "so delta[L] has one factor 1/N": "so each dW[l] and db[l] has one factor 1/m",
            "delta[L] without the factor 1/N": "dW[l] and db[l] without the factor 1/m",
            "delta[L] with one more factor 1/N": "dW[l] and db[l] with one more factor 1/m",
            "delta[L] divided by": "dW[l] and db[l] divided by",
            "dC/dW[l] =": "dW[l] = 1/m *",
            "dC/db[l] =": "db[l] = 1/m *",
            "dC/dW": "dW",
            "dC/db": "db",
            "dC/da": "dA",
            "delta": "dZ",
            "a[": "A[",
            "z[": "Z[",
            "f'": "g'",
            "f(": "g(",
            "x": "X",
            "t": "Y",
            "N": "m",
            "m": "n_y",
            "l2": "lambd/m",
            "lr": "learning_rate",
        },
    ),
    "nielsen": Dialect(
        "coursera",
        "As in Neural Networks and Deep Learning: a sample is a column x with the target y, a column too; layer l has "
        "weights[l] of shape (outputs, inputs) and biases[l] of shape (outputs, 1). Gradients are those of one sample.",
        weight="weights[{0}]",
        bias="biases[{0}]",
        layer="layer {0}",
        gradient="nabla_{}",
        activation="sigmoid",
        output="sigmoid",
        loss="half_mse",
        reduction="sum",
        of_outputs=True,
        summed_outputs=True,
        penalty=HALF_MEAN,
        strength="lmbda",
        one_sample=True,
        is_course=True,
        words={
            "dC/dW": "nabla_w",
            "dC/db": "nabla_b",
            "W[": "w[",
            "f'": "sigmoid_prime",
            "t": "y",
            "m": "outputs",
            "l2": "lmbda/n",
            "lr": "eta",
        },
    ),
    "cs231n": Dialect(
        "rows",
        "As in CS231n: a row is a sample, X is (N, D) and y are classes (N,); W is (inputs, outputs), b is (outputs,), "
        "and scores are X W + b.",
        weight="W{1}",
        bias="b{1}",
        layer="layer {1}",
        of_outputs=True,
        summed_outputs=True,
        penalty=PLAIN,
        strength="reg",
        habits=(HALF,),
        is_course=True,
        words={"dC/dW": "dW", "dC/db": "db", "dC/da": "da", "delta": "dz", "t": "y", "l2": "2 * reg"},
    ),
}
"""Dialects by the word that a learner declares."""
