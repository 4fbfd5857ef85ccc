"""What an operation does with what it is given: floats, arrays, Values, and whatever computes as they do.

Values are known here only as what has a method of the operation's name, so that this file stands below them.

>>> import math
>>> tanh = unary("tanh", ieee(math.tanh, np.tanh, 1), np.tanh)
>>> tanh(0.5) == math.tanh(0.5), tanh(np.array([0.0, 0.5])).round(3)
(True, array([0.   , 0.462]))
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.arguments import listed
from engine.operands import REAL, as_number, check_operand, check_shapes, is_value

UNDEFINED = (ValueError, OverflowError, ZeroDivisionError)  # what Python raises where IEEE 754 has an answer
NEVER_UNDEFINED = (operator.add, operator.sub, operator.mul, operator.neg)  # of two floats, or one


def ieee(scalar: Callable[..., Any], array: Callable[..., Any], arity: int) -> Callable[..., Any]:
    """Python's `math` without its exceptions: where it raises, NumPy's IEEE 754 answer is returned.

    >>> import math
    >>> ieee(math.log, np.log, 1)(0.0)
    -inf
    """
    if scalar in NEVER_UNDEFINED or not arity:
        return scalar

    def answer(*xs: float) -> float:
        with np.errstate(all="ignore"):
            return float(array(*[np.float64(x) for x in xs]))

    def of_one(x: float) -> Any:
        try:
            return scalar(x)
        except UNDEFINED:
            return answer(x)

    def of_two(x: float, y: float) -> Any:
        try:
            return scalar(x, y)
        except UNDEFINED:
            return answer(x, y)

    def of_several(*xs: float) -> Any:
        try:
            return scalar(*xs)
        except UNDEFINED:
            return answer(*xs)

    forms: dict[int, Callable[..., Any]] = {1: of_one, 2: of_two}  # faster than `of_several`
    return functools.wraps(scalar)(forms.get(arity, of_several))


def unary(name: str, scalar: Callable[[float], float], array: Callable[..., Any]) -> Callable[..., Any]:
    """Make the operation `name` on one number from its scalar and its array form."""

    def operation(x: Any) -> Any:
        if x.__class__ is float:
            return scalar(x)
        if is_value(x):
            return getattr(x, name)()
        if isinstance(x, np.ndarray):
            if x.dtype.kind not in "fiub":
                return _on_arrays(operation, array, name, x)
            with np.errstate(all="ignore"):
                return array(x)
        return array(x) if _computes(x) else scalar(as_number(x, name))

    return operation


def binary(name: str, scalar: Callable[[float, float], float], array: Callable[..., Any]) -> Callable[..., Any]:
    """Make the operation `name` on two numbers from its scalar and its array form."""

    def operation(x: Any, y: Any) -> Any:
        if x.__class__ is float and y.__class__ is float:
            return scalar(x, y)
        return _on_several(operation, scalar, array, name, x, y)

    return operation


def several(name: str, scalar: Callable[..., float], array: Callable[..., Any]) -> Callable[..., Any]:
    """Make the operation `name` on three numbers or more from its scalar and its array form."""

    def operation(*xs: Any) -> Any:
        return _on_several(operation, scalar, array, name, *xs)

    return operation


def variadic(name: str, scalar: Callable[[Sequence[float]], float], array: Callable[..., Any]) -> Callable[..., Any]:
    """Make the operation `name` on a sequence of numbers, which is one node where it holds Values."""

    def operation(xs: Sequence[Any]) -> Any:
        operands = xs if xs.__class__ is list else listed(xs, f"{name}'s operand", "numbers and Values")
        for x in operands:
            if is_value(x):
                return getattr(x.__class__, name)(operands)
        if operands and operands[0].__class__ is not float and any(map(_computes, operands)):
            return array(operands)
        return scalar([x if x.__class__ is float else as_number(x, name) for x in operands])

    return operation


def _on_several(
    operation: Callable[..., Any], scalar: Callable[..., Any], array: Callable[..., Any], name: str, *xs: Any
) -> Any:
    if any([isinstance(x, np.ndarray) for x in xs]):  # noqa: C419  # a generator costs more
        return _on_arrays(operation, array, name, *xs)
    for x in xs:
        if is_value(x):
            return getattr(x.__class__, name)(*xs)
    if any([_computes(x) for x in xs]):  # noqa: C419
        return array(*xs)
    return scalar(*[as_number(x, name) for x in xs])


def _on_arrays(operation: Callable[..., Any], array: Callable[..., Any], name: str, *xs: Any) -> Any:
    """Apply to arrays: element by element by the operation where one holds objects, else by `array`."""
    for x in xs:
        if x.__class__ is not np.ndarray or x.dtype.kind not in REAL:
            check_operand(x, name)
    if len(xs) > 1:
        check_shapes(name, xs)
    if any(is_value(x) or (isinstance(x, np.ndarray) and x.dtype == object) for x in xs):
        return np.frompyfunc(operation, len(xs), 1)(*xs)
    with np.errstate(all="ignore"):
        return array(*[x if isinstance(x, np.ndarray) else as_number(x, name) for x in xs])


def _computes(x: Any) -> bool:
    """Whether something is no number, but knows NumPy's functions: an expression, an array of a field's numbers."""
    return hasattr(x, "__array_ufunc__") and not isinstance(x, (np.generic, type))


def by_arity(arity: int) -> Callable[..., Callable[..., Any]]:
    """Return what makes an operation on so many numbers; 0 is any number of them."""
    makers: dict[int, Callable[..., Callable[..., Any]]] = {0: variadic, 1: unary, 2: binary}
    return makers.get(arity, several)
