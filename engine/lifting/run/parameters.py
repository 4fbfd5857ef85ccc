"""The captured parameters of a program: which Values they are, and where each lies in the flat vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from operator import is_
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.arguments import described, listed
from engine.errors import ShapeError
from engine.lifting.ir import Trace, heights
from engine.lifting.names import RESERVED, ParameterArray, apart, parameter_arrays, variable
from engine.lifting.trace.stand_in import Reading
from engine.lifting.views import Indices
from engine.tracing import DIFFERENTIATED, LOCAL, READ, WRITTEN, refuse
from engine.value import Value
from engine.watching.paths import Reader

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flat:
    """How a flat vector's numbers lie in cells, of which each named array has a run.

    Where parameters were given as their arrays lie, as a module gives them, cells and vector are the same.

    >>> arrays = Parameters([Value(1.0, "W[0, 0]"), Value(3.0, "b"), Value(2.0, "W[0, 1]")]).flat
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
        cells = np.empty(self.cells, flat.dtype)
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


class Parameters:
    """Values in the order of the flat vector: as they were given, then what later traces find.

    Parameters
    ----------
    declared
        The Values of the vector, in order; without them it is filled by what traces read.
    fn
        The function that reads them: what has no label is called by its path, where the numbers stay in their order.

    Attributes
    ----------
    values
        The Values, in the vector's order.
    arrays
        The named arrays that their labels make up.
    flat
        How the vector's numbers lie in these arrays.

    Raises
    ------
    TypeError
        If one of them is not a Value.

    Examples
    --------
    >>> parameters = Parameters([Value(1.0, "W[0, 0]"), Value(2.0, "W[0, 1]"), Value(3.0, "b")])
    >>> parameters.read(), [p.name for p in parameters.arrays]
    (array([1., 2., 3.]), ['W', 'b'])
    """

    def __init__(self, declared: Iterable[Value] | None = None, fn: Callable[..., Any] | None = None) -> None:
        self.values: list[Value] = []
        self.position: dict[Value, int] = {}  # the cell of each
        self.flat = Flat()
        self.taken: set[str] = set(RESERVED)
        self.names: set[str] = set()
        self.declared = declared is not None
        self._order: Indices = np.zeros(0, dtype=np.int64)  # the cell of each of the values
        self._held: list[Value] = []  # by cell; what stands in for a number of an array that is read is none
        self._own = self._order  # the cells of these
        self._cells = _Cells([], slice(None), (), 0)
        self._latest: tuple[Any, Flat | None, list[Any]] = (None, None, [])  # a vector, how it lies, and its views
        self._apart: tuple[Any, ...] = ()  # a gradient's place, and what it shares no memory with
        self._latest_out: tuple[Any, Flat | None, list[Any]] = (None, None, [])  # the same of a gradient's place
        if declared is not None:
            order = listed(declared, "Parameters' values", "Values")
            _refuse_others(order)
            values = list(dict.fromkeys(order))
            self._append(values, order, fn if fn is not None and _lie_in_order(values, fn) else None)

    @property
    def arrays(self) -> tuple[ParameterArray, ...]:
        """The named arrays."""
        return self.flat.arrays

    @property
    def size(self) -> int:
        """Length of the flat vector."""
        return len(self.values)

    def add(self, trace: Trace, readings: Iterable[Reading] = (), fn: Reader | None = None) -> None:
        """Add what a trace reaches, in the order in which its operations first read it.

        Parameters
        ----------
        trace
            Whose captured Values are added.
        readings
            Arrays that are read at each call; Values that stand in for their numbers are no parameters.
        fn
            The function that was traced, or variables: what has no label is called by the path that leads to it.
        """
        fresh = [v for v in trace.parameters if v not in self.position]
        if not fresh:
            return
        fresh = _by_first_use(trace, fresh)
        for reading in readings:
            if standing := [v for v in fresh if v in reading.position]:
                self._append_read(reading, standing)
        fresh = [v for v in fresh if v not in self.position]
        if fresh:
            self._append(fresh, fn=fn)

    def _append_read(self, reading: Reading, values: list[Value]) -> None:
        """Give each number of an array that is read a cell, in the array's order."""
        numbers = np.array(sorted([reading.position[v] for v in values]), dtype=np.int64)
        cells = np.arange(self.flat.cells, self.flat.cells + len(numbers))
        standing = reading.values.reshape(-1)
        self.position.update(zip(standing[numbers].tolist(), cells.tolist()))
        shape = reading.array.shape if len(numbers) == reading.array.size else (len(numbers),)
        name = apart(reading.name, self.names)
        part = ParameterArray(name, shape, self.flat.cells, variable(name, self.taken), read=True)
        self._lay((part,), (reading, _run_of(numbers), _run_of(cells)))

    def _lay(self, arrays: tuple[ParameterArray, ...], *reads: _Read) -> None:
        """Lay named arrays after those that there are."""
        arrays = (*self.arrays, *arrays)
        cells = sum([p.size for p in arrays])
        same = len(self._order) == cells and np.array_equal(self._order, np.arange(cells))
        self.flat = Flat(arrays, cells, None if same else self._order)
        self._apart = ()  # the vector may have another size now
        self._cells = _Cells(self._held, _run_of(self._own), (*self._cells.reads, *reads), cells)

    def forget_readings(self) -> None:
        """Read arrays no more: what was traced of them is forgotten."""
        self._cells = self._cells._replace(reads=())

    def _append(self, values: list[Value], order: list[Value] | None = None, fn: Reader | None = None) -> None:
        """Give each Value a cell; without an order that somebody gave, the vector goes on as the cells do."""
        arrays, cells = parameter_arrays(values, self.flat.cells, self.taken, self.names, fn)
        self.position.update(zip(values, cells.tolist()))
        laid = [values[k] for k in np.argsort(cells)]
        self._held = [*self._held, *laid]  # other threads may be reading the old ones
        self._own = np.append(self._own, np.sort(cells))
        order = laid if order is None else order  # in which one may be several times
        self.values = [*self.values, *order]
        self._order = np.append(self._order, np.array([self.position[v] for v in order], dtype=np.int64))
        self._lay(arrays)

    def places(self, trace: Trace) -> Indices:
        """Return the cell of each parameter of a trace."""
        return np.array([self.position[v] for v in trace.parameters], dtype=np.int64)

    def read(self) -> Vector:
        """Return every parameter's number, in the order of the flat vector."""
        return self.flat.vector_of(self.read_cells())

    def read_cells(self) -> Vector:
        """Return every parameter's number, cell by cell; where a function is being watched, some may be refused."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            for value in self._held:
                refuse(value, READ)
        held, own, reads, size = self._cells
        numbers = [v._data for v in held]
        if not reads and size == len(numbers):
            return np.fromiter(numbers, np.float64, len(numbers))
        cells = np.zeros(size)
        cells[own] = numbers
        return _with_readings(cells, reads)

    def cells_of(self, theta: Vector) -> Vector:
        """Return a flat vector's cells, and the numbers of arrays that are read; the vector itself if it is that."""
        return _with_readings(self.flat.cells_of(theta), self._cells.reads)

    def views(self, theta: Any, dtype: Any) -> list[Any]:
        """Return the flat vector and its named arrays, in a program's type; the same vector is looked at once.

        Without a vector the Values are read.
        """
        known, flat = self._latest, self.flat
        if theta is None:
            cells = self.read_cells()
        elif theta is known[0] and known[1] is flat:
            return known[2]
        else:
            self.check(theta, "parameters", flat.size)
            cells = self.cells_of(theta)
        typed = cells.astype(dtype, copy=False)
        views = [typed, *[p.of(typed) for p in flat.arrays]]
        if typed is theta:
            self._latest = (theta, flat, views)
        return views

    def places_in(self, cells: Vector, out: Any) -> list[Any]:
        """Return the places of a gradient: its cells and their named arrays; the same `out` is looked at once."""
        known, flat = self._latest_out, self.flat
        if cells is known[0] and known[1] is flat:
            return known[2]
        places = [cells, *[p.of(cells) for p in flat.arrays]]
        if cells is out:
            self._latest_out = (out, flat, places)
        return places

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_latest": (None, None, []), "_apart": (), "_latest_out": (None, None, [])}

    def copy(self) -> Parameters:
        """Return the same parameters, to which other traces may add theirs."""
        other = copy(self)
        other.position, other.taken, other.names = dict(self.position), set(self.taken), set(self.names)
        return other

    def check(self, vector: Any, what: str, size: int | None = None) -> None:
        """Refuse what is no flat vector of these parameters, of which there may have been fewer."""
        size = self.size if size is None else size
        if not isinstance(vector, np.ndarray) or vector.dtype != np.float64 or vector.shape != (size,):
            is_array = isinstance(vector, np.ndarray)
            got = f"{vector.dtype} array of shape {vector.shape}" if is_array else described(vector)
            raise ShapeError(f"{what} must be a float64 vector of {size} numbers, as pull() returns; got {got}.")
        if not vector.flags.c_contiguous:
            raise ShapeError(f"{what} must be contiguous; pass np.ascontiguousarray(...).")

    def check_out(self, out: Any, size: int, computed_from: tuple[Any, ...]) -> None:
        """Refuse a place for a gradient that holds what it is computed from."""
        known = self._apart
        if len(known) == len(computed_from) + 1 and out is known[0] and all(map(is_, known[1:], computed_from)):
            return
        self.check(out, "out", size)
        if any(np.may_share_memory(out, x) for x in computed_from):
            raise ShapeError("out shares memory with what the gradient is computed from; pass memory of its own.")
        self._apart = (out, *computed_from)

    def write(self, theta: Vector) -> None:
        """Set every parameter's number."""
        if LOCAL.watch is not None or DIFFERENTIATED:
            for value in self._held:
                refuse(value, WRITTEN)
        for value, number in zip(self._held, self.flat.cells_of(theta)[self._cells.own].tolist()):
            value._data = number


