"""Arrays of Values, and arrays of comparisons that are still undecided while a function is lifted.

An array of Values is an ndarray of objects, Values and floats mixed, of which NumPy asks the rules instead of its own
loops.  `engine.array` makes one; transforms and lifted functions are handed them, and what is computed from one is one.

>>> from engine import Value
>>> x = array([Value(-1.0), 2.0, Value(3.0)])
>>> np.maximum(x, 0.0).sum()
Value(5.0, grad=0.0, op='total')
>>> x > 0.0
array([False,  True,  True])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays.along import UNSET
from engine.arrays.elements import as_element
from engine.arrays.loops import COMPARING
from engine.arrays.plain import Undecided, decided, objects, settled
from engine.arrays.table import FUNCTIONS, REFUSED, SAFE, WAY_OUT, refuse_function, title
from engine.arrays.ufuncs import call, on_ufunc
from engine.conditions import Condition
from engine.operands import is_value
from engine.tracing import LOCAL

ndarray = np.ndarray
AT_ONCE = frozenset([np.add, np.subtract, np.multiply, np.negative, np.absolute])
"""The ufuncs that are done by their own loops over objects: these ask Python's operators, which are rules."""


class ValueArray(np.ndarray[Any, Any]):
    """An ndarray of Values and floats, whose ufuncs, functions and methods go through the rules.

    See `array`, which makes one.
    """

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Do what a ufunc does, by the rules."""
        if kwargs or method != "__call__":
            return answer(ufunc, method, inputs, kwargs)
        if ufunc in AT_ONCE:
            result = ufunc(*[x.view(ndarray) if x.__class__ is ValueArray else _plain(x) for x in inputs])
            return result.view(ValueArray) if result.__class__ is ndarray else result
        if ufunc in COMPARING and LOCAL.active is None:
            with np.errstate(invalid="ignore"):  # a comparison with NaN is False, and no exception
                return ufunc(*[x.view(ndarray) if x.__class__ is ValueArray else _plain(x) for x in inputs])
        return wrapped(call(ufunc, inputs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Do what a NumPy function does, as the table says."""
        return on_function(func, args, kwargs)

    def __contains__(self, x: Any) -> bool:
        return bool(decided(self == x).any())

    def __setitem__(self, index: Any, x: Any) -> None:
        """Store numbers; what an undecided mask says of one number stays a choice."""
        if isinstance(index, Conditions) and index.shape == self.shape and np.ndim(x) == 0:
            index, x = ..., index.where(x, self)
        if isinstance(x, Undecided):
            x = x.items
        super().__setitem__(index, x[()] if isinstance(x, np.ndarray) and not x.ndim else x)


OF_ONE_NAME = (
    "sum", "prod", "mean", "var", "std", "max", "min", "any", "all", "argmax", "argmin", "argsort", "cumsum",
    "cumprod", "dot", "trace", "round", "nonzero", "ptp", "conj", "conjugate", "argpartition", "searchsorted",
    "choose", "put",
)  # fmt: skip
"""The methods that are the NumPy function of their name."""

_numbers = np.frompyfunc(as_element, 1, 1)


def _plain(x: Any) -> Any:
    return x if x.__class__ is float or x.__class__ is ndarray else objects(x)


