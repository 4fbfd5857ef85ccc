"""Large captured arrays are read at each call: while a function is traced, Values stand in for their numbers.

The function runs on a copy of what leads from it to the arrays (functions, dictionaries, objects), so that nobody else
meets those Values. What cannot be copied (a class, a module, an array in a set) leaves the array's numbers constants.

>>> import numpy as np
>>> table = np.arange(3.0)
>>> f = lambda i: table[i] * 2.0
>>> reading = Reading(table, "table")
>>> float(f(1)), copied(f, [reading])(1).data
(2.0, 2.0)
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy.typing as npt

from engine.arrays.array import ValueArray
from engine.lifting.trace.code_names import names_of
from engine.lifting.trace.kinds import inside_cell, slots_of
from engine.lifting.trace.library import LIBRARIES, is_library, is_plain, mro
from engine.tree import array_of_objects
from engine.value import Value


class Reading:
    """A captured array that is read at each call.

    Attributes
    ----------
    array
        What the surroundings hold now; its shape and type stay.
    name
        What to call it.
    """

    def __init__(self, array: npt.NDArray[Any], name: str) -> None:
        self.array, self.name = array, name

    @functools.cached_property
    def values(self) -> npt.NDArray[Any]:
        """The Values, in the array's shape."""
        values = array_of_objects([Value(x) for x in self.array.reshape(-1).tolist()])
        return values.view(ValueArray).reshape(self.array.shape)

    @functools.cached_property
    def position(self) -> dict[Value, int]:
        """Which number each Value stands for."""
        return {value: k for k, value in enumerate(self.values.reshape(-1).tolist())}


def copied(fn: Callable[..., Any], readings: Sequence[Reading], holders: Sequence[int] = ()) -> Callable[..., Any]:
    """Return a function that reads Values in place of arrays, which the function itself does not.

    Parameters
    ----------
    fn
        The function.
    readings
        The arrays.
    holders
        In how many places each array is held, as far as is known.

    Raises
    ------
    TypeError
        If some of those places cannot be copied.
    """
    paths = _Paths(fn)
    for reading, count in zip(readings, holders):
        if len(paths.places.get(id(reading.array), ())) != count:
            raise TypeError(f"{reading.name} is held by something that cannot be copied")
    copy: Callable[..., Any] = _Copy(paths, readings).of(fn)
    return copy


class _Paths:
    """What leads from a function to arrays: every part of what can be copied, and who holds it."""

    def __init__(self, fn: Any) -> None:
        self.objects: dict[int, Any] = {}
        self.holders: dict[int, list[Any]] = {}  # of an object
        self.places: dict[int, set[Any]] = {}  # where it is held
        self.names: dict[int, dict[str, None]] = {}  # of each function's globals
        stack = [fn]
        while stack:
            x = stack.pop()
            if id(x) in self.objects or is_plain(type(x)) or isinstance(x, Value):
                continue
            self.objects[id(x)] = x
            for place, part in self._parts(x):
                self.holders.setdefault(id(part), []).append(x)
                self.places.setdefault(id(part), set()).add(place)
                stack.append(part)

    def _parts(self, x: Any) -> Iterator[tuple[Any, Any]]:
        kind = type(x)
        if kind is types.FunctionType:
            yield from self._parts_of_function(x)
        elif kind is types.MethodType:
            yield from [((id(x), 0), x.__self__), ((id(x), 1), x.__func__)]
        elif kind is functools.partial:
            yield from [((id(x), 0), x.func), ((id(x), 1), x.args), ((id(x), 2), x.keywords)]
        elif kind is dict:
            yield from [((id(x), key), part) for key, part in x.items()]
        elif kind in (list, tuple):
            yield from [((id(x), k), part) for k, part in enumerate(x)]
        elif _is_copied(kind):
            yield (id(x), 0), x.__dict__

    def _parts_of_function(self, f: types.FunctionType) -> Iterator[tuple[Any, Any]]:
        for cell in f.__closure__ or ():
            yield (id(cell), ""), inside_cell(cell)
        for name in ("__defaults__", "__kwdefaults__", "__dict__"):
            yield (id(f), name), getattr(f, name)
        if f.__code__.co_filename.startswith(LIBRARIES):
            return
        names = _globals_of(f.__code__)
        self.names.setdefault(id(f.__globals__), {}).update(dict.fromkeys(names))
        for name in names:
            if name in f.__globals__:
                yield (id(f.__globals__), name), f.__globals__[name]


