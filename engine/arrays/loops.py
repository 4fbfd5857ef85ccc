"""For each ufunc, what stands in for it on numbers and Values, and on arrays of them.

A rule enters when it gives Value its method (`engine.methods`), so that a new rule's ufunc works on arrays at once.

>>> import numpy as np
>>> from engine import Value
>>> loop("tanh")(np.array([Value(0.0), 0.0]))
array([Value(0.0, grad=0.0, op='tanh'), 0.0], dtype=object)
>>> element("tanh")(0.0), element("absolute")(-1.0), loop("frexp") is None
(0.0, 1.0, True)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engine.arrays.elements import ANSWERS_TRUTH, COMPOSED, as_element
from engine.operands import is_value
from engine.rule import RULES, Rule

OfNumbers = Callable[..., Any]


def quietly(loop: OfNumbers) -> OfNumbers:
    """Make a loop that does not report what Python's own arithmetic met on the way, such as an overflow."""

    def quiet(*xs: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return loop(*xs, **options)

    return quiet


class StandIn(NamedTuple):
    """What does a ufunc's work: on numbers, on arrays of objects, and faster on arrays that begin with Values.

    The last raises AttributeError where it meets a float that it cannot take for a Value.
    """

    element: OfNumbers
    loop: np.ufunc
    of_values: OfNumbers | None = None


def over_arrays(f: OfNumbers, arity: Any) -> OfNumbers:
    """Return what applies a function of numbers to arrays of objects, broadcast together."""
    return quietly(np.frompyfunc(f, arity, 1))


def _standing_in(f: OfNumbers, arity: Any) -> StandIn:
    return StandIn(f, np.frompyfunc(f, arity, 1))


BY_OPERATORS = {
    "add": StandIn(operator.add, np.add),
    "subtract": StandIn(operator.sub, np.subtract),
    "multiply": StandIn(operator.mul, np.multiply),
    "negative": StandIn(operator.neg, np.negative),
    "absolute": StandIn(operator.abs, np.absolute),
}
"""The ufuncs whose own loops over objects are the rules already: they ask Python's operators."""

COMPARING = frozenset([np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal])
"""The ufuncs whose own loops ask Python's operators as well, and make bools of what these answer."""

OTHERS = {name: _standing_in(f, f.__code__.co_argcount) for name, f in COMPOSED.items()}
"""The ufuncs that are composed of rules."""

OF_RULES: dict[str, StandIn] = {}
"""The name of a rule -> what it does."""

BY_ARRAY_FORM: dict[str, str] = {"float_power": "power"}
"""The name of a ufunc -> the rule that it computes, where that has another name."""


def enter(rule: Rule, cls: type, method: OfNumbers) -> None:
    """Make of a rule, and the method that it gives a class of nodes, what stands in for its ufunc."""
    if rule.variadic or rule.fixed or rule.name in ANSWERS_TRUTH:
        return
    form = FORMS.get(len(rule.operands), _of_several)
    known = _standing_in(form(cls, method, rule.scalar), len(rule.operands))
    OF_RULES[rule.name] = known._replace(of_values=_of_values(method, len(rule.operands)))
    if isinstance(rule.array, np.ufunc) and BY_ARRAY_FORM.get(rule.array.__name__) not in RULES:
        BY_ARRAY_FORM[rule.array.__name__] = rule.name


def _of_values(method: OfNumbers, arity: Any) -> OfNumbers:
    """Return the loop of a method of Value alone, which converts its other operands itself."""
    if arity > 1:
        loop: OfNumbers = np.frompyfunc(method, arity, 1)
        return quietly(loop)

    def each(x: Any) -> Any:
        return np.fromiter(map(method, x.ravel().tolist()), object, x.size).reshape(x.shape)

    return each


def _of_one(cls: type, method: OfNumbers, scalar: Callable[..., float]) -> OfNumbers:
    def of_one(x: Any) -> Any:
        if x.__class__ is cls:
            return method(x)
        if x.__class__ is float:
            return scalar(x)
        x = as_element(x)
        return method(x) if is_value(x) else scalar(x)

    return of_one


def _of_two(cls: type, method: OfNumbers, scalar: Callable[..., float]) -> OfNumbers:
    def of_two(x: Any, y: Any) -> Any:
        if x.__class__ is cls and (y.__class__ is cls or y.__class__ is float):
            return method(x, y)
        x, y = as_element(x), as_element(y)
        return method(x, y) if is_value(x) or is_value(y) else scalar(x, y)

    return of_two


def _of_several(cls: type, method: OfNumbers, scalar: Callable[..., float]) -> OfNumbers:
    def of_several(*operands: Any) -> Any:
        xs = [as_element(x) for x in operands]
        return method(*xs) if any(map(is_value, xs)) else scalar(*xs)

    return of_several


FORMS: dict[int, Callable[[type, OfNumbers, Callable[..., float]], OfNumbers]] = {1: _of_one, 2: _of_two}


def stand_in(name: str) -> StandIn | None:
    """Return what stands in for the ufunc of this name; None where there is no rule."""
    if name in BY_OPERATORS:
        return BY_OPERATORS[name]
    rule = name if name in RULES else BY_ARRAY_FORM.get(name, "")
    return OF_RULES[rule] if rule in RULES and rule in OF_RULES else OTHERS.get(name)


def element(name: str) -> OfNumbers:
    """Return what stands in for a ufunc on numbers, of which it is known that there is a rule."""
    known = stand_in(name)
    if known is None:
        raise KeyError(name)
    return known.element


def loop(name: str) -> Any:
    """Return what stands in for a ufunc on arrays of objects; None where there is no rule."""
    known = stand_in(name)
    return None if known is None else known.loop


def stand_in_of(ufunc: np.ufunc) -> StandIn | None:
    """Return what stands in for a ufunc: for a function of numbers, by np.frompyfunc, itself."""
    known = stand_in(ufunc.__name__)
    is_of_numbers = "(vectorized)" in ufunc.__name__ and all(set(types) <= set("O->") for types in ufunc.types)
    return StandIn(ufunc, ufunc) if known is None and is_of_numbers else known
