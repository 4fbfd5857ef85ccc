"""A model's parameters as one vector: what steps, optimisers and checkpoints work on, and the Values it stands for.

>>> from nn import MLP
>>> vector = ParameterVector(MLP(2, [3, 1]))
>>> len(vector.numbers), {name: array.shape for name, array in vector.named().items()}["layers.0.W"]
(13, (2, 3))
"""

from __future__ import annotations

from nn.module import Module, laid_out
from nn.samples import Array


class ParameterVector:
    """Parameters as one vector.

    Parameters
    ----------
    model
        The module whose they are.

    Attributes
    ----------
    layout
        Which Values they are, and how they lie in the vector; what is lifted with it has them in the same order.
    values
        The Values, in the vector's order, which is that of `Program.pull`.
    numbers
        The vector, the same array as long as this lasts; the Values are behind it until `write`.
    """

    def __init__(self, model: Module) -> None:
        self.layout = laid_out(model)
        self.values = self.layout.values
        self.numbers: Array = self.layout.read()

    def named(self) -> dict[str, Array]:
        """Return the named arrays of the vector; as a model gives its parameters, views of it."""
        return self.layout.flat.named(self.numbers)

    def write(self) -> None:
        """Set the Values to the vector's numbers."""
        self.layout.write(self.numbers)
