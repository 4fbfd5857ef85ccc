"""The networks that the lecture's video builds: tanh in every neuron, and a bias that is drawn as the weights are.

Programs that follow the video, which micrograd's own `nn` does not, run with these and, seeded, give the same numbers.

>>> import random
>>> random.seed(1337)
>>> model = MLP(3, [4, 4, 1])
>>> round(model([2.0, 3.0, -1.0]), 4), len(model.parameters())
(0.4277, 41)
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from engine import Value
from nn import lecture


class Neuron(lecture.Neuron):
    """One neuron, tanh(w . x + b).

    Parameters
    ----------
    nin
        Inputs; a weight each, and then the bias, is drawn from -1 to 1 by Python's `random`.

    Raises
    ------
    TypeError, ValueError
        If `nin` is no whole number of inputs.

    Examples
    --------
    >>> Neuron(3)
    TanhNeuron(3)
    """

    def __init__(self, nin: int) -> None:
        super().__init__(nin)
        self.b = Value(random.uniform(-1, 1))

    def __call__(self, x: Any) -> Any:
        """Return the activation for one input vector.

        Raises
        ------
        ValueError
            If there is not one number per weight.
        """
        return self.pre_activation(x).tanh()

    def __repr__(self) -> str:
        return f"TanhNeuron({len(self.w)})"


class Layer(lecture.Layer):
    """Neurons that read the same input.

    Parameters
    ----------
    nin, nout
        Inputs, and neurons.

    Examples
    --------
    >>> Layer(2, 2)
    Layer of [TanhNeuron(2), TanhNeuron(2)]
    """

    neuron = Neuron

    def __init__(self, nin: int, nout: int) -> None:
        super().__init__(nin, nout)


class MLP(lecture.MLP):
    """A multilayer perceptron: tanh in every layer, the last one too.

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
    MLP of [Layer of [TanhNeuron(1)]]
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        widths = lecture.checked_widths(nin, nouts)
        self.layers = [Layer(widths[i], widths[i + 1]) for i in range(len(widths) - 1)]
