"""Operators and methods of Value, made from the rules: one factory for each pattern of arity and residuals.

A rule says what is computed and what its derivative keeps; its pattern decides which factory writes the method, so that
an operator is as fast as one written by hand.  Comparisons, NumPy's functions and powers of numbers are here as well.

>>> from engine.value import Value
>>> z = Value(3.0) * 2.0
>>> z.op, z.pullback
('multiply', functools.partial(<function multiply at ...>, 3.0, 2.0))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.rule import _on_new_rule
from engine.rules import RULES, Rule
from engine.tracing import LOCAL
from engine.value import Value, _node, operand


def _unary_keeping_result(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        z = f(x._data)
        return _node(z, (x,), name, partial(pullback, z))

    return method


def _unary_keeping_operand(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        data = x._data
        return _node(f(data), (x,), name, partial(pullback, data))

    return method


def _binary_keeping_operands(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        x, y = a._data, b._data
        return _node(f(x, y), (a, b), name, partial(pullback, x, y))

    return method


def _binary_keeping_nothing(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        return _node(f(a._data, b._data), (a, b), name, pullback)

    return method


def _any_number(rule: Rule) -> Callable[..., Any]:
    f, name = rule.scalar, rule.name

    def method(operands: Sequence[Any]) -> Value:
        parents = tuple([x if x.__class__ is Value else _operand_of_many(x, name) for x in operands])
        xs = [p._data for p in parents]
        z = f(xs)
        return _node(z, parents, name, rule.bind(z, xs))

    return method


def _operand_of_many(x: Any, name: str) -> Value:
    made = operand(x, name, _NOBODY)
    if not isinstance(made, Value):
        raise TypeError(f"{name} of {type(x).__name__} is not defined. Pass numbers and Values.")
    return made


def _general(rule: Rule) -> Callable[..., Any]:
    f, name, arity = rule.scalar, rule.name, len(rule.operands)

    def method(*given: Any) -> Any:
        parents: list[Value] = []
        for x in given[:arity]:
            made = operand(x.node if isinstance(x, Condition) else x, name, _NOBODY)
            if made is NotImplemented:
                return NotImplemented
            parents.append(made)
        xs = [p._data for p in parents]
        fixed = [float(x) for x in given[arity:]]
        z = f(*xs, *fixed)
        return _node(z, tuple(parents), name, rule.bind(z, xs, fixed))

    return method


def _factory(rule: Rule) -> Callable[[Rule], Callable[..., Any]]:
    if rule.variadic:
        return _any_number
    if rule.fixed:
        return _general
    patterns = {
        ("x", ("z",)): _unary_keeping_result,
        ("x", ("x",)): _unary_keeping_operand,
        ("xy", ("x", "y")): _binary_keeping_operands,
        ("xy", ()): _binary_keeping_nothing,
    }
    return patterns.get(("".join(rule.operands), rule.keeps), _general)


# --- comparisons: by number; equality and hash stay identity, so that Values live in sets and dicts -----------------


def _compared(op: str, a: Any, b: Any) -> Any:
    """Compare numbers; while a function is being lifted, return a condition that stays in the program."""
    if LOCAL.active is not None:
        node = getattr(Value, op)(a, b)
        return node if node is NotImplemented else Condition(node)
    if not isinstance(a, Value):
        a = operand(a, op, b)
    elif not isinstance(b, Value):
        b = operand(b, op, a)
    if a is NotImplemented or b is NotImplemented:
        return NotImplemented
    return a._data < b._data if op == "less" else a._data <= b._data


class Condition:
    """What a comparison is while a function is being lifted: still undecided.

    `engine.where` keeps it in the program; ``if`` decides it now, and the program guards that decision.
    ``&``, ``|`` and ``~`` combine conditions.
    """

    __slots__ = ("node",)

    def __init__(self, node: Value) -> None:
        self.node = node

    def __bool__(self) -> bool:
        if LOCAL.active is None:
            return self.node._data != 0.0
        return LOCAL.active.branch(self.node)

    def where(self, x: Any, y: Any) -> Value:
        """Choose `x` where this holds, else `y`."""
        made: Value = Value.where(self.node, x, y)
        return made

    def __and__(self, other: Any) -> Condition:
        return Condition(self.node * _condition_node(other))

    def __or__(self, other: Any) -> Condition:
        return Condition(Value.maximum(self.node, _condition_node(other)))

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.node)

    __rand__, __ror__ = __and__, __or__

    def __mul__(self, other: Any) -> Any:
        return self.node * _condition_node(other)

    __rmul__ = __mul__


def _condition_node(x: Any) -> Any:
    return x.node if isinstance(x, Condition) else x


# --- NumPy -----------------------------------------------------------------------------------------------------


def _boxed(value: Value) -> np.ndarray[Any, Any]:
    box = np.empty((), dtype=object)
    box[()] = value
    return box


_DUNDERS = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv"}
_UFUNCS = {"absolute": "abs", "true_divide": "divide", "conjugate": "identity", "positive": "identity"}
_UFUNC_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "greater": lambda a, b: _compared("less", b, a),
    "greater_equal": lambda a, b: _compared("less_equal", b, a),
    "less": lambda a, b: _compared("less", a, b),
    "less_equal": lambda a, b: _compared("less_equal", a, b),
    "equal": lambda a, b: a is b,
    "not_equal": lambda a, b: a is not b,
    "power": lambda a, b: a**b if isinstance(a, Value) else b.__rpow__(a),
}


def _array_ufunc(self: Value, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Let ``np.tanh(v)`` and ``np.float64(2) * v`` be what they say; arrays go element by element."""
    if method == "__call__" and not kwargs and not any(isinstance(x, np.ndarray) and x.ndim for x in inputs):
        name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
        made = _UFUNC_FUNCTIONS.get(name) or getattr(Value, name, None)
        if made is None or (name not in RULES and name not in _UFUNC_FUNCTIONS):
            raise TypeError(
                f"np.{ufunc.__name__} has no derivative rule. Rules are in engine/rules.py; add one with @rule."
            )
        return made(*[x.item() if isinstance(x, np.ndarray) else x for x in inputs])
    boxed = [_boxed(x) if isinstance(x, Value) else x for x in inputs]
    return getattr(ufunc, method)(*boxed, **kwargs)


