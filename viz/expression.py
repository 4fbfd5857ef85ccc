"""Arithmetic as people type it, evaluated over Values: parsed and checked node by node, never run as Python.

>>> z, names = evaluate("tanh(w*x + b)", {"w": 0.5, "x": 2.0, "b": -1.0})
>>> z.data, sorted(names)
(0.0, ['b', 'w', 'x'])
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import engine
from engine import Value
from engine.rules import RULES
from viz.errors import ExpressionError
from viz.text import is_wide

BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
DEEPEST = 100
LONGEST = 10_000
COMPOSED = {"gelu": engine.gelu, "silu": engine.silu}


def functions() -> dict[str, tuple[Callable[..., Any], int]]:
    """Return the functions of one or two numbers that an expression may call, with how many: those with a rule.

    >>> sorted(name for name, (_, arity) in functions().items() if arity == 2)
    ['arctan2', 'hypot', 'leaky_relu', 'logaddexp', 'maximum', 'minimum']
    """
    ruled = {
        name: (getattr(engine, name), len(rule.operands))
        for name, rule in RULES.items()
        if rule.infix is None and len(rule.operands) in (1, 2) and not rule.fixed and hasattr(engine, name)
    }
    return ruled | {name: (function, 1) for name, function in COMPOSED.items()}


def evaluate(text: str, numbers: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
    """Return the result, and the Values of the names that the expression uses."""
    if len(text) > LONGEST:
        raise ExpressionError(f"The expression has {len(text):,} characters; at most {LONGEST:,} are read.")
    reading = _Reading(text, numbers)
    result = reading.value(reading.parse(), 0)
    return (result if isinstance(result, Value) else Value(result)), reading.names


class _Reading:
    """One expression while it is evaluated."""

    def __init__(self, text: str, numbers: Mapping[str, float]) -> None:
        self.text, self.numbers = text.strip(), numbers
        self.names: dict[str, Value] = {}
        self.functions = functions()

    def parse(self) -> ast.expr:
        try:
            return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            before = self.text.splitlines()[: (error.lineno or 1) - 1]
            column = min(max((error.offset or 1) - 1, 0) + sum(len(part) + 1 for part in before), len(self.text))
            raise ExpressionError(self._pointing("This is not an expression", column)) from None
        except (RecursionError, MemoryError, ValueError):
            raise ExpressionError("The expression is nested too deeply, or holds a null character.") from None

    def value(self, node: ast.expr, depth: int) -> Any:
        """Return a Value or, for what names nothing, a float."""
        if depth > DEEPEST:
            raise self._error(node, f"This is nested more than {DEEPEST} deep; give a part of it a name")
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            operand = self.value(node.operand, depth + 1)
            return -operand if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
            a, b = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            return _floats_too(BINARY[type(node.op)], a, b)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        raise self._error(node, "Only numbers, names, + - * / // % **, and the engine's functions are read here")

    def _constant(self, node: ast.Constant) -> float:
        if not isinstance(node.value, (int, float)) or isinstance(node.value, bool):
            raise self._error(node, "Only numbers are constants here")
        try:
            return float(node.value)
        except OverflowError:
            raise self._error(node, "This number is too large for a float") from None

    def _name(self, node: ast.Name) -> Value:
        if node.id not in self.numbers:
            hint = f"is a function; call it as {node.id}(x)" if node.id in self.functions else "has no value"
            way = "" if node.id in self.functions else f"; add {node.id}=1.0"
            raise self._error(node, f"{node.id!r} {hint}{way}")
        if node.id not in self.names:
            self.names[node.id] = Value(self.numbers[node.id], node.id)
        return self.names[node.id]

    def _call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in self.functions:
            raise self._error(node.func, f"This is not a function here; there are {', '.join(sorted(self.functions))}")
        function, arity = self.functions[node.func.id]
        if node.keywords or len(node.args) != arity:
            raise self._error(node, f"{node.func.id} takes {arity} argument{'s' if arity > 1 else ''}")
        return function(*[self.value(argument, depth + 1) for argument in node.args])

    def _error(self, node: ast.expr, what: str) -> ExpressionError:
        # ast counts bytes of UTF-8, and the lines of an expression in brackets.
        before = self.text.splitlines()[: node.lineno - 1]
        line = self.text.splitlines()[node.lineno - 1]
        column = len(line.encode()[: node.col_offset].decode()) + sum(len(part) + 1 for part in before)
        return ExpressionError(self._pointing(what, column))

    def _pointing(self, what: str, column: int) -> str:
        shown = self.text.replace("\n", " ")
        start = max(0, column - 50)
        blank = sum([2 if is_wide(c) else 1 for c in shown[start:column]])
        return f"{what}:\n  {shown[start : start + 100]}\n  {' ' * blank}^"


def _floats_too(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Apply an operator; two plain numbers follow the engine's IEEE rules too, and stay a number."""
    if isinstance(a, Value) or isinstance(b, Value):
        return function(a, b)
    return function(Value(a), b).data
