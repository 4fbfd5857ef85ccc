"""Python's operators: what stands on their other side, what they are turned round, and what comparisons answer.

>>> from engine import Value
>>> x = Value(3.0, "x")
>>> (2.0 - x).data, x > 2, (2.0 * x).parents[0].op
(-1.0, True, 'constant')
"""

from __future__ import annotations

import numbers
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.arguments import described
from engine.conditions import RELATIONS
from engine.conditions import Condition as Condition
from engine.node import CONSTANT
from engine.number import as_float
from engine.rule import Rule
from engine.tracing import LOCAL
from engine.unordered import refuse_unless_written

Method = Callable[..., Any]


def operand_maker(cls: Any, constant: Any) -> Method:
    """Return what makes a node of whatever meets one in an operation: (x, the operation, the other operand) -> node.

    A plain number becomes a `constant`, which makes a bare leaf when it is called.  It returns NotImplemented where the
    type of `x` may know better; what nobody knows is refused.
    """

    def operand(x: Any, op: str, other: Any = None) -> Any:
        if x.__class__ is not float:
            if x.__class__ is not int:  # the commonest number that is not a float
                if isinstance(x, cls):
                    return x
                if not isinstance(x, (numbers.Real, np.bool_)):
                    return _other(x, op, other)
            x = float(x) if x.__class__ is int and -1000 < x < 1000 else as_float(x)
        node = constant()
        node._data = x
        node._grad = 0.0
        node._x = node._other = None
        node.rule = CONSTANT
        node._label = ""
        return node

    return operand


def _other(x: Any, op: str, other: Any) -> Any:
    if isinstance(x, Condition):
        return x.node
    if _has_its_say(x, op):
        return NotImplemented
    name = f" (the Value is {str(other.label)!r})" if other is not None and other.label else ""
    raise TypeError(f"{op} of Value and {described(x)} is not defined{name}. Pass a real number or a Value.")


TURNED = {"__lt__": "__gt__", "__le__": "__ge__", "__eq__": "__eq__"}


def _has_its_say(x: Any, op: str) -> bool:
    """Whether a type that Python does not bring along may know what this operator does with a Value."""
    name = REFLECTED.get(op, "")
    known = getattr(type(x), name, None)
    foreign = type(x).__module__.partition(".")[0] not in sys.stdlib_module_names
    return known is not None and known is not getattr(object, name, None) and foreign


REFLECTED: dict[str, str] = {}
"""The rule of an operator -> the method that Python asks on the other side."""


def dunders(cls: Any, symbol: str, rule: Rule, method: Method, reflected: Method, operand: Method) -> dict[str, Method]:
    """Return the operator, and what it is with its sides exchanged.

    Parameters
    ----------
    cls
        Value.
    symbol, rule
        Python's name of the operator, and what it computes.
    method, reflected
        The method that was made of the rule, and the same with its operands in reverse.
    operand
        From `operand_maker`.
    """
    if rule.name in RELATIONS:
        compare = _comparison(cls, rule.name, method, operand)
        REFLECTED[rule.name] = TURNED[symbol]
        if symbol == "__eq__":
            return {"__eq__": compare, "__ne__": _negated(compare)}
        return {symbol: compare, TURNED[symbol]: lambda a, b: compare(b, a)}
    if len(rule.operands) == 1:
        return {symbol: method}
    REFLECTED[rule.name] = f"__r{symbol[2:]}"
    return {symbol: method, f"__r{symbol[2:]}": reflected}


def _comparison(cls: Any, name: str, method: Method, operand: Method) -> Method:
    relation, is_order = RELATIONS[name], name != "equal"

    def compare(a: Any, b: Any) -> Any:
        if a.__class__ is not cls and (a := side(a, b)) is NotImplemented:
            return NotImplemented
        if b.__class__ is not cls and (b := side(b, a)) is NotImplemented:
            return NotImplemented
        if LOCAL.active is not None:
            return Condition(method(a, b))
        x, y = a._data, b._data
        if relation(x, y):
            return True
        if (x != x or y != y) and is_order and LOCAL.watch is not None:
            refuse_unless_written()
        return False

    def side(x: Any, other: Any) -> Any:
        if name == "equal" and not isinstance(x, (cls, Condition, numbers.Real, np.bool_)):
            return NotImplemented  # Python then says that they differ
        return operand(x, name, other)

    return compare


def _negated(equal: Method) -> Method:
    def not_equal(a: Any, b: Any) -> Any:
        same = equal(a, b)
        return same if same is NotImplemented else ~same if isinstance(same, Condition) else not same

    return not_equal
