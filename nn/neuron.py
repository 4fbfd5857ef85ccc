"""Neurons, layers and networks of them, one Value a weight (note 001: "look at the single neuron").

A neuron's pre-activation is one `dot` node, whose local derivative with respect to its weights is its input.

>>> from engine import Value
>>> network = MLP(2, [3, 1], activation="tanh", seed=1)
>>> network
MLP(2, [3, 1], activation='tanh', output='identity')
>>> [name for name, _ in network.named_parameters()][:4]
['layers.0.neurons.0.w.0', 'layers.0.neurons.0.w.1', 'layers.0.neurons.0.b', 'layers.0.neurons.1.w.0']
>>> len(network([0.5, -1.0])), len(network.parameters())
(1, 13)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

import engine
from engine import Label, Value
from nn.module import Module
from nn.scaling import Scaling

Activation = Callable[[Any], Any]

ACTIVATIONS: dict[str, Activation] = {
    "identity": lambda z: z,
    "relu": engine.relu,
    "leaky_relu": engine.leaky_relu,
    "tanh": engine.tanh,
    "sigmoid": engine.sigmoid,
    "softplus": engine.softplus,
    "silu": engine.silu,
    "gelu": engine.gelu,
}
HE = ("relu", "leaky_relu", "softplus", "silu", "gelu")


def initial_weights(
    n_inputs: int, n_outputs: int, init: str, activation: str, rng: np.random.Generator
) -> list[list[float]]:
    """Return one row of weights per neuron.

    "he": normal, variance 2 / n_inputs (He et al. 2015); "glorot": uniform, variance 2 / (n_inputs + n_outputs)
    (Glorot and Bengio 2010); "uniform": -1 to 1, as micrograd; "auto": he where the activation is rectifying,
    else glorot.
    """
    if init == "auto":
        init = "he" if activation in HE else "glorot"
    if init == "he":
        drawn = rng.normal(0.0, math.sqrt(2.0 / n_inputs), (n_outputs, n_inputs))
    elif init == "glorot":
        limit = math.sqrt(6.0 / (n_inputs + n_outputs))
        drawn = rng.uniform(-limit, limit, (n_outputs, n_inputs))
    elif init == "uniform":
        drawn = rng.uniform(-1.0, 1.0, (n_outputs, n_inputs))
    else:
        raise ValueError(f"init={init!r} is not known; use 'auto', 'he', 'glorot' or 'uniform'.")
    rows: list[list[float]] = drawn.tolist()
    return rows


class Neuron(Module):
    """One neuron: a = f(w . x + b).

    Parameters
    ----------
    weights
        One number an input.
    bias
        Its bias.
    activation
        A name from `ACTIVATIONS`.

    Examples
    --------
    >>> Neuron([1.0, -1.0], 0.5, activation="relu")([2.0, 1.0]).data
    1.5
    """

    def __init__(self, weights: Sequence[float], bias: float = 0.0, activation: str = "identity") -> None:
        self.w = [Value(w) for w in weights]
        self.b = Value(bias)
        self.activation = _known(activation)

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return the activation for one input vector."""
        return ACTIVATIONS[self.activation](engine.dot(self.w, x, self.b))


