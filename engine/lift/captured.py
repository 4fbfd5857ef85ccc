"""Numbers that a function takes from its surroundings: if one changes, the program that froze it is stale.

Closure cells, globals that the code names, defaults, the attributes of captured objects, and the same of functions it
calls, are compared with what they were when the function was traced.
"""

from __future__ import annotations

import os
import random
import types
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from engine.value import Value

LIMIT = 10_000  # plain numbers looked at; a function that captures more should take them as inputs
ENGINE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EMPTY = types.CellType()
PLAIN = (int, float, complex, str, bytes, bool, type(None), np.generic)


def snapshot(fn: Callable[..., Any]) -> list[Any]:
    """Return the plain numbers, strings and array contents that a function can see, in a fixed order.

    >>> scale = 2.0
    >>> def f(x):
    ...     return scale * x
    >>> before = snapshot(f)
    >>> scale = 3.0
    >>> snapshot(f) == before
    False
    """
    found: list[Any] = []
    seen: set[int] = set()
    stack: list[Any] = [fn]
    while stack and len(found) < LIMIT:
        x = stack.pop()
        if isinstance(x, PLAIN):
            found.append((type(x), repr(x)))  # repr, so that NaN equals itself and 1 is not True
        elif id(x) not in seen and not isinstance(x, (Value, type, types.ModuleType, types.BuiltinFunctionType)):
            seen.add(id(x))
            stack.extend(_inside(x, found))
    return found


def randomness(fn: Callable[..., Any]) -> list[Any]:
    """Return the states of the global generators, and all that `fn` captures: what drawing a number changes.

    >>> before = randomness(len)
    >>> _ = random.random()
    >>> randomness(len) == before
    False
    """
    state = np.random.get_state(legacy=False)  # noqa: NPY002 - a user's function may draw from it
    return [random.getstate(), repr(state["state"]), *snapshot(fn)]


def _inside(x: Any, found: list[Any]) -> Iterator[Any]:
    """Yield what an object holds; note what can be compared at once."""
    if isinstance(x, types.FunctionType):
        yield from _function(x)
    elif isinstance(x, types.MethodType):
        yield x.__func__
        yield x.__self__
    elif isinstance(x, np.ndarray):
        if x.dtype == object:
            yield from x.reshape(-1).tolist()
        else:
            found.append((x.shape, x.dtype.str, zlib.adler32(np.ascontiguousarray(x).tobytes())))
    elif isinstance(x, (list, tuple, set, frozenset)):
        found.append((type(x), len(x)))
        yield from (v for v in x if not isinstance(v, Value))
    elif isinstance(x, dict):
        found.append(len(x))
        yield from x.values()
    elif isinstance(x, np.random.Generator):
        found.append(repr(x.bit_generator.state))
    elif hasattr(x, "__dict__"):
        yield from vars(x).values()


def _function(f: types.FunctionType) -> Iterator[Any]:
    if f.__code__.co_filename.startswith(ENGINE):
        return
    for cell in f.__closure__ or ():
        if cell != EMPTY:  # a cell of a function that is still being defined
            yield cell.cell_contents
    yield from f.__defaults__ or ()
    yield from (f.__kwdefaults__ or {}).values()
    yield from _named_globals(f.__code__, f.__globals__)


def _named_globals(code: types.CodeType, namespace: dict[str, Any]) -> Iterator[Any]:
    for name in code.co_names:
        if name in namespace:
            yield namespace[name]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _named_globals(constant, namespace)
