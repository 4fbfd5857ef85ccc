"""Arrays that a forward function makes and then fills, which hold what is differentiated as well as numbers.

``out = np.zeros(n)`` is an array of floats whatever is put into it; while a function is differentiated, those that it
makes are arrays of the kind that it was given.

>>> from engine import Value, array
>>> def forward(x):
...     out = np.zeros(2)
...     out[0], out[1] = x[0] * x[1], 3.0
...     return out.sum()
>>> x = array([Value(2.0), Value(5.0)])
>>> with buffers(array):
...     forward(x).backward()
>>> [v.grad for v in x], type(np.zeros(2)).__name__
([5.0, 2.0], 'ndarray')
"""

from __future__ import annotations

import functools
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeAlias

import numpy as np

import engine

MAKERS = ("zeros", "empty", "ones", "full", "zeros_like", "empty_like", "ones_like", "full_like")
JOINING = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")
OF_MATH = {name: getattr(np, name) for name in dir(math) if isinstance(getattr(np, name, None), np.ufunc)} | {
    "fabs": np.abs, "pow": np.power, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2,
    "erf": engine.erf,
}  # fmt: skip
LIBRARIES = (
    *[f"{Path(str(file)).parent}{os.sep}" for file in (np.__file__, engine.__file__, __file__)],
    "<__array_function__",
)
Instead: TypeAlias = Callable[..., Any]
"""What is called in place of a function: with that, and with its arguments."""
_TURN = threading.RLock()  # NumPy's names are everybody's


@contextmanager
def buffers(
    hold: Callable[[Any], Any],
    join: Callable[[Any, bool], Any] | None = None,
    others: Mapping[tuple[Any, str], Instead] = MappingProxyType({}),
) -> Iterator[None]:
    """While this is open, hand what this thread's own code makes with NumPy, and may fill, to a function.

    The functions of `math` are NumPy's, of what is no number of Python's.

    Parameters
    ----------
    hold
        Of an array of floats, the array that stands in its place.
    join
        Of what `numpy.array` is given, and whether it is copied, the array that stands in its place, or None.
    others
        What else has a function in its place, by the module and the name.
    """
    with _TURN:
        instead: dict[tuple[Any, str], Instead] = {**others}
        instead |= {(np, name): functools.partial(_made, hold=hold, name=name) for name in MAKERS}
        instead |= {(math, name): functools.partial(_of_math, ufunc=ufunc) for name, ufunc in OF_MATH.items()}
        if join is not None:
            instead |= {(np, name): functools.partial(_joined, hold=hold, join=join, name=name) for name in JOINING}
        originals: dict[tuple[Any, str], Any] = {place: getattr(*place) for place in instead}
        standing: dict[tuple[Any, str], Any] = {p: _in_thread(originals[p], f) for p, f in instead.items()}
        if join is not None:
            originals[np, "c_"], standing[np, "c_"] = np.c_, _Columns(join, np.c_)
        untouched = ModuleType(np.__name__)
        untouched.__dict__.update(np.__dict__)
        for module in compiled_on_numpy(len(sys.modules)):
            originals[module, "np"], standing[module, "np"] = np, untouched
        for place, other in standing.items():
            setattr(*place, other)
        try:
            yield
        finally:
            for place, original in originals.items():
                setattr(*place, original)


@functools.lru_cache(maxsize=1)
def compiled_on_numpy(count: int) -> list[ModuleType]:
    """Return the modules that are not written in Python and call NumPy by its name: they rely on what it makes."""
    several = [module for module in list(sys.modules.values()) if getattr(module, "__dict__", {}).get("np") is np]
    return [m for m in several if isinstance(getattr(m.__spec__, "loader", None), ExtensionFileLoader)]


def _in_thread(original: Callable[..., Any], instead: Instead) -> Callable[..., Any]:
    thread = threading.get_ident()

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return original(*args, **kwargs)
        return instead(original, *args, **kwargs)

    return called


def _of_math(original: Callable[..., Any], *xs: Any, ufunc: Callable[..., Any]) -> Any:
    return original(*xs) if all(type(x) in (float, int, bool) for x in xs) else ufunc(*xs)


def _joined(original: Callable[..., Any], x: Any, *args: Any, hold: Any, join: Any, name: str, **kwargs: Any) -> Any:
    held = join(x, name == "array")
    if held is not None:
        return held
    return _made(
        original, x, *args, hold=hold if name == "array" else lambda array: array, name=name, above=3, **kwargs
    )


class _Columns:
    """What stands in place of `numpy.c_`."""

    def __init__(self, join: Callable[[Any, bool], Any], original: Any) -> None:
        self._join, self._original = join, original

    def __getitem__(self, arrays: Any) -> Any:
        is_held = isinstance(arrays, tuple) and any(self._join(x, False) is not None for x in arrays)
        return np.column_stack(arrays) if is_held else self._original[arrays]


def _made(original: Callable[..., Any], *args: Any, hold: Any, name: str, above: int = 2, **kwargs: Any) -> Any:
    array = original(*args, **kwargs)
    by_library = sys._getframe(above).f_code.co_filename.startswith(LIBRARIES)
    if by_library or type(array) is not np.ndarray or array.dtype.kind != "f":
        return array
    if "empty" in name:
        array.fill(0.0)
    return hold(array)