class Layer(Module):
    """Neurons that read the same input; column j of W holds the weights of neuron j.

    Examples
    --------
    >>> layer = Layer(3, 2, activation="tanh", rng=np.random.default_rng(0))
    >>> layer.neurons[1].w[2].label, layer.neurons[1].w[2].label.place
    ('neurons.1.w.2', (2, 1))
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        activation: str = "identity",
        init: str = "auto",
        rng: np.random.Generator | int = 0,
        name: str = "",
    ) -> None:
        if n_inputs < 1 or n_outputs < 1:
            raise ValueError(f"a layer needs at least one input and one neuron; got {n_inputs} and {n_outputs}.")
        rows = initial_weights(n_inputs, n_outputs, init, _known(activation), np.random.default_rng(rng))
        self.neurons = [Neuron(row, 0.0, activation) for row in rows]
        prefix = f"{name}." if name else ""
        for j, neuron in enumerate(self.neurons):
            for i, w in enumerate(neuron.w):
                w.label = Label(f"{prefix}neurons.{j}.w.{i}", array=f"{prefix}W", place=(i, j))
            neuron.b.label = Label(f"{prefix}neurons.{j}.b", array=f"{prefix}b", place=(j,))

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        """Return one activation a neuron, always as a list."""
        if len(x) != len(self.neurons[0].w):
            raise ValueError(f"the layer has {len(self.neurons[0].w)} inputs; got {len(x)}.")
        return [neuron(x) for neuron in self.neurons]


class MLP(Module):
    """A multilayer perceptron, written as neurons of per-weight Values.

    Parameters
    ----------
    n_inputs
        Length of an input vector.
    sizes
        Neurons in each layer; the last is the output.
    activation, output
        Of the hidden layers, and of the last one.
    init
        "auto", "he", "glorot" or "uniform".
    seed
        Of the generator that draws the weights, or the generator.
    """

    standardises = True

    def __init__(
        self,
        n_inputs: int,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        output: str = "identity",
        init: str = "auto",
        seed: int | np.random.Generator = 0,
    ) -> None:
        if not sizes:
            raise ValueError("an MLP needs at least one layer; give sizes such as [16, 10].")
        rng = np.random.default_rng(seed)
        widths = [n_inputs, *sizes]
        self.activation, self.output = _known(activation), _known(output)
        kinds = [activation] * (len(sizes) - 1) + [output]
        self.layers = [
            Layer(widths[i], widths[i + 1], activation=kinds[i], init=init, rng=rng, name=f"layers.{i}")
            for i in range(len(sizes))
        ]

    @property
    def sizes(self) -> list[int]:
        """Number of inputs, then of neurons in each layer."""
        return [len(self.layers[0].neurons[0].w), *[len(layer.neurons) for layer in self.layers]]

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        """Return the outputs for one input vector, always as a list."""
        inputs, targets = (self.scaling.inputs, self.scaling.targets) if self.scaling else (None, None)
        if inputs is not None and len(x) == self.sizes[0]:  # of another length: the layer says so
            x = inputs.apply_to_sample(x)
        a: list[Any] = [v if isinstance(v, Value) else Value.constant(v) for v in x]  # once, not once a neuron
        for layer in self.layers:
            a = layer(a)
        return a if targets is None else targets.undo_for_sample(a)

    def _check(self, scaling: Scaling) -> None:
        for what, part, width in (
            ("inputs", scaling.inputs, self.sizes[0]),
            ("targets", scaling.targets, self.sizes[-1]),
        ):
            if part is not None and len(part.mean) != width:
                raise ValueError(f"the scaling is of {len(part.mean)} {what}, the network has {width}.")

    def unscaled(self) -> MLP:
        """Return the network of the same Values that takes standardised samples and gives standardised results."""
        bare = copy(self)
        bare.scaling = None
        return bare

    def __repr__(self) -> str:
        n, *sizes = self.sizes
        return f"MLP({n}, {sizes}, activation={self.activation!r}, output={self.output!r})"


class Embedding(Module):
    """A table of vectors, one a token; the token stays an input when the function is lifted.

    Examples
    --------
    >>> embedding = Embedding(27, 4)
    >>> [v.label for v in embedding(3)][:2], embedding(3)[1].label.place
    (['W.3.0', 'W.3.1'], (3, 1))
    """

    def __init__(
        self, n_tokens: int, n_channels: int, *, scale: float = 1.0, rng: np.random.Generator | int = 0, name: str = ""
    ) -> None:
        drawn = np.random.default_rng(rng).normal(0.0, scale, (n_tokens, n_channels))
        array = f"{name}.W" if name else "W"
        self.W = [
            [Value(v, Label(f"{array}.{i}.{j}", array=array, place=(i, j))) for j, v in enumerate(row)]
            for i, row in enumerate(drawn.tolist())
        ]

    def __call__(self, token: Any) -> list[Any]:
        """Return the vector of a token."""
        row: list[Any] = engine.select(self.W, token)
        return row


def _known(activation: str) -> str:
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation={activation!r} is not known; use one of {', '.join(ACTIVATIONS)}.")
    return activation
