"""Arrays of floats that a function makes and writes its results into, `out = np.zeros(n); out[i] = ...`.

What is differentiated cannot be written into floats. While a function runs that tries to, NumPy's makers of arrays give
it ones that take anything.

>>> def f():
...     out = np.zeros(2)
...     out[0] = 1j
...     return out
>>> with_writable(f, lambda zeros: zeros.astype(complex), TypeError).tolist()
[1j, 0j]
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

MAKERS = ("zeros", "ones", "empty", "full")
OURS = tuple(str(Path(file).parent) for file in (np.__file__, sys.modules["engine"].__file__ or "", __file__))
ONE_AT_A_TIME = threading.RLock()


def with_writable(run: Callable[[], Any], make: Callable[[Any], Any], refusal: type[Exception]) -> Any:
    """Return what a function returns; where it is refused, with arrays in which anything can be written.

    Parameters
    ----------
    run
        The function.
    make
        What such an array is made of one of floats.
    refusal
        The exception with which writing is refused.
    """
    try:
        return run()
    except refusal:
        with ONE_AT_A_TIME, _made_by(make):
            return run()


@contextmanager
def _made_by(make: Callable[[Any], Any]) -> Iterator[None]:
    makers = {name: getattr(np, name) for name in MAKERS}
    for name, maker in makers.items():
        setattr(np, name, _making(maker, make))
    try:
        yield
    finally:
        for name, maker in makers.items():
            setattr(np, name, maker)


def _making(maker: Callable[..., Any], make: Callable[[Any], Any]) -> Callable[..., Any]:
    def made(*args: Any, **kwargs: Any) -> Any:
        array = maker(*args, **kwargs)
        is_author = not sys._getframe(1).f_code.co_filename.startswith(OURS)
        return make(array) if is_author and array.dtype.kind == "f" else array

    return made
