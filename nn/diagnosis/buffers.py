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
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import engine

MAKERS = ("zeros", "empty", "ones", "full", "zeros_like", "empty_like", "ones_like", "full_like")
JOINING = ("array", "asarray")
LIBRARIES = (
    *[f"{Path(str(file)).parent}{os.sep}" for file in (np.__file__, engine.__file__, __file__)],
    "<__array_function__",
)
_TURN = threading.RLock()  # NumPy's names are everybody's


@contextmanager
def buffers(hold: Callable[[Any], Any], join: Callable[[Any], Any] | None = None) -> Iterator[None]:
    """While this is open, hand what this thread's own code makes with NumPy, and may fill, to a function.

    Parameters
    ----------
    hold
        Of an array of floats, the array that stands in its place.
    join
        Of what `numpy.array` is given, the array that stands in its place, or None.
    """
    with _TURN:
        originals = {name: getattr(np, name) for name in (*MAKERS, *JOINING, "c_")}
        thread = threading.get_ident()
        standing: dict[str, Any] = {name: _maker(originals[name], hold, thread) for name in MAKERS}
        if join is not None:
            standing |= {name: _joiner(originals[name], join, thread) for name in JOINING}
            standing["c_"] = _Columns(join, originals["c_"])
        for name, other in standing.items():
            setattr(np, name, other)
        try:
            yield
        finally:
            for name, original in originals.items():
                setattr(np, name, original)


def _joiner(original: Callable[..., Any], join: Callable[[Any], Any], thread: int) -> Callable[..., Any]:
    @functools.wraps(original)
    def make(x: Any, *args: Any, **kwargs: Any) -> Any:
        held = join(x) if threading.get_ident() == thread else None
        return original(x, *args, **kwargs) if held is None else held

    return make


class _Columns:
    """What stands in place of `numpy.c_`."""

    def __init__(self, join: Callable[[Any], Any], original: Any) -> None:
        self._join, self._original = join, original

    def __getitem__(self, arrays: Any) -> Any:
        is_held = isinstance(arrays, tuple) and any(self._join(x) is not None for x in arrays)
        return np.column_stack(arrays) if is_held else self._original[arrays]


def _maker(original: Callable[..., Any], hold: Callable[[Any], Any], thread: int) -> Callable[..., Any]:
    @functools.wraps(original)
    def make(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        by_library = sys._getframe(1).f_code.co_filename.startswith(LIBRARIES)
        if by_library or threading.get_ident() != thread or type(made) is not np.ndarray or made.dtype.kind != "f":
            return made
        if "empty" in original.__name__:
            made.fill(0.0)
        return hold(made)

    return make
