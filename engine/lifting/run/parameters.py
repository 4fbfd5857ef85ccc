"""The captured parameters of a program: which Values they are, and where each lies in the flat vector."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.arguments import described, listed
from engine.errors import ShapeError
from engine.lifting.ir import Trace
from engine.lifting.names import RESERVED, ParameterArray, apart, parameter_arrays, variable
from engine.lifting.run.first_use import by_first_use
from engine.lifting.run.flat import Flat, Vector
from engine.lifting.run.held_numbers import holding, numbers_held, set_numbers
from engine.lifting.trace.stand_in import Reading
from engine.lifting.views import Indices
from engine.tracing import DIFFERENTIATED, LOCAL, READ, WRITTEN, refuse
from engine.value import Value
from engine.watching.paths import Reader


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

    @classmethod
    def of_arrays(cls, tables: Mapping[str, npt.NDArray[Any]]) -> Parameters:
        """Return Values that somebody has laid into arrays, each in one place: their labels are not looked at again.

        >>> parameters = Parameters.of_arrays({"W": np.array([[Value(1.0), Value(2.0)]]), "b": np.array(Value(3.0))})
        >>> parameters.read(), [(p.name, p.shape) for p in parameters.arrays]
        (array([1., 2., 3.]), [('W', (1, 2)), ('b', ())])
        """
        parameters = cls(())
        arrays: list[ParameterArray] = []
        for name, table in tables.items():
            offset = sum([p.size for p in arrays])
            called = apart(name, parameters.names), table.shape, offset, variable(name, parameters.taken)
            arrays.append(ParameterArray(*called))
        values = list(chain.from_iterable([table.reshape(-1).tolist() for table in tables.values()]))
        parameters._hold(tuple(arrays), np.arange(len(values)), values, None)
        return parameters

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
        if all(v in self.position for v in trace.parameters):
            return
        fresh = [v for v in by_first_use(trace) if v not in self.position]
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
        self._hold(*parameter_arrays(values, self.flat.cells, self.taken, self.names, fn), values, order)

    def _hold(
        self, arrays: tuple[ParameterArray, ...], cells: Indices, values: list[Value], order: list[Value] | None
    ) -> None:
        """Take Values into cells of new arrays."""
        self.position.update(zip(values, cells.tolist()))
        own, laid = cells, values
        if (np.diff(cells) < 0).any():
            own, laid = np.sort(cells), [values[k] for k in np.argsort(cells).tolist()]
        self._held = [*self._held, *laid]  # other threads may be reading the old ones
        self._own = np.append(self._own, own)
        if order is None:
            order, cells = laid, own
        elif len(order) > len(values):  # one is there several times
            cells = np.array([self.position[v] for v in order], dtype=np.int64)
        self.values = [*self.values, *order]
        self._order = np.append(self._order, cells)
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
        numbers = numbers_held(held)
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
        set_numbers(self._held, self._numbers_in(theta))

    def at(self, theta: Any) -> AbstractContextManager[None]:
        """Have the Values hold a vector's numbers inside a ``with``; their own without a vector of so many."""
        if theta is None or np.shape(theta) != (self.size,):
            return nullcontext()
        return holding(self._held, self._numbers_in(theta))

    def _numbers_in(self, theta: Vector) -> list[float]:
        numbers: list[float] = self.flat.cells_of(theta)[self._cells.own].tolist()
        return numbers


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
    other = next((k for k, value in enumerate(values) if not isinstance(value, Value)), None)
    if other is not None:
        raise TypeError(
            f"parameters[{other}] is {described(values[other])}; parameters are Values, model.parameters() say."
        )


def _lie_in_order(values: list[Value], fn: Callable[..., Any]) -> bool:
    """Whether arrays by the paths of a function hold the Values in the order given, so that no call moves a number."""
    return bool((parameter_arrays(values, fn=fn)[1] == np.arange(len(values))).all())
