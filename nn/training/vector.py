"""A model's parameters as one vector: what steps, optimisers and checkpoints work on, and the Values it stands for.

>>> from nn import MLP
>>> vector = ParameterVector(MLP(2, [3, 1]).parameters())
>>> len(vector.numbers), {name: array.shape for name, array in vector.named().items()}["layers.0.W"]
(13, (2, 3))
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Parameters, Value
from nn.samples import Array


class ParameterVector:
    """Parameters as one vector.

    Attributes
    ----------
    values
        The Values, in the vector's order, which is that of `Program.pull`.
    numbers
        The vector; the Values are behind it until `write`.
    """

    def __init__(self, values: Sequence[Value]) -> None:
        self._parameters = Parameters(values)
        self.values = self._parameters.values
        self.numbers: Array = self._parameters.read()

    def named(self) -> dict[str, Array]:
        """Return the named arrays of the vector."""
        return self._parameters.flat.named(self.numbers)

    def write(self) -> None:
        """Set the Values to the vector's numbers."""
        self._parameters.write(self.numbers)