class Conditions(Undecided, np.lib.mixins.NDArrayOperatorsMixin):
    """Comparisons of Values while a function is lifted, each of them a bool or still undecided.

    `engine.where`, ``&``, ``|``, ``~``, sums and products keep them in the program; what indexes or branches on them
    decides them, and the program guards that.  No ndarray, since NumPy takes bools alone for a mask: it asks this for
    its bools, and so decides.
    """

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return decided(self).astype(bool if dtype is None else dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Do what a ufunc does, by the rules."""
        return answer(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Do what a NumPy function does, as the table says."""
        return on_function(func, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """Return what an array of bools has of this name: its shape, or a method that is NumPy's function."""
        if name.startswith("__") or name == "items":
            raise AttributeError(name)
        attribute = getattr(self.items, name)
        if not callable(attribute):
            return wrapped(settled(attribute))
        if name in OF_ONE_NAME:
            return lambda *args, **kwargs: getattr(np, name)(self, *args, **kwargs)
        return lambda *args, **kwargs: wrapped(settled(attribute(*args, **kwargs)))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bool, which the elements stand for."""
        return np.dtype(bool)

    def __getitem__(self, index: Any) -> Any:
        return wrapped(settled(self.items[index]))

    def __setitem__(self, index: Any, x: Any) -> None:
        items = objects(x)
        self.items[index] = items if items.ndim else items[()]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter([wrapped(settled(c)) for c in self.items])

    def __bool__(self) -> bool:
        return bool(decided(self))

    def __repr__(self) -> str:
        return f"Conditions({self.items.tolist()!r})"

    def where(self, x: Any, y: Any) -> Any:
        """Choose `x` where this holds, else `y`."""
        return on_function(np.where, (self, x, y), {})

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return bools, decided, or numbers: 1 where a condition holds, else 0."""
        return decided(self) if np.dtype(dtype) == bool else wrapped(_numbers(self.items))


def answer(ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """Return what a ufunc's method makes of arrays of Values: the array that it is written into, where there is one."""
    result = on_ufunc(ufunc, method, inputs, **options)
    return wrapped(result) if options.get("out") is None else result


def wrapped(result: Any) -> Any:
    """Return what was computed on plain arrays as arrays of Values and conditions; what has no axes as its number."""
    if isinstance(result, np.ndarray) and result.dtype == object:
        if result.__class__ is ValueArray and result.ndim:
            return result
        return result.view(ValueArray) if result.ndim else result[()]
    if result.__class__ is Undecided:
        return Conditions(result.items)
    if type(result) in (list, tuple):
        return type(result)([wrapped(x) for x in result])
    return result


def array(x: Any) -> Any:
    """Return numbers and Values, and lists, tuples and arrays of them, as an array that follows the engine's rules.

    Parameters
    ----------
    x
        Nested as NumPy's ``array`` takes it.

    Returns
    -------
    ValueArray
        An ndarray of its own, of objects, whose elements are Values and floats.

    Raises
    ------
    TypeError
        If something in it is no number.
    ValueError
        If it is ragged.

    Examples
    --------
    >>> from engine import Value
    >>> A = array([[Value(1.0), 2.0], [3.0, 4.0]])
    >>> (A @ [1.0, 10.0]).tolist()
    [Value(21.0, grad=0.0, op='dot'), 43.0]
    """
    items = objects(x)
    for item in items.flat:
        if isinstance(item, (list, tuple, np.ndarray)):
            raise ValueError("array needs lists of one length at each level; these are ragged. Pad them.")
    return np.asarray(_numbers(items), dtype=object).view(ValueArray)


def as_array(x: Any) -> ValueArray:
    """Return whatever a function is given as an array of Values, without a copy where it is one."""
    return x if x.__class__ is ValueArray else objects(x).view(ValueArray)


def on_function(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Do what a NumPy function does, as the table says.

    Raises
    ------
    TypeError
        If it is refused; the message names the way out.
    """
    name = title(function)
    passed = {key: x for key, x in kwargs.items() if x is not UNSET}
    if name in FUNCTIONS:
        result = FUNCTIONS[name](*args, **passed)
        return wrapped(result) if passed.get("out") is None else result
    if name not in SAFE:
        refuse_function(name, REFUSED.get(name, WAY_OUT))
    boxed = tuple([_safe_argument(x, top=True) for x in args])
    options = {key: _safe_argument(x, top=True) for key, x in passed.items()}
    result = np.ndarray.__array_function__(_ANY, function, (ValueArray,), boxed, options)
    return _of_numbers(result)


_ANY = np.empty(0, dtype=object).view(ValueArray)


def _safe_argument(x: Any, top: bool) -> Any:
    """Return an argument in the form in which NumPy moves it: conditions as objects, a Value as an array of no axes."""
    if isinstance(x, Undecided):
        return x.items.view(ValueArray)
    if top and is_value(x):
        return as_array(x)
    return type(x)([_safe_argument(item, top=False) for item in x]) if type(x) in (list, tuple) else x


def _of_numbers(result: Any) -> Any:
    """Return what NumPy moved as Values and floats, among which it puts integers for zeros, or as conditions."""
    if isinstance(result, np.ndarray) and result.dtype == object:
        kinds = set(map(type, result.ravel().tolist()))
        if Condition in kinds:
            return wrapped(settled(result.view(np.ndarray)))
        return wrapped(_floats(result) if any(issubclass(kind, INTEGERS) for kind in kinds) else result)
    return type(result)(map(_of_numbers, result)) if type(result) in (list, tuple) else result


INTEGERS = (int, np.integer)
_floats = np.frompyfunc(lambda x: float(x) if isinstance(x, INTEGERS) and not isinstance(x, bool) else x, 1, 1)
