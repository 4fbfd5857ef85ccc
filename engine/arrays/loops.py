"""For each ufunc, what runs over arrays of numbers and Values: made from its rule, or of what is composed of rules.

A rule enters when it gives Value its method (`engine.methods`), so that a new rule's ufunc works on arrays at once.

>>> import numpy as np
>>> from engine import Value
>>> loop(np.tanh)(np.array([Value(0.0), 0.0]))
array([Value(0.0, grad=0.0, op='tanh'), 0.0], dtype=object)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arrays.elements import COMPOSED, as_element
from engine.operands import is_value
from engine.rule import Rule

ELEMENTS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    **COMPOSED,
}
"""The name of a ufunc -> what it does with numbers and Values; Python's operators are rules already."""

LOOPS: dict[str, np.ufunc] = {name: np.frompyfunc(f, f.__code__.co_argcount, 1) for name, f in COMPOSED.items()}
"""The name of a ufunc -> the ufunc of objects that stands in for it."""

LOOPS.update(add=np.add, subtract=np.subtract, multiply=np.multiply, negative=np.negative)  # by Python's operators
WRITTEN_OUT = frozenset(LOOPS)  # these are no rule's to replace

BY_ARRAY_FORM: dict[str, str] = {}
"""The name of a ufunc -> the rule whose form on arrays it is, where that has another name."""


def enter(rule: Rule, cls: type, method: Callable[..., Any]) -> None:
    """Make the loop of a rule from the method that it gives a class of nodes."""
    if rule.variadic or rule.fixed or rule.name in WRITTEN_OUT:
        return
    forms: dict[int, Callable[..., Any]] = {1: _of_one, 2: _of_two}
    f = forms.get(len(rule.operands), _of_several)(cls, method, rule.scalar)
    ELEMENTS[rule.name], LOOPS[rule.name] = f, np.frompyfunc(f, len(rule.operands), 1)
    if isinstance(rule.array, np.ufunc):
        BY_ARRAY_FORM.setdefault(rule.array.__name__, rule.name)


def _of_one(cls: type, method: Callable[..., Any], scalar: Callable[..., float]) -> Callable[..., Any]:
    def of_one(x: Any) -> Any:
        if x.__class__ is cls:
            return method(x)
        if x.__class__ is float:
            return scalar(x)
        x = as_element(x)
        return method(x) if is_value(x) else scalar(x)

    return of_one


def _of_two(cls: type, method: Callable[..., Any], scalar: Callable[..., float]) -> Callable[..., Any]:
    def of_two(x: Any, y: Any) -> Any:
        if x.__class__ is cls and (y.__class__ is cls or y.__class__ is float):
            return method(x, y)
        x, y = as_element(x), as_element(y)
        return method(x, y) if is_value(x) or is_value(y) else scalar(x, y)

    return of_two


def _of_several(cls: type, method: Callable[..., Any], scalar: Callable[..., float]) -> Callable[..., Any]:
    def of_several(*operands: Any) -> Any:
        xs = [as_element(x) for x in operands]
        return method(*xs) if any(map(is_value, xs)) else scalar(*xs)

    return of_several


def loop(ufunc: np.ufunc) -> np.ufunc | None:
    """Return what stands in for a ufunc on arrays of numbers and Values; None where there is no rule."""
    name = ufunc.__name__
    known = LOOPS.get(name) or LOOPS.get(BY_ARRAY_FORM.get(name, ""))
    if known is not None:
        return known
    is_somebodys = "(vectorized)" in name and all(set(types) <= set("O->") for types in ufunc.types)
    return ufunc if is_somebodys else None  # a function of numbers, by np.frompyfunc
