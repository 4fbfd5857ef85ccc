"""A function with other arrays in place of those that it has captured: in its closure, its module, its objects.

``X.dot(w)`` asks X alone what that is: where X is an array of the author's, it must be one that records.

>>> X = np.ones((2, 3))
>>> def f(w):
...     return X.dot(w)
>>> recapturing(f, lambda x, name: 2.0 * x)(np.ones(3)).tolist(), f(np.ones(3)).tolist()
([6.0, 6.0], [3.0, 3.0])
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias, TypeVar

import numpy as np

from nn.diagnosis.alterations.authors import LIBRARIES
from nn.samples import Array

F = TypeVar("F")
T = TypeVar("T")
StandIn: TypeAlias = Callable[[Array, str], Any]


def recapturing(f: F, stand_in: StandIn, kinds: str = "f") -> F:
    """Return a function like another that finds something else where that finds arrays which are no arguments.

    Nothing of the other is changed: it, and what leads to its arrays, is copied.

    Parameters
    ----------
    f
        The function, or several.
    stand_in
        Of an array and what it is called, what is found in its place.
    kinds
        Of which types of numbers: "f" floats, "i" whole numbers, "b" bools.
    """
    twin: F = _Twins(stand_in, kinds).of(f)
    return twin


def numbers_held(f: Any) -> dict[str, Any]:
    """Return the numbers and arrays that a function reads and does not compute, by their names."""
    variables = inspect.getclosurevars(f) if isinstance(f, FunctionType) else None
    held = {**variables.globals, **variables.nonlocals} if variables is not None else {}
    return {name: x for name, x in held.items() if isinstance(x, (int, float, np.ndarray)) and type(x) is not bool}


def attempted_with(run: Callable[[F], T], f: F, stand_in: StandIn, refusals: tuple[type[Exception], ...]) -> T:
    """Return what is made of a function as it is; or of one with stand-ins for its own floats; or for all its arrays.

    Raises
    ------
    Exception
        What the last attempt raises, or what is no refusal.
    """
    for kinds in ("", "f"):
        with suppress(*refusals):
            return run(recapturing(f, stand_in, kinds) if kinds else f)
    return run(recapturing(f, stand_in, "fib"))


class _Twins:
    """What stands in place of functions, objects and containers that lead to arrays; of others, themselves."""

    def __init__(self, stand_in: StandIn, kinds: str) -> None:
        self._stand_in, self._kinds = stand_in, kinds
        self._known: dict[int, tuple[Any, Any]] = {}

    def of(self, x: Any, name: str = "") -> Any:
        """Return the twin of anything, by the name that it has there; itself where it leads to no array."""
        if id(x) not in self._known:
            self._known[id(x)] = x, x  # while it is made, for what leads back to it
            self._known[id(x)] = x, self._made(x, name)
        return self._known[id(x)][1]

    def _made(self, x: Any, name: str) -> Any:
        if type(x) is np.ndarray:
            return self._stand_in(x, name) if x.dtype.kind in self._kinds else x
        if isinstance(x, FunctionType):
            return self._function(x)
        if isinstance(x, MethodType):
            return MethodType(x.__func__, self.of(x.__self__))
        if type(x) is dict:
            return {**x, **self._changed(x)}
        if type(x) in (list, tuple):
            return type(x)(map(self.of, x))
        return x if isinstance(x, (type, ModuleType)) else self._object(x)

    def _changed(self, held: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return the twins of values that have one."""
        return {key: twin for key, x in held.items() if (twin := self.of(x, f"{key}")) is not x}

    def _function(self, f: FunctionType) -> FunctionType:
        cells = tuple(map(self._cell, f.__closure__ or (), f.__code__.co_freevars))
        is_library = f.__code__.co_filename.startswith(LIBRARIES)
        names = () if is_library else _names(f.__code__)
        others = self._changed({name: f.__globals__[name] for name in names if name in f.__globals__})
        variables = {**f.__globals__, **others} if others else f.__globals__
        twin = FunctionType(f.__code__, variables, f.__name__, self.of(f.__defaults__), cells)
        twin.__kwdefaults__ = self.of(f.__kwdefaults__)
        return twin

    def _cell(self, cell: CellType, name: str) -> CellType:
        try:
            content = cell.cell_contents
        except ValueError:  # nothing is in it yet
            return cell
        twin = self.of(content, name)
        return cell if twin is content else CellType(twin)

    def _object(self, x: Any) -> Any:
        """Return a copy of an object with other attributes; of one of this library's, other functions alone."""
        attributes = getattr(x, "__dict__", {})
        if type(x).__module__.partition(".")[0] in ("nn", "engine"):
            attributes = {name: y for name, y in attributes.items() if callable(y)}
        changed = self._changed(attributes)
        if not changed:
            return x
        try:
            twin = copy.copy(x)
        except Exception:  # not every object has a copy
            return x
        twin.__dict__.update(changed)
        return twin


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function, or one that is made in it, looks up in its module."""
    yield from code.co_names
    for x in code.co_consts:
        if isinstance(x, CodeType):
            yield from _names(x)
