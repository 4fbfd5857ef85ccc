"""Neurons, layers and networks of them, one Value per weight (note 001: "look at the single neuron").

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
from engine.arguments import described, listed, number, one_of, text, whole
from engine.collector import collector_paused
from nn.leaky import ByActivation, family
from nn.module import Module
from nn.stream import generator
from nn.training.scaling import Scaling

ScalarFunction = Callable[[Any], Any]


def leaky_relu(slope: float) -> ScalarFunction:
    """Return the leaky ReLU of a slope below zero."""
    return lambda z: engine.leaky_relu(z, slope)


FUNCTIONS: dict[str, ScalarFunction] = {
    "identity": lambda z: z,
    "relu": engine.relu,
    "leaky_relu": engine.leaky_relu,
    "tanh": engine.tanh,
    "sigmoid": engine.sigmoid,
    "softplus": engine.softplus,
    "silu": engine.silu,
    "gelu": engine.gelu,
}
ACTIVATIONS = ByActivation(FUNCTIONS, leaky_relu)
INITS = ("auto", "he", "glorot", "uniform")
NO_SAMPLES = (str, bytes, dict, set, frozenset)  # they have a length, but no order of numbers
HE = ("relu", "leaky_relu", "softplus", "silu", "gelu")


def initial_weights(
    n_inputs: int, n_outputs: int, init: str, activation: str, rng: np.random.Generator
) -> list[list[float]]:
    """Return one row of weights per neuron.

    "he": normal, variance 2 / n_inputs (He et al. 2015); "glorot": uniform, variance 2 / (n_inputs + n_outputs)
    (Glorot and Bengio 2010); "uniform": -1 to 1, as micrograd; "auto": he where the activation is rectifying,
    else glorot.
    """
    if one_of(init, "init", INITS) == "auto":
        init = "he" if family(activation) in HE else "glorot"
    if init == "he":
        drawn = rng.normal(0.0, math.sqrt(2.0 / n_inputs), (n_outputs, n_inputs))
    elif init == "glorot":
        limit = math.sqrt(6.0 / (n_inputs + n_outputs))
        drawn = rng.uniform(-limit, limit, (n_outputs, n_inputs))
    else:
        drawn = rng.uniform(-1.0, 1.0, (n_outputs, n_inputs))
    rows: list[list[float]] = drawn.tolist()
    return rows


class Neuron(Module):
    """One neuron: a = f(w . x + b).

    Parameters
    ----------
    weights
        One number per input.
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
        numbers = listed(weights, "weights", "one number per input, such as [0.5, -1.0]")
        if not numbers:
            raise ValueError("weights must be a list of one number per input, such as [0.5, -1.0]; got none.")
        self.w = [Value(w) for w in numbers]
        self.b = Value(bias)
        self.activation = _known(activation)

    def __call__(self, x: Sequence[Any]) -> Any:
        """Return the activation for one input vector."""
        return ACTIVATIONS[self.activation](engine.dot(self.w, x, self.b))


