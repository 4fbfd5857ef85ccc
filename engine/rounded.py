"""round(v, 2): a Value that shows itself as the rounded number; it is flat, so that its derivative is 0.

>>> from engine import Value
>>> x = Value(2.71828)
>>> print(round(x, 2), round(x), [round(x, 1)])
2.72 3 [2.7]
>>> (x + round(x, 2)).backward()
>>> x.grad
1.0
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from engine.node import NodeKind, birth
from engine.tracing import LOCAL, refuse_where_lifted

R = TypeVar("R", bound="Rounded")


class Rounding(NodeKind):
    """What a rounded number is: of derivative zero, and written as the number."""

    differentiable = False

    def __init__(self, name: str, shown: Callable[[float], str]) -> None:
        super().__init__("round", lambda g: (0.0,), 0, 1)
        self.called, self.shown = name, shown

    def pull_anew(self, node: Any, g: Any) -> tuple[Any, ...]:
        """Return the cotangent of the operand, which is the number 0 to any order."""
        return (0.0,)

    def __reduce__(self) -> str:
        return self.called


DECIMAL = Rounding("DECIMAL", repr)
"""To a number of decimals."""

WHOLE = Rounding("WHOLE", lambda x: repr(int(x)) if math.isfinite(x) else repr(x))
"""To a whole number."""


class Rounded:
    """What Python's ``round`` asks a Value."""

    __slots__ = ()
    _data: float
    born: float
    constant: Callable[[Any], Any]
    rint: Callable[[], Any]
    parents: tuple[Any, ...]
    rule: NodeKind

    def __round__(self: R, ndigits: int | None = None) -> R:
        """Return the rounded number as a node; what is infinite or NaN stays so.

        While a function is being lifted, a whole number is the rule `rint`; to decimals Python rounds as no array does.
        """
        if not ndigits and LOCAL.active is not None:
            whole: R = self.rint()
            return whole
        refuse_where_lifted(self, "a rounded number (by round())")
        number = round(self._data, ndigits or 0) if math.isfinite(self._data) else self._data
        node: R = self.constant(number)
        node.parents, node.rule, node.born = (self,), WHOLE if ndigits is None else DECIMAL, birth()
        return node
