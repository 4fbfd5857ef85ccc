"""Steps, run directly: an array operation at a time over any kind of number, without text and without buffers.

>>> from fractions import Fraction
>>> from engine.lifting.ops import Step
>>> from engine.lifting.views import Source
>>> x, y = Source("x", (3,), "input"), Source("y", (), "value")
>>> steps = Steps([Step("sum", y.view, (x.view,))], [y.view])
>>> interpret(steps, {x: np.array([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)])})[y]
array(Fraction(1, 1), dtype=object)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.lifting.ir import Steps
from engine.lifting.ops import Step, operation
from engine.lifting.views import Gather, Literal, Operand, Source, View


def interpret(
    steps: Steps, arrays: Mapping[Source, Any], n: int = 1, number: Callable[[float], Any] = float
) -> dict[Source, Any]:
    """Return the array of every source.

    Parameters
    ----------
    steps
        What is run, forward and backward.
    arrays
        Arrays of parameters and inputs; batched ones have a leading axis.
    n
        How many samples there are.
    number
        How a number that is written out is one of the kind that is computed with.
    """
    memory = _Memory(arrays, n, number)
    with np.errstate(all="ignore"):
        for step in (*steps.forward, *steps.backward):
            known = operation(step.op)
            assert known is not None, step
            memory.write(step, known.compute(step, *map(memory.read, step.operands)))
    return {source: flat.reshape((*flat.shape[:-1], *source.shape)) for source, flat in memory.flat.items()}


class _Memory:
    """Every source as a flat array, with a leading axis for samples where it has one."""

    def __init__(self, arrays: Mapping[Source, Any], n: int, number: Callable[[float], Any]) -> None:
        self.n, self.number, self.flat = n, number, {}
        for source, array in arrays.items():
            self.flat[source] = np.asarray(array).reshape((n, source.size) if source.batched else (source.size,))
        self.dtype = object if any(flat.dtype == object for flat in self.flat.values()) else float

    flat: dict[Source, Any]

    def of(self, source: Source) -> Any:
        """Return a source's array; what nothing has been written to is not a number."""
        if source not in self.flat:
            value = np.full((self.n, source.size) if source.batched else (source.size,), np.nan, self.dtype)
            if source.value is not None:
                value[...] = [self.number(x) for x in source.value.reshape(-1).tolist()]
            self.flat[source] = value
        return self.flat[source]

    def read(self, x: Operand) -> Any:
        """Return an operand, with a leading axis for samples where it has one."""
        if isinstance(x, Literal):
            return np.asarray(self.number(x.value) * self.number(float(self.n)) ** x.batch_power)[()]
        return self.of(x.source)[self.places(x)]

    def places(self, x: View | Gather) -> Any:
        """Return the index of an operand's elements in its source's array."""
        if isinstance(x, View):
            return ..., x.positions()
        index = x.index
        if x.chosen is not None:
            index = index + x.stride * self.read(x.chosen).astype(np.int64)
        samples = np.arange(self.n).reshape(-1, *[1] * len(x.shape))
        return (samples, index) if x.source.batched else index

    def write(self, step: Step, value: Any) -> None:
        """Put a result where it belongs, or add it there."""
        flat, target = self.of(step.target.source), step.target
        if step.op == "scatter":
            places = self.places(step.gather())
            if not target.batched and np.ndim(value) > len(step.gather().shape):
                places = np.broadcast_to(places, np.shape(value))
            if step.accumulate:
                np.add.at(flat, places, value)
            else:
                flat[places] = value
            return
        shape = (self.n, *target.shape) if target.batched else target.shape
        if np.size(value) == np.prod(shape, dtype=int):
            value = np.reshape(value, shape)
        if step.accumulate:
            np.add.at(flat, self.places(target), value)
        else:
            flat[self.places(target)] = value