# --- installed -----------------------------------------------------------------------------------------------------


def _reflected(method: Callable[..., Value]) -> Callable[..., Any]:
    return lambda b, a: method(a, b)


def install(rule: Rule) -> None:
    """Give Value the method, and the operator if it has one, that follow from a rule."""
    method = _factory(rule)(rule)
    method.__name__, method.__qualname__, method.__doc__ = rule.name, f"Value.{rule.name}", rule.doc
    static = rule.variadic
    setattr(Value, rule.name, staticmethod(method) if static else method)
    dunder = _DUNDERS.get(rule.name)
    if dunder:
        setattr(Value, f"__{dunder}__", method)
        setattr(Value, f"__r{dunder}__", _reflected(method))


for _rule in RULES.values():
    install(_rule)
_on_new_rule.append(install)
_NOBODY = Value(0.0)


def _power(a: Value, b: Any) -> Any:
    if isinstance(b, Value):
        return Value.power(a, b)
    return NotImplemented if operand(b, "power", a) is NotImplemented else a.power_constant(b)


def _positive(x: Value) -> Value:
    return x


for _name, _method in {
    "__lt__": lambda a, b: _compared("less", a, b),
    "__le__": lambda a, b: _compared("less_equal", a, b),
    "__gt__": lambda a, b: _compared("less", b, a),
    "__ge__": lambda a, b: _compared("less_equal", b, a),
    "__array_ufunc__": _array_ufunc,
    "__pow__": _power,
    "__rpow__": _reflected(Value.power),
    "__neg__": Value.negative,
    "__pos__": _positive,
    "__abs__": Value.abs,
}.items():
    setattr(Value, _name, _method)
