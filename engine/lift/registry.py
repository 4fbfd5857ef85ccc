"""The captured parameters of a program: which Values they are, and where each lies in the flat vector."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.lift.ir import Trace
from engine.lift.names import RESERVED, Parameter, parameters
from engine.value import Value

Vector = npt.NDArray[np.float64]


class Registry:
    """Values in the order of the flat vector; what a later trace finds new comes after what is known.

    >>> registry = Registry([Value(1.0, "W[0, 0]"), Value(2.0, "W[0, 1]"), Value(3.0, "b")])
    >>> registry.read(), [p.name for p in registry.arrays]
    (array([1., 2., 3.]), ['W', 'b'])
    """

    def __init__(self, declared: Iterable[Value] | None = None) -> None:
        self.values: list[Value] = []
        self.position: dict[Value, int] = {}
        self.arrays: tuple[Parameter, ...] = ()
        self.taken: set[str] = set(RESERVED)
        self.declared = declared is not None
        if declared is not None:
            self._append(list(declared))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.values)

    def add(self, trace: Trace) -> None:
        """Add what a trace reaches, in the order in which its operations first read it."""
        if not all(v in self.position for v in trace.parameters):
            self._append([v for v in _by_first_use(trace) if v not in self.position])

    def _append(self, values: list[Value]) -> None:
        if not values:
            return
        arrays, position = parameters(values, self.size, self.taken)
        ordered: list[Value] = list(values)
        for value, at in zip(values, position.tolist()):
            ordered[at - self.size] = value
            self.position[value] = at
        self.values += ordered
        self.arrays += arrays

    def places(self, trace: Trace) -> npt.NDArray[np.int64]:
        """Return where each parameter of a trace lies in the flat vector."""
        return np.array([self.position[v] for v in trace.parameters], dtype=np.int64)

    def read(self) -> Vector:
        """Return every parameter's number."""
        return np.array([v._data for v in self.values], dtype=np.float64)

    def write(self, theta: Vector) -> None:
        """Set every parameter's number."""
        for value, number in zip(self.values, theta.tolist()):
            value._data = number


def _by_first_use(trace: Trace) -> list[Value]:
    """Order parameters as a reader of the program meets them: those of one kind of operation together."""
    height = [0] * len(trace.ops)
    interior = [i for i, operands in enumerate(trace.operands) if operands]
    for i in interior:
        height[i] = 1 + max([height[j] for j in trace.operands[i]])
    met: dict[int, None] = {}
    biases: list[int] = []  # of dots: an array of their own, after the weights
    for i in sorted(interior, key=height.__getitem__):
        operands = trace.operands[i]
        weights = operands[:-1] if trace.ops[i] == "dot" and len(operands) % 2 else operands
        biases += operands[len(weights) :]
        for j in weights:
            leaf = trace.leaves.get(j)
            if leaf is not None and leaf.role == "parameter":
                met.setdefault(leaf.position)
    for j in [*biases, *trace.roots]:
        leaf = trace.leaves.get(j)
        if leaf is not None and leaf.role == "parameter":
            met.setdefault(leaf.position)
    return [trace.parameters[k] for k in met]