_Read = tuple[Reading, Any, Any]  # an array, which of its numbers, and their cells


class _Cells(NamedTuple):
    """What a flat vector's cells are read from, replaced as a whole: other threads may be reading it."""

    held: list[Value]
    own: Any  # the cells of these
    reads: tuple[_Read, ...]
    size: int


def _with_readings(cells: Vector, reads: tuple[_Read, ...]) -> Vector:
    """Write the numbers of arrays that are read into their cells."""
    for reading, numbers, at in reads:
        cells[at] = reading.array.reshape(-1)[numbers]
    return cells


def _run_of(numbers: Indices) -> Any:
    """Return numbers that follow each other as a slice, which copies in one go."""
    if len(numbers) and (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def _refuse_others(values: list[Value]) -> None:
    """Refuse parameters that are no leaves."""
    for k, value in enumerate(values):
        if not isinstance(value, Value):
            raise TypeError(f"parameters[{k}] is {described(value)}; parameters are Values, model.parameters() say.")


def _by_first_use(trace: Trace, fresh: Sequence[Value]) -> list[Value]:
    """Order parameters as a reader of the program meets them: those of one kind of operation together."""
    wanted = set(fresh)
    parameters = [(i, leaf.position) for i, leaf in trace.leaves.items() if leaf.role == "parameter"]
    number = {i: position for i, position in parameters if trace.parameters[position] in wanted}
    is_wanted = np.zeros(len(trace.ops), bool)
    is_wanted[list(number)] = True
    height = np.array(heights(trace.operands))
    readers = np.unique(np.repeat(np.arange(len(trace.ops)), trace.arity)[is_wanted[trace.reads]])
    met: dict[int, None] = {}
    biases: list[int] = []  # of dots: an array of their own, after the weights
    for i in readers[np.argsort(height[readers], kind="stable")].tolist():
        operands = trace.operands[i]
        weights = operands[:-1] if trace.ops[i] == "dot" and len(operands) % 2 else operands
        biases += operands[len(weights) :]
        met |= {number[j]: None for j in weights if j in number}
    met |= {number[j]: None for j in (*biases, *trace.roots) if j in number}
    return [trace.parameters[k] for k in met]


def _lie_in_order(values: list[Value], fn: Callable[..., Any]) -> bool:
    """Whether arrays by the paths of a function hold the Values in the order given, so that no call moves a number."""
    return bool((parameter_arrays(values, fn=fn)[1] == np.arange(len(values))).all())
