"""What a function knows beside its arguments, put back after a run: objects, lists and dictionaries it writes into.

>>> kept = []
>>> def forward(x):
...     kept.append(x)
...     return 2.0 * x
>>> with unchanged(forward):
...     _ = forward(3.0)
>>> kept
[]
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

OTHERS = (
    "numpy",
    "torch",
    "jax",
    "jaxlib",
    "scipy",
    "nn",
    "engine",
    "builtins",
    "random",
)  # whose objects are no state
MOST = 2000  # things that are looked at


@contextmanager
def unchanged(*functions: Callable[..., Any]) -> Iterator[None]:
    """Put back, when this is closed, what functions can reach by themselves: their objects, closures and names."""
    states = [(x, _state(x)) for x in _reached(functions)]
    try:
        yield
    finally:
        for x, state in states:
            _put_back(x, state)


def _reached(functions: tuple[Callable[..., Any], ...]) -> list[Any]:
    """Return what has a state of its own, once each."""
    reached: dict[int, Any] = {}
    waiting: list[Any] = list(functions)
    while waiting and len(reached) < MOST:
        x = waiting.pop()
        if id(x) not in reached:
            reached[id(x)] = x
            waiting += _parts(x)
    return [x for x in reached.values() if _state(x) is not None]


def _parts(x: Any) -> list[Any]:
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, functools.partial):
        return [x.func, *x.args, *x.keywords.values()]
    if isinstance(x, FunctionType):
        named = [x.__globals__[name] for name in x.__code__.co_names if name in x.__globals__]
        return [*(x.__closure__ or ()), *(x.__defaults__ or ()), *named]
    state = _state(x) if not isinstance(x, tuple) else x
    return list(state.values() if isinstance(state, dict) else state or ())


def _state(x: Any) -> Any:
    """Return a copy of what can be written into, or None."""
    if isinstance(x, CellType):
        return [x.cell_contents] if x != CellType() else []
    if type(x) in (list, dict):
        return x.copy()
    if isinstance(x, (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType, functools.partial)):
        return None
    is_others = type(x).__module__.split(".")[0] in OTHERS
    return None if is_others or not isinstance(getattr(x, "__dict__", None), dict) else vars(x).copy()


def _put_back(x: Any, state: Any) -> None:
    if isinstance(x, CellType):
        for content in state:
            x.cell_contents = content
    elif isinstance(x, list):
        x[:] = state
    else:
        inside = x if isinstance(x, dict) else vars(x)
        inside.clear()
        inside.update(state)
