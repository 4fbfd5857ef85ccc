"""Operators and methods of Value, made from the rules: one factory for each pattern of arity and residuals.

A rule says what is computed and what its derivative keeps; its pattern decides which factory writes the method, so that
an operator is as fast as one written by hand.  NumPy's functions and powers of numbers are here as well; comparisons
are in `engine.conditions`, copies and pickles in `engine.copying`.

>>> from engine.value import Value
>>> z = Value(3.0) * 2.0
>>> z.op, z.pullback
('multiply', functools.partial(<function multiply at ...>, 3.0, 2.0))
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine import copying
from engine.arguments import described, listed
from engine.conditions import COMPARISONS
from engine.conditions import Condition as Condition
from engine.rule import _on_new_rule
from engine.rules import RULES, Rule
from engine.value import Value, as_float, new_node, operand

node_maker = new_node  # what every operation makes its node with; `engine.watching` exchanges it


def _unary_keeping_result(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        z = f(x._data)
        return node_maker(z, (x,), name, partial(pullback, z))

    return method


def _unary_keeping_operand(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(x: Value) -> Value:
        data = x._data
        return node_maker(f(data), (x,), name, partial(pullback, data))

    return method


def _binary_keeping_operands(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        x, y = a._data, b._data
        return node_maker(f(x, y), (a, b), name, partial(pullback, x, y))

    return method


def _binary_keeping_nothing(rule: Rule) -> Callable[..., Any]:
    f, pullback, name = rule.scalar, rule.pullback, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not Value and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not Value and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        return node_maker(f(a._data, b._data), (a, b), name, pullback)

    return method


def _any_number(rule: Rule) -> Callable[..., Any]:
    f, name = rule.scalar, rule.name

    def method(operands: Sequence[Any]) -> Value:
        if operands.__class__ is not list:
            operands = listed(operands, f"{name}'s operand", "numbers and Values")
        parents = tuple([x if x.__class__ is Value else _operand_of_many(x, name) for x in operands])
        xs = [p._data for p in parents]
        z = f(xs)
        return node_maker(z, parents, name, rule.bind(z, xs))

    return method


def _operand_of_many(x: Any, name: str) -> Value:
    made = operand(x, name, _NOBODY)
    if not isinstance(made, Value):
        raise TypeError(f"{name} of {described(x)} is not defined. Pass numbers and Values.")
    return made


def _keeping_anything(rule: Rule) -> Callable[..., Any]:
    f, pullback, name, arity = rule.scalar, rule.pullback, rule.name, len(rule.operands)
    kept = [("z", *rule.operands, *rule.fixed).index(k) for k in rule.keeps]

    def method(*given: Any) -> Any:
        parents = tuple([x if x.__class__ is Value else operand(x, name, _NOBODY) for x in given[:arity]])
        if any([p is NotImplemented for p in parents]):  # noqa: C419  # a generator costs more
            return NotImplemented
        xs = [p._data for p in parents]
        if len(given) > arity:
            xs += [_fixed(x, rule, i) for i, x in enumerate(given[arity:])]
        known = (f(*xs), *xs)
        return node_maker(known[0], parents, name, partial(pullback, *[known[i] for i in kept]) if kept else pullback)

    return method


def _fixed(x: Any, rule: Rule, i: int) -> float:
    if isinstance(x, Value):
        raise TypeError(
            f"{rule.name}: {rule.fixed[i]} is a fixed number, whose derivative no rule knows; got a Value. "
            f"Pass a number, or make {rule.fixed[i]} an operand of the rule."
        )
    if x.__class__ is float:
        return x
    if isinstance(x, (numbers.Real, np.bool_)):
        return as_float(x)
    raise TypeError(f"{rule.name}: {rule.fixed[i]} must be a number; got {described(x)}.")


def _factory(rule: Rule) -> Callable[[Rule], Callable[..., Any]]:
    if rule.variadic:
        return _any_number
    if rule.fixed:
        return _keeping_anything
    patterns: dict[tuple[int, tuple[str, ...]], Callable[[Rule], Callable[..., Any]]] = {
        (1, ("z",)): _unary_keeping_result,
        (1, rule.operands): _unary_keeping_operand,
        (2, rule.operands): _binary_keeping_operands,
        (2, ()): _binary_keeping_nothing,
    }
    return patterns.get((len(rule.operands), rule.keeps), _keeping_anything)


# --- NumPy -----------------------------------------------------------------------------------------------------


def _boxed(value: Value) -> np.ndarray[Any, Any]:
    box = np.empty((), dtype=object)
    box[()] = value
    return box


_DUNDERS = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv"}
_UFUNCS = {"absolute": "abs", "true_divide": "divide", "conjugate": "identity", "positive": "identity"}
_UFUNC_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "greater": COMPARISONS["__gt__"],
    "greater_equal": COMPARISONS["__ge__"],
    "less": COMPARISONS["__lt__"],
    "less_equal": COMPARISONS["__le__"],
    "equal": COMPARISONS["__eq__"],
    "not_equal": COMPARISONS["__ne__"],
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
    with np.errstate(all="ignore"):
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
    if b.__class__ is int or b.__class__ is float:
        return a.power_constant(b)
    if isinstance(b, Value):
        return Value.power(a, b)
    return NotImplemented if operand(b, "power", a) is NotImplemented else a.power_constant(b)


def _positive(x: Value) -> Value:
    return x


for _name, _method in {
    "__copy__": copying.shallow,
    "__deepcopy__": copying.deep,
    "__reduce__": copying.reduced,
    "__getstate__": copying.state,
    "__array_ufunc__": _array_ufunc,
    "__pow__": _power,
    "__rpow__": _reflected(Value.power),
    "__neg__": Value.negative,
    "__pos__": _positive,
    "__abs__": Value.abs,
}.items():
    setattr(Value, _name, _method)
