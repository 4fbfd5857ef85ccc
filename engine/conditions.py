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

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from engine.tracing import LOCAL

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
}
"""The rules whose operators answer with a bool, and Python's own relation for each."""


class Condition:
    """What a comparison is while a function is being lifted: still undecided.

    `engine.where` keeps it in the program; ``if`` decides it now, and the program guards that decision.
    ``&``, ``|``, ``^`` and ``~`` combine conditions; compared, and in arithmetic, they count as 1 or 0, as bools do.
    In a set and as a key, a condition is the bool that it is now, which decides it.
    """

    __slots__ = ("node",)
    __array_ufunc__: ClassVar[Callable[..., Any]]  # NumPy's protocols, which the room of arrays answers
    __array_function__: ClassVar[Callable[..., Any]]

    def __init__(self, node: Any) -> None:
        self.node = node

    def __hash__(self) -> int:
        return hash(bool(self))

    def __repr__(self) -> str:
        if LOCAL.active is not None:
            LOCAL.active.told_apart(self.node)
            return "Condition(traced)"
        return f"Condition({self.node._data != 0.0})"

    def __format__(self, spec: str) -> str:
        return format(bool(self), spec) if spec else repr(self)

    def __bool__(self) -> bool:
        if LOCAL.active is None:
            return bool(self.node._data != 0.0)
        return LOCAL.active.branch(self.node)

    def where(self, x: Any, y: Any) -> Any:
        """Choose `x` where this holds, else `y`."""
        return self.node.where(x, y)

    def __and__(self, other: Any) -> Condition:
        return NotImplemented if _is_array(other) else Condition(self.node * _node_of(other))

    def __or__(self, other: Any) -> Condition:
        return NotImplemented if _is_array(other) else Condition(self.node.maximum(_node_of(other)))

    def __xor__(self, other: Any) -> Condition:
        return NotImplemented if _is_array(other) else ~Condition(self.node.equal(_node_of(other)))

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.node)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __neg__(self) -> Any:
        return -_number(self)

    def __pos__(self) -> Any:
        return +_number(self)

    def __abs__(self) -> Any:
        return abs(_number(self))

    def __float__(self) -> float:
        return float(self.node)

    def __int__(self) -> int:
        return int(self.node)

    __index__ = __int__


def _is_array(x: Any) -> bool:
    """Whether something has comparisons of its own to combine, and says how."""
    return hasattr(x, "__array_ufunc__") and not isinstance(x, (Condition, np.generic)) and x.ndim > 0


def _node_of(x: Any) -> Any:
    return x.node if isinstance(x, Condition) else x


def _number(x: Any) -> Any:
    """Return a condition as 1 or 0: in a program it is a bool, and bools do not add up."""
    return x.where(1.0, 0.0) if isinstance(x, Condition) else x


def _of_numbers(name: str) -> Callable[[Condition, Any], Any]:
    return lambda self, other: getattr(_number(self), name)(_number(other))


def _of_nodes(name: str) -> Callable[[Condition, Any], Any]:
    return lambda self, other: getattr(self.node, name)(other)


for _name in ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"):
    setattr(Condition, _name, _of_nodes(_name))
for _name in ("add", "sub", "mul", "truediv", "pow"):
    for _side in ("", "r"):
        setattr(Condition, f"__{_side}{_name}__", _of_numbers(f"__{_side}{_name}__"))
