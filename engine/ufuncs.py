"""NumPy's functions on Values: ``np.tanh(v)`` and ``np.float64(2) * v`` are what they say.

>>> import numpy as np
>>> from engine import Value
>>> np.tanh(Value(0.0)).op, np.absolute(Value(-1.0)).op, np.less(Value(1.0), 2.0)
('tanh', 'abs', True)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.operands import check_operand, is_value
from engine.rule import RULES, Rule, on_new_rule

BY_UFUNC: dict[str, str] = {"conjugate": "identity", "positive": "identity"}
"""The name of a ufunc that is no rule's -> the rule that it computes."""

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}
"""A ufunc that compares -> the operator, which answers with a bool or a condition."""


@on_new_rule
def _known(rule: Rule) -> None:
    if isinstance(rule.array, np.ufunc):
        BY_UFUNC.setdefault(rule.array.__name__, rule.name)


class Ufuncs:
    """NumPy's protocol, by the rules."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Apply the rule of that name; arrays go element by element."""
        if method == "__call__" and not kwargs and not any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
            numbers = [x.item() if isinstance(x, np.ndarray) else x for x in inputs]
            if ufunc.__name__ in COMPARISONS:
                return COMPARISONS[ufunc.__name__](*numbers)
            name = ufunc.__name__
            rule = RULES.get(name) or RULES.get(BY_UFUNC.get(name, name))
            if rule is None:
                raise TypeError(
                    f"np.{ufunc.__name__} has no derivative rule. Rules are in engine/rules.py; add one with @rule."
                )
            return getattr(type(self), rule.name)(*numbers)
        for x in inputs:
            if isinstance(x, np.ndarray):
                check_operand(x, ufunc.__name__)  # objects of text know an operator of Python's by themselves
        boxed = [_boxed(x) if is_value(x) else x for x in inputs]
        with np.errstate(all="ignore"):
            return getattr(ufunc, method)(*boxed, **kwargs)


def _boxed(value: Any) -> np.ndarray[Any, Any]:
    box = np.empty((), dtype=object)
    box[()] = value
    return box
