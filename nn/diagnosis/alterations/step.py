"""One array operation of a function, and the edges along which a cotangent returns to its operands.

>>> x = ArrayStep(np.array([1.0, 2.0]), name="x")
>>> y = ArrayStep(np.exp(x.value), "exp", (x,))
>>> edge = Edge(y, 0, lambda g, saved: g * saved, y.value, "local")
>>> edge.parent is x, edge.pull(np.ones(2), edge.saved).round(2).tolist()
(True, [2.72, 7.39])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from nn.samples import Array

Place: TypeAlias = tuple[tuple[str, int], ...]


class ArrayStep:
    """An array that was computed, or a leaf.

    Attributes
    ----------
    value
        The numbers.
    op, operands
        The operation ("" of a leaf), and what it was given: steps, and arrays that are constant.
    edges
        One per operand that is a step.
    name, place
        The author's variable, and the lines that led here: functions and line numbers, innermost first.
    constants
        Names of the constant operands, by their position.
    """

    def __init__(self, value: Any, op: str = "", operands: tuple[Any, ...] = (), name: str = "") -> None:
        self.value: Array = np.asarray(value, float)
        self.op, self.operands, self.name = op, operands, name
        self.edges: list[Edge] = []
        self.place: Place = ()
        self.constants: dict[int, str] = {}

    def linked(self, *edges: Edge) -> ArrayStep:
        """Return this step with its edges."""
        self.edges = list(edges)
        return self


class Edge:
    """The way of a cotangent from a step to one of its operands.

    Attributes
    ----------
    step, operand
        Where it begins, and which operand it leads to.
    pull, saved
        ``pull(g, saved)`` is the operand's share; `saved` is the array that the local derivative needs, if any.
    kind
        "local" (elementwise: `saved` is the local derivative), "product" (`saved` is the other factor), "sum", "move".
    """

    def __init__(
        self, step: ArrayStep, operand: int, pull: Callable[[Array, Any], Array], saved: Any, kind: str
    ) -> None:
        self.step, self.operand, self.pull, self.saved, self.kind = step, operand, pull, saved, kind
        self.parent: ArrayStep = step.operands[operand]

    def right(self, g: Array) -> Array:
        """Return what this edge hands on, as it should be."""
        return self.pull(g, self.saved)


def value_of(x: Any) -> Array:
    """Return the numbers of an operand."""
    return x.value if isinstance(x, ArrayStep) else np.asarray(x, float)
