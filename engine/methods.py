"""Methods and operators of Value, made from the rules, each as fast as one written by hand.

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
from engine.arrays.loops import enter
from engine.conditions import RELATIONS
from engine.dispatch import UNDEFINED
from engine.node import CONSTANT, birth
from engine.number import as_float
from engine.operands import is_value
from engine.operators import dunders, operand_maker
from engine.parents import MANY
from engine.rule import RULES, Rule, on_new_rule
from engine.written import compiled, method_text

Method = Callable[..., Any]


def install(cls: type, constant: type, operators: Mapping[str, str]) -> None:
    """Give a class of nodes the methods of all rules, those to come as well, and Python's operators.

    Parameters
    ----------
    cls
        Value.
    constant
        The class of what they make of a plain number; called without arguments, it makes a bare leaf.
    operators
        Python's name of each operator -> the rule it is.
    """
    on_new_rule(partial(give, cls, constant, operators))


def give(
    cls: Any, constant: type, operators: Mapping[str, str], rule: Rule, new: Callable[[type], Any] = object.__new__
) -> None:
    """Give a class the method and the operators of one rule; `new` makes the bare node."""
    operand = operand_maker(cls, constant)
    if rule.variadic:
        method = reflected = _any_number(cls, rule, operand, new)
    else:
        names = {
            "Value": cls, "new": new, "PlainNumber": constant, "rule": rule, "birth": birth, "operand": operand,
            "fixed": _fixed, "CONSTANT": CONSTANT, "MANY": MANY, "ieee": rule.scalar, "UNDEFINED": UNDEFINED,
            "python": getattr(rule.scalar, "__wrapped__", rule.scalar),
        }  # fmt: skip
        method = compiled(method_text(rule), names, rule.name)
        reflected = compiled(method_text(rule, reflected=True), names, f"{rule.name}, reflected")
    if rule.number:
        method = _or_number(cls, method, rule.number)
    method.__name__, method.__qualname__, method.__doc__ = rule.name, f"{cls.__name__}.{rule.name}", rule.doc
    setattr(cls, rule.name, staticmethod(method) if rule.variadic else method)
    enter(rule, cls, method)
    for symbol in [symbol for symbol, name in operators.items() if name == rule.name]:
        for name, function in dunders(cls, symbol, rule, method, reflected, operand).items():
            setattr(cls, name, function)


def _any_number(cls: Any, rule: Rule, operand: Method, new: Callable[[type], Any]) -> Method:
    f, name, keep = rule.scalar, rule.name, rule.keep

    def method(operands: Sequence[Any], xs: list[float] | None = None) -> Any:
        if xs is None:
            if operands.__class__ is not list:
                operands = listed(operands, f"{name}'s operand", "numbers and Values")
            parents = tuple([x if x.__class__ is cls else _of_many(operand(x, name), x, name) for x in operands])
            xs = [p._data for p in parents]
        else:  # their numbers, by who knows that each is of this class
            parents = tuple(operands)
        z = f(xs)
        node = new(cls)
        node._data, node._grad, node.rule, node._label, node.born = z, 0.0, rule, "", birth()
        node.parents = parents
        known = {"z": z, "xs": xs, "n": len(xs)}
        keep(node, tuple([known[k] for k in rule.keeps]))
        return node

    return method


def _of_many(parent: Any, x: Any, name: str) -> Any:
    if parent is NotImplemented:
        raise TypeError(f"{name} of {described(x)} is not defined. Pass numbers and Values.")
    return parent


def _fixed(x: Any, rule: Rule, i: int) -> float:
    """Return a number that a rule fixes, which the method has not recognised as one."""
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
    of_number = vars(cls)[other]

    def either(a: Any, b: Any) -> Any:
        if a.__class__ is cls and (b.__class__ is int or b.__class__ is float):
            return of_number(a, b)
        if b.__class__ is not cls and isinstance(b, (numbers.Real, np.bool_)) and isinstance(a, cls):
            return of_number(a, b)
        return method(a, b)

    return either


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
        for dunder in dunders(object, symbol, RULES[name], *[_fixed] * 3):
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
