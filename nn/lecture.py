"""The lecture's networks: one Value for one output, ``nonlin=``, and weights that Python's `random` draws.

A script for micrograd's `nn` runs with these and, seeded, gives the same numbers; the networks that the lecture's video
builds by hand, with tanh, are in `nn.video`.  `nn.MLP` is the one to start with otherwise: it has names for its
weights, activations to choose from, and always returns a list.

>>> import random
>>> random.seed(1337)
>>> model = MLP(2, [4, 1])
>>> model
MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(4)]]
>>> round(model([0.5, -1.0]), 4), len(model.parameters())
(0.0432, 17)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from engine import Value
from engine.arguments import listed, whole
from nn import module


class Module(module.Module):
    """What has parameters: those in its attributes, in order of definition, unless it says itself which they are."""

    def parameters(self) -> list[Value]:
        """Return every parameter.

        >>> [p.data for p in Neuron(1).parameters()][1:]
        [0.0]
        """
        return [value for _, value in self.named_parameters()]


class Neuron(Module):
    """One neuron, relu(w . x + b), or w . x + b where it is linear.

    Parameters
    ----------
    nin
        Inputs; a weight each is drawn from -1 to 1 by Python's `random`.
    nonlin
        Whether it has a ReLU.

    Raises
    ------
    TypeError, ValueError
        If `nin` is no whole number of inputs.

    Examples
    --------
    >>> Neuron(3), Neuron(3, nonlin=False)
    (ReLUNeuron(3), LinearNeuron(3))
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        whole(nin, "nin", "the number of a neuron's inputs", least=1)
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Any) -> Any:
        """Return the activation for one input vector.

        Raises
        ------
        ValueError
            If there is not one number per weight.
        """
        z = self.pre_activation(x)
        return z.relu() if self.nonlin else z

    def pre_activation(self, x: Any) -> Any:
        """Return b + w . x, added up from the bias on, as micrograd does."""
        inputs = [x] if isinstance(x, Value) else list(x)  # a layer of one neuron gives its Value itself
        if len(inputs) != len(self.w):
            raise ValueError(f"the neuron has {len(self.w)} inputs; got {len(inputs)} numbers.")
        z: Any = self.b
        for weight, number in zip(self.w, inputs):
            z = z + weight * number
        return z

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons that read the same input.

    Parameters
    ----------
    nin, nout
        Inputs, and neurons.
    **kwargs
        For every neuron: `nonlin`.

    Examples
    --------
    >>> Layer(2, 2, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2)]
    >>> type(Layer(2, 1)([1.0, 2.0])).__name__, type(Layer(2, 2)([1.0, 2.0])).__name__
    ('Value', 'list')
    """

    neuron: type[Neuron] = Neuron

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        whole(nout, "nout", "the number of a layer's neurons", least=1)
        self.neurons = [self.neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        """Return one activation per neuron: a list, or the Value itself where there is one."""
        activations = [neuron(x) for neuron in self.neurons]
        return activations if len(activations) > 1 else activations[0]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """A multilayer perceptron: ReLU in every layer but the last, which is linear.

    Parameters
    ----------
    nin
        Length of an input vector.
    nouts
        Neurons in each layer; the last is the output.

    Raises
    ------
    TypeError, ValueError
        If one of them is none of what it may be.

    Examples
    --------
    >>> MLP(1, [1])
    MLP of [Layer of [LinearNeuron(1)]]
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        widths = checked_widths(nin, nouts)
        last = len(widths) - 2
        self.layers = [Layer(widths[i], widths[i + 1], nonlin=i != last) for i in range(len(widths) - 1)]

    def __call__(self, x: Any) -> Any:
        """Return the outputs for one input vector: a list, or the Value itself where there is one output."""
        for layer in self.layers:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def checked_widths(nin: int, nouts: Sequence[int]) -> list[int]:
    """Return the number of inputs and of every layer's neurons, if there is a layer."""
    widths = [nin, *listed(nouts, "nouts", "the neurons of every layer, such as [16, 16, 1]")]
    if len(widths) < 2:
        raise ValueError("an MLP needs at least one layer; give nouts such as [16, 16, 1].")
    return widths
