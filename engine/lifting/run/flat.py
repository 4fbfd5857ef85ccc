"""The flat vector of a program's parameters: how its numbers lie in named arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import ShapeError
from engine.lifting.names import ParameterArray
from engine.lifting.views import Indices

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flat:
    """How a flat vector's numbers lie in cells, of which each named array has a run.

    Where parameters were given as their arrays lie, as a module gives them, cells and vector are the same.

    >>> W, b = ParameterArray("W", (1, 2), 0, "W"), ParameterArray("b", (), 2, "b")
    >>> arrays = Flat((W, b), 3, np.array([0, 2, 1]))
    >>> arrays.cells_of(np.array([1.0, 3.0, 2.0])), arrays.named(np.array([1.0, 3.0, 2.0]))
    (array([1., 2., 3.]), {'W': array([[1., 2.]]), 'b': array(3.)})
    """

    arrays: tuple[ParameterArray, ...] = ()
    cells: int = 0
    order: Indices | None = None  # the cell of each number, where that is another order

    @property
    def size(self) -> int:
        """Length of the vector; a Value that was given twice has two numbers in it, and one cell."""
        return self.cells if self.order is None else len(self.order)

    def cells_of(self, flat: Vector) -> Vector:
        """Return a vector's cells; the vector itself where that is the same.

        Raises
        ------
        ShapeError
            If a Value that was given twice has two numbers.
        """
        if self.order is None:
            return flat
        cells = np.zeros(self.cells, flat.dtype)  # of arrays that are read, which a direction does not move
        cells[self.order] = flat
        twice = len(flat) > self.cells - sum([p.size for p in self.arrays if p.read])
        if twice and not np.array_equal(cells[self.order], flat, equal_nan=True):
            raise ShapeError("A parameter that was given twice has two different numbers; give both the same.")
        return cells

    def vector_of(self, cells: Vector, out: Vector | None = None) -> Vector:
        """Return the vector of some cells, in `out` if there is one; the cells themselves where that is the same."""
        if out is None:
            return cells if self.order is None else cells.take(self.order)
        np.copyto(out, cells if self.order is None else cells.take(self.order))
        return out

    def place(self, out: Any, dtype: Any) -> Vector:
        """Return where a gradient's cells go: straight into `out`, if its numbers lie as the cells do."""
        fits = out is not None and dtype == np.float64 and self.order is None
        return out if fits else np.empty(self.cells, dtype)

    def named(self, flat: Vector) -> dict[str, npt.NDArray[np.float64]]:
        """Return a vector's named arrays; views of it where that can be."""
        cells = self.cells_of(flat)
        return {p.name: p.of(cells) for p in self.arrays if not p.read}
