"""What a comparison of Values is: a bool, or while a function is being lifted a condition, still undecided.

Numbers are compared, for equality as well, as in PyTorch, JAX and autograd; the hash stays identity, so that Values
live in sets and dicts.  What is neither a Value nor a real number is equal to no Value.

>>> from engine.value import Value
>>> x = Value(3.0)
>>> x == 3, x != 3, x in (1.0, 3.0), x == None, x == "3", x < 4
(True, False, True, False, False, True)
>>> x in {Value(3.0)}
False
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.tracing import LOCAL
from engine.value import Value, operand

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
}


def compared(relation: str, a: Any, b: Any) -> Any:
    """Compare numbers by the rule named `relation`; while a function is being lifted, return a condition."""
    if a.__class__ is not Value and (a := _operand(relation, a, b)) is NotImplemented:
        return NotImplemented
    if b.__class__ is not Value and (b := _operand(relation, b, a)) is NotImplemented:
        return NotImplemented
    if LOCAL.active is not None:
        return Condition(getattr(Value, relation)(a, b))
    return RELATIONS[relation](a._data, b._data)


def _operand(relation: str, x: Any, other: Any) -> Any:
    if relation == "equal" and not isinstance(x, (Value, Condition, numbers.Real, np.bool_)):
        return NotImplemented  # Python then says that they differ
    return operand(x, relation, other)


def _not_equal(a: Any, b: Any) -> Any:
    same = compared("equal", a, b)
    return same if same is NotImplemented else ~same if isinstance(same, Condition) else not same


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "__lt__": lambda a, b: compared("less", a, b),
    "__le__": lambda a, b: compared("less_equal", a, b),
    "__gt__": lambda a, b: compared("less", b, a),
    "__ge__": lambda a, b: compared("less_equal", b, a),
    "__eq__": lambda a, b: compared("equal", a, b),
    "__ne__": _not_equal,
}
"""By Python's name, for Values and for conditions, which are numbers as a bool is."""


class Condition:
    """What a comparison is while a function is being lifted: still undecided.

    `engine.where` keeps it in the program; ``if`` decides it now, and the program guards that decision.
    ``&``, ``|``, ``^`` and ``~`` combine conditions, and in arithmetic they count as 1 or 0, as bools do.
    """

    __slots__ = ("node",)
    __hash__ = object.__hash__

    def __init__(self, node: Value) -> None:
        self.node = node

    def __repr__(self) -> str:
        return "Condition(traced)" if LOCAL.active is not None else f"Condition({self.node._data != 0.0})"

    def __bool__(self) -> bool:
        if LOCAL.active is None:
            return self.node._data != 0.0
        return LOCAL.active.branch(self.node)

    def where(self, x: Any, y: Any) -> Value:
        """Choose `x` where this holds, else `y`."""
        made: Value = Value.where(self.node, x, y)
        return made

    def __and__(self, other: Any) -> Condition:
        return Condition(self.node * _node_of(other))

    def __or__(self, other: Any) -> Condition:
        return Condition(Value.maximum(self.node, _node_of(other)))

    def __xor__(self, other: Any) -> Condition:
        return ~Condition(Value.equal(self.node, _node_of(other)))

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.node)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __float__(self) -> float:
        return float(self.node)

    def __int__(self) -> int:
        return int(self.node)

    __index__ = __int__


def _node_of(x: Any) -> Any:
    return x.node if isinstance(x, Condition) else x


def _number(x: Any) -> Any:
    """Return a condition as 1 or 0: in a program it is a bool, and bools do not add up."""
    return x.where(1.0, 0.0) if isinstance(x, Condition) else x


def _arithmetic(name: str) -> Callable[[Condition, Any], Any]:
    return lambda self, other: getattr(_number(self), name)(_number(other))


for _name, _compare in COMPARISONS.items():
    setattr(Value, _name, _compare)
    setattr(Condition, _name, _compare)
for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _side in ("", "r"):
        setattr(Condition, f"__{_side}{_name}__", _arithmetic(f"__{_side}{_name}__"))
