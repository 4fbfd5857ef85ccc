"""Methods of Value, made from the rules: one factory for each pattern of how many operands and what is kept.

A rule says what is computed and what its derivative keeps; its pattern decides which factory writes the method, so that
it is as fast as one written by hand.  In the factories of the commonest patterns the node is filled in on the spot,
since a call would cost a fifth of an operation; all others call `_node`.

>>> from engine.value import Value
>>> z = Value(3.0) * 2.0
>>> z.op, z.pullback
('multiply', functools.partial(<function multiply at ...>, 3.0, 2.0))
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from engine.arguments import described, listed
from engine.conditions import RELATIONS
from engine.node import birth
from engine.number import as_float
from engine.operands import is_value
from engine.operators import dunders, operand_maker
from engine.rule import RULES, Rule, on_new_rule

Method = Callable[..., Any]


def install(cls: Any, operators: Mapping[str, str]) -> None:
    """Give a class of nodes the methods of all rules, those to come as well, and Python's operators.

    Parameters
    ----------
    cls
        Value.
    operators
        Python's name of each operator -> the rule it is.
    """
    on_new_rule(partial(give, cls, operators))


def give(cls: Any, operators: Mapping[str, str], rule: Rule, new: Callable[[type], Any] = object.__new__) -> None:
    """Give a class the method and the operators of one rule; `new` makes the bare node."""
    operand = operand_maker(cls)
    method = _factory(rule)(cls, rule, operand, new)
    if rule.number:
        method = _or_number(cls, method, rule.number)
    method.__name__, method.__qualname__, method.__doc__ = rule.name, f"{cls.__name__}.{rule.name}", rule.doc
    setattr(cls, rule.name, staticmethod(method) if rule.variadic else method)
    for symbol in [symbol for symbol, name in operators.items() if name == rule.name]:
        for name, function in dunders(cls, symbol, rule, method, operand).items():
            setattr(cls, name, function)


def _node(new: Callable[[type], Any], cls: Any, data: float, parents: tuple[Any, ...], rule: Rule) -> Any:
    node = new(cls)
    node._data, node.grad, node.parents, node.rule, node._label, node.born = data, 0.0, parents, rule, "", birth()
    return node


def _unary_keeping_nothing(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f = rule.scalar

    def method(x: Any) -> Any:
        node = new(cls)
        node._data = f(x._data)
        node.grad = 0.0
        node.parents = (x,)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _unary_keeping_result(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f = rule.scalar

    def method(x: Any) -> Any:
        node = new(cls)
        node._data = node._first = f(x._data)
        node.grad = 0.0
        node.parents = (x,)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _unary_keeping_operand(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f = rule.scalar

    def method(x: Any) -> Any:
        node = new(cls)
        node._first = data = x._data
        node._data = f(data)
        node.grad = 0.0
        node.parents = (x,)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _unary_keeping_operand_and_number(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f = rule.scalar

    def method(x: Any, n: Any) -> Any:
        if n.__class__ is not float:
            n = _fixed(n, rule, 0)
        node = new(cls)
        node._first = data = x._data
        node._second = n
        node._data = f(data, n)
        node.grad = 0.0
        node.parents = (x,)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _binary_keeping_nothing(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f, name = rule.scalar, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not cls and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not cls and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        node = new(cls)
        node._data = f(a._data, b._data)
        node.grad = 0.0
        node.parents = (a, b)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _binary_keeping_operands(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f, name = rule.scalar, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not cls and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not cls and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        node = new(cls)
        node._first = x = a._data
        node._second = y = b._data
        node._data = f(x, y)
        node.grad = 0.0
        node.parents = (a, b)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _binary_keeping_result(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    """The second operand and the result, as a quotient does."""
    f, name = rule.scalar, rule.name

    def method(a: Any, b: Any) -> Any:
        if b.__class__ is not cls and (b := operand(b, name, a)) is NotImplemented:
            return NotImplemented
        if a.__class__ is not cls and (a := operand(a, name, b)) is NotImplemented:
            return NotImplemented
        node = new(cls)
        node._first = y = b._data
        node._data = node._second = f(a._data, y)
        node.grad = 0.0
        node.parents = (a, b)
        node.rule = rule
        node._label = ""
        node.born = birth()
        return node

    return method


def _keeping_anything(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f, name, arity, keep = rule.scalar, rule.name, len(rule.operands), rule.keep
    kept = [("z", *rule.operands, *rule.fixed).index(k) for k in rule.keeps]

    def method(*arguments: Any) -> Any:
        parents = tuple([x if x.__class__ is cls else operand(x, name) for x in arguments[:arity]])
        if any([p is NotImplemented for p in parents]):  # noqa: C419  # a generator costs more
            return NotImplemented
        xs = [p._data for p in parents]
        if len(arguments) > arity:
            xs += [_fixed(x, rule, i) for i, x in enumerate(arguments[arity:])]
        known = (f(*xs), *xs)
        node = _node(new, cls, known[0], parents, rule)
        keep(node, tuple([known[i] for i in kept]))
        return node

    return method


def _any_number(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f, name, keep = rule.scalar, rule.name, rule.keep

    def method(operands: Sequence[Any]) -> Any:
        if operands.__class__ is not list:
            operands = listed(operands, f"{name}'s operand", "numbers and Values")
        parents = tuple([x if x.__class__ is cls else _of_many(operand(x, name), x, name) for x in operands])
        xs = [p._data for p in parents]
        z = f(xs)
        node = _node(new, cls, z, parents, rule)
        known = {"z": z, "xs": xs, "n": len(xs)}
        keep(node, tuple([known[k] for k in rule.keeps]))
        return node

    return method


def _of_many(parent: Any, x: Any, name: str) -> Any:
    if parent is NotImplemented:
        raise TypeError(f"{name} of {described(x)} is not defined. Pass numbers and Values.")
    return parent


def _fixed(x: Any, rule: Rule, i: int) -> float:
    if is_value(x):
        raise TypeError(
            f"{rule.name}: {rule.fixed[i]} is a fixed number, whose derivative no rule knows; got a Value. "
            f"Pass a number, or make {rule.fixed[i]} an operand of the rule."
        )
    if isinstance(x, (numbers.Real, np.bool_)):
        return as_float(x)
    raise TypeError(f"{rule.name}: {rule.fixed[i]} must be a number; got {described(x)}.")


def _or_number(cls: Any, method: Method, other: str) -> Method:
    """Return a method that leaves a plain number on the right to another rule."""

    def either(a: Any, b: Any) -> Any:
        if b.__class__ is not cls and isinstance(a, cls) and isinstance(b, (float, numbers.Real, np.bool_)):
            return getattr(a, other)(b)
        return method(a, b)

    return either


def _factory(rule: Rule) -> Callable[[type, Rule, Method, Callable[[type], Any]], Method]:
    if rule.variadic:
        return _any_number
    operands, pattern = rule.operands, (len(rule.operands), len(rule.fixed), rule.keeps)
    return {
        (1, 0, ()): _unary_keeping_nothing,
        (1, 0, ("z",)): _unary_keeping_result,
        (1, 0, operands): _unary_keeping_operand,
        (1, 1, (*operands, *rule.fixed)): _unary_keeping_operand_and_number,
        (2, 0, ()): _binary_keeping_nothing,
        (2, 0, operands): _binary_keeping_operands,
        (2, 0, (*operands[1:], "z")): _binary_keeping_result,
    }.get(pattern, _keeping_anything)


def signatures(operators: Mapping[str, str]) -> str:
    """Return the text of `engine/signatures.pyi`: what `install` gives, for type checkers and editors.

    >>> from engine.value import OPERATORS
    >>> [line for line in signatures(OPERATORS).splitlines() if "tanh" in line or "__gt__" in line]
    ['    def tanh(self) -> Value: ...', '    def __gt__(self, other: Any) -> Any: ...']
    """
    lines = [HEADER]
    for rule in RULES.values():
        if rule.variadic:
            lines += ["    @staticmethod", f"    def {rule.name}(operands: Sequence[Any]) -> Value: ..."]
        else:
            others = "".join([f", {name}: Any" for name in [*rule.operands[1:], *rule.fixed]])
            lines.append(f"    def {rule.name}(self{others}) -> Value: ...")
    for symbol, name in operators.items():
        for dunder in dunders(object, symbol, RULES[name], _factory, _factory):
            other = "" if len(RULES[name].operands) == 1 else ", other: Any"
            lines.append(f"    def {dunder}(self{other}) -> {'Any' if name in RELATIONS else 'Value'}: ...")
    return "\n".join(lines) + "\n"


HEADER = """# What the rules give Value, as `engine.methods.signatures` prints it.
# fmt: off
# ruff: noqa
from collections.abc import Sequence
from typing import Any

from engine.value import Value

class Operations:"""
