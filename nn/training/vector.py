"""A model's parameters as one vector: what steps, optimisers and checkpoints work on, and the Values it stands for.

>>> from nn import MLP
>>> vector = ParameterVector(MLP(2, [3, 1]).parameters())
>>> len(vector.numbers), {name: array.shape for name, array in vector.named().items()}["layers.0.W"]
(13, (2, 3))
"""

from __future__ import annotations

from collections.abc import Sequence

from engine import Value
from engine.lifting.run.parameters import Registry
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
        self._registry = Registry(values)
        self.values = self._registry.values
        self.numbers: Array = self._registry.read()

    def named(self) -> dict[str, Array]:
        """Return the named arrays of the vector."""
        return self._registry.flat.named(self.numbers)

    def write(self) -> None:
        """Set the Values to the vector's numbers."""
        self._registry.write(self.numbers)