def _globals_of(code: types.CodeType) -> list[str]:
    names = names_of(code)
    return [*names.globals, *[name for inner in names.inner for name in _globals_of(inner)]]


def _is_copied(kind: type) -> bool:
    """Whether objects of a class are their attributes and nothing else."""
    return kind is not object and not slots_of(kind) and all(c is object or not is_library(c) for c in mro(kind))


class _Copy:
    """Copies of what holds the arrays, and of who holds those; everything else is shared."""

    def __init__(self, paths: _Paths, readings: Sequence[Reading]) -> None:
        self.paths = paths
        self.made: dict[int, Any] = {}
        self.concerned: set[int] = set()
        self.cells: dict[int, types.CellType] = {}
        self.globals: dict[int, dict[str, Any]] = {}
        for reading in readings:
            self.made[id(reading.array)] = reading.values
        stack = list(self.made)
        while stack:
            at = stack.pop()
            if at not in self.concerned:
                self.concerned.add(at)
                stack += map(id, paths.holders.get(at, ()))

    def of(self, x: Any) -> Any:
        """Return the copy of an object, or the object itself where no array is behind it."""
        if id(x) not in self.concerned:
            return x
        if id(x) not in self.made:
            self.made[id(x)] = self._copied(x)
        return self.made[id(x)]

    def _copied(self, x: Any) -> Any:
        kind = type(x)
        if kind is types.FunctionType:
            return self._function(x)
        if kind is types.MethodType:
            return types.MethodType(self.of(x.__func__), self.of(x.__self__))
        if kind is functools.partial:
            return functools.partial(self.of(x.func), *self.of(x.args), **self.of(x.keywords))
        if kind is tuple:
            return tuple(map(self.of, x))
        copy: Any = kind() if kind in (dict, list) else object.__new__(kind)
        self.made[id(x)] = copy  # before its parts, which may hold it
        if kind is list:
            copy.extend(map(self.of, x))
        else:
            part = x if kind is dict else self.of(x.__dict__)
            (copy if kind is dict else copy.__dict__).update({key: self.of(v) for key, v in part.items()})
        return copy

    def _function(self, f: types.FunctionType) -> Any:
        cells = tuple([self._cell(cell) for cell in f.__closure__ or ()])
        copy = types.FunctionType(f.__code__, self._globals(f), f.__name__, None, cells)
        self.made[id(f)] = copy
        copy.__defaults__, copy.__kwdefaults__ = self.of(f.__defaults__), self.of(f.__kwdefaults__)
        copy.__dict__.update(self.of(f.__dict__))
        for cell in f.__closure__ or ():
            self._fill(cell)
        self._fill_globals(f)
        return copy

    def _cell(self, cell: types.CellType) -> types.CellType:
        if id(inside_cell(cell)) not in self.concerned:
            return cell
        return self.cells.setdefault(id(cell), types.CellType())

    def _fill(self, cell: types.CellType) -> None:
        if id(cell) in self.cells:
            self.cells[id(cell)].cell_contents = self.of(cell.cell_contents)

    def _globals(self, f: types.FunctionType) -> dict[str, Any]:
        around = f.__globals__
        names = self.paths.names.get(id(around), {})
        if not any(id(around.get(name)) in self.concerned for name in names):
            return around
        return self.globals.setdefault(id(around), dict(around))

    def _fill_globals(self, f: types.FunctionType) -> None:
        around = f.__globals__
        for name in self.paths.names.get(id(around), {}) if id(around) in self.globals else ():
            if name in around:
                self.globals[id(around)][name] = self.of(around[name])