class Layer(Module):
    """Neurons that read the same input; column j of W holds the weights of neuron j.

    Parameters
    ----------
    n_inputs, n_outputs
        Length of an input vector, and neurons.
    activation
        A name from `ACTIVATIONS`.
    init
        "auto", "he", "glorot" or "uniform".
    rng
        A generator to draw the weights from, or a seed; by default the stream of `nn.seed`.
    name
        What its labels begin with.

    Raises
    ------
    TypeError, ValueError
        If one of them is none of what it may be.

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
        rng: np.random.Generator | int | None = None,
        name: str = "",
    ) -> None:
        _check_sizes(n_inputs, n_outputs)
        rows = initial_weights(n_inputs, n_outputs, init, _known(activation), generator("rng", rng))
        self.neurons = [Neuron(row, 0.0, activation) for row in rows]
        prefix = f"{name}." if text(name, "name") else ""
        for j, neuron in enumerate(self.neurons):
            for i, w in enumerate(neuron.w):
                w.label = Label(f"{prefix}neurons.{j}.w.{i}", array=f"{prefix}W", place=(i, j))
            neuron.b.label = Label(f"{prefix}neurons.{j}.b", array=f"{prefix}b", place=(j,))

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        """Return one activation per neuron, always as a list."""
        if not hasattr(x, "__len__") or len(x) != len(self.neurons[0].w) or isinstance(x, NO_SAMPLES):
            raise _not_a_sample(x, len(self.neurons[0].w))
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
        Of the hidden layers, and of the last one: names from `ACTIVATIONS`, or "leaky_relu(0.3)" for another slope.
    init
        "auto", "he", "glorot" or "uniform".
    seed
        Of the generator that draws the weights, or the generator; None for the stream of `nn.seed`.

    Raises
    ------
    TypeError, ValueError
        If one of them is none of what it may be.
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
        seed: int | np.random.Generator | None = 0,
    ) -> None:
        if isinstance(sizes, (str, bytes)) or not isinstance(sizes, (Sequence, np.ndarray)):
            raise TypeError(f"sizes={described(sizes)}: give the neurons of every layer as a list, such as [16, 10].")
        if not len(sizes):
            raise ValueError("an MLP needs at least one layer; give sizes such as [16, 10].")
        rng = generator("seed", seed)
        widths = [n_inputs, *sizes]
        self.activation, self.output = _known(activation), _known(output)
        kinds = [activation] * (len(sizes) - 1) + [output]
        with collector_paused():
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
        if not hasattr(x, "__len__") or getattr(x, "ndim", 1) != 1 or isinstance(x, NO_SAMPLES):
            raise _not_a_sample(x, self.sizes[0])
        if inputs is not None and len(x) == len(inputs.mean):  # of another length: the layer says so
            x = inputs.apply_to_sample(x)
        a: list[Any] = [v if isinstance(v, Value) else Value.constant(v) for v in x]  # once, not once a neuron
        for layer in self.layers:
            a = layer(a)
        return a if targets is None else targets.undo_for_sample(a)

    def check_scaling(self, scaling: Scaling) -> None:
        """Refuse a scaling of other widths than the network's.

        Raises
        ------
        ValueError
            Naming both.
        """
        for what, part, width in (
            ("inputs", scaling.inputs, self.sizes[0]),
            ("targets", scaling.targets, self.sizes[-1]),
        ):
            if part is not None and len(part.mean) != width:
                raise ValueError(f"the scaling is of {len(part.mean)} {what}, the network has {width}.")

    def as_trained(self, X: Any, T: Any) -> tuple[MLP, Any, Any]:
        """Return the network, samples and targets as the layers see them: standardised, if the network does that."""
        if self.scaling is None:
            return self, X, T
        return self.unscaled(), *self.scaling.apply(X, T)

    def unscaled(self) -> MLP:
        """Return the network of the same Values that takes standardised samples and gives standardised results."""
        bare = copy(self)
        bare.scaling = None
        return bare

    def __repr__(self) -> str:
        n, *sizes = self.sizes
        return f"MLP({n}, {sizes}, activation={self.activation!r}, output={self.output!r})"


class Embedding(Module):
    """A table of vectors, one per token; the token stays an input when the function is lifted.

    Parameters
    ----------
    n_tokens, n_channels
        Rows of the table, and their length.
    scale
        Deviation of the normal distribution that they are drawn from.
    rng
        A generator to draw from, or a seed; by default the stream of `nn.seed`.
    name
        What its labels begin with.

    Raises
    ------
    TypeError, ValueError
        If one of them is none of what it may be.

    Examples
    --------
    >>> embedding = Embedding(27, 4)
    >>> [v.label for v in embedding(3)][:2], embedding(3)[1].label.place
    (['W.3.0', 'W.3.1'], (3, 1))
    """

    def __init__(
        self,
        n_tokens: int,
        n_channels: int,
        *,
        scale: float = 1.0,
        rng: np.random.Generator | int | None = None,
        name: str = "",
    ) -> None:
        whole(n_tokens, "n_tokens", "the tokens", least=1)
        whole(n_channels, "n_channels", "the numbers that stand for a token", least=1)
        number(scale, "scale", least=0.0)
        drawn = generator("rng", rng).normal(0.0, scale, (n_tokens, n_channels))
        array = f"{name}.W" if text(name, "name") else "W"
        self.W = [
            [Value(v, Label(f"{array}.{i}.{j}", array=array, place=(i, j))) for j, v in enumerate(row)]
            for i, row in enumerate(drawn.tolist())
        ]

    def __call__(self, token: Any) -> list[Any]:
        """Return the vector of a token."""
        row: list[Any] = engine.select(self.W, token)
        return row


def _known(activation: str) -> str:
    return str(one_of(activation, "activation", ACTIVATIONS))


def _check_sizes(n_inputs: Any, n_outputs: Any) -> None:
    for n, what in ((n_inputs, "inputs"), (n_outputs, "neurons")):
        whole(n, f"the number of a layer's {what}", "as in nn.MLP(2, [16, 1])", least=1)


def _not_a_sample(x: Any, inputs: int) -> Exception:
    if not hasattr(x, "__len__") or isinstance(x, NO_SAMPLES):
        return TypeError(f"a network takes a list of {inputs} numbers; got {described(x)}: pass [x].")
    if getattr(x, "ndim", 1) != 1:
        return ValueError(
            f"a network takes one sample of {inputs} numbers; got an array of shape {x.shape}: nn.predict(model, X) "
            "takes many."
        )
    return ValueError(f"the layer has {inputs} inputs; got {len(x)}.")
