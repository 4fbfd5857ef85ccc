"""The one table of NumPy's functions: each is written in terms of rules, safe as NumPy has it, or refused by name.

A function is entered where it is written: ``@written("linalg.norm")``, with ``linalg.`` or ``fft.`` before the names of
those modules.  What is safe only moves elements, or computes by operators on whatever it is given.

>>> import engine
>>> treatment("sum"), treatment("stack"), treatment("fft.fft")
('written', 'safe', 'refused')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""The name of a NumPy function -> what is done in its place; it takes the same arguments."""

_SAFE = """
    concatenate stack hstack vstack dstack column_stack row_stack block append insert delete resize trim_zeros pad tile
    repeat roll rollaxis moveaxis flip fliplr flipud rot90 reshape ravel transpose permute_dims swapaxes
    matrix_transpose squeeze expand_dims atleast_1d atleast_2d atleast_3d broadcast_to broadcast_arrays split
    array_split hsplit vsplit dsplit unstack take take_along_axis put_along_axis diagonal diag diagflat tril triu
    tril_indices_from triu_indices_from meshgrid shape ndim size copy array_repr array_str array2string ix_
    apply_along_axis apply_over_axes zeros_like empty_like ones_like may_share_memory shares_memory diff ediff1d
    trapezoid trapz vander polyval poly polyder polyint polyadd polysub polymul choose
    sliding_window_view diag_indices_from fft.fftshift fft.ifftshift result_type can_cast iscomplexobj isrealobj
    linalg.diagonal linalg.outer linalg.cross linalg.matmul linalg.tensordot linalg.matrix_transpose linalg.vecdot
"""
SAFE = frozenset(_SAFE.split())
"""NumPy functions that are right on arrays of Values as they are."""

MODULES = {"linalg": "linalg", "fft": "fft", "random": "random", "scimath": "emath"}
"""The modules of NumPy's whose functions are called by the module as well -> its name."""

REFUSED: dict[str, str] = {}
"""The name of a NumPy function that is refused -> the way out, where it has one of its own."""

WAY_OUT = "Write it with others, or pass np.array(engine.stop_gradient(x), dtype=float) where a constant is meant."


def written(*names: str) -> Callable[[F], F]:
    """Enter a function in place of NumPy's of these names."""

    def enter(f: F) -> F:
        taken = [name for name in names if name in FUNCTIONS or name in SAFE]
        if taken:
            raise ValueError(f"np.{taken[0]} is in the table of NumPy's functions already; leave one of the two out.")
        FUNCTIONS.update(dict.fromkeys(names, f))
        return f

    return enter


def refused(way_out: str, *names: str) -> None:
    """Give functions that are refused a way out of their own."""
    REFUSED.update(dict.fromkeys(names, way_out))


def refuse_function(name: str, way_out: str = WAY_OUT) -> NoReturn:
    """Say that NumPy's function of this name, or a use of it, is not defined here.

    Raises
    ------
    TypeError
        Always.
    """
    raise TypeError(f"np.{name} is not defined for arrays of Values. {way_out}")


def title(function: Any) -> str:
    """Return the name of a NumPy function, as the table has it.

    >>> import numpy as np
    >>> title(np.sum), title(np.linalg.norm)
    ('sum', 'linalg.norm')
    """
    name = getattr(function, "__name__", str(function))
    module = (getattr(function, "__module__", "") or "").split(".")
    inner = [MODULES[part] for part in module if part in MODULES]
    return ".".join([*inner[:1], name])


def treatment(name: str) -> str:
    """Return what is done with a NumPy function: "written", "safe", "refused", or "new": refused, and not in the table.

    >>> treatment("stack"), treatment("a function to come")
    ('safe', 'new')
    """
    return "written" if name in FUNCTIONS else "safe" if name in SAFE else "refused" if name in REFUSED else "new"


def dispatched(module: Any) -> dict[str, Any]:
    """Return the functions of a module of NumPy's that ask an array what they do with it, by their titles.

    >>> import numpy as np
    >>> dispatched(np)["sum"] is np.sum, "linalg.norm" in dispatched(np.linalg), "array" in dispatched(np)
    (True, True, False)
    """
    functions = [getattr(module, name) for name in module.__all__ if name != "__version__"]
    return {title(f): f for f in functions if hasattr(f, "_implementation")}
