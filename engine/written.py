"""Functions whose text is written for one rule: methods that make its nodes, and the step of a sweep through one.

A method is called for every operation, so that a call inside it, a loop over two operands or a choice that the rule
decides once is a good part of its time.  Here a rule's pattern, how many operands it has and what its derivative keeps,
is turned into the text that one would write for it by hand.

>>> from engine.rules import RULES
>>> print(method_text(RULES["exp"]))
def exp(x):
    x_data = x._data
    try:
        z = python(x_data)
    except UNDEFINED:
        z = ieee(x_data)
    node = new(Value)
    node._data = z
    node._grad = 0.0
    node._x = x
    node._other = None
    node.rule = rule
    node._label = ""
    node.born = birth()
    node._first = z
    return node
>>> print(spread_text(2, 2))
def spread(node):
    g0, g1, = pullback(node._first, node._second, node.grad)
    node._x.grad += g0
    node._other.grad += g1
"""

from __future__ import annotations

import linecache
import operator
import os
from collections.abc import Callable
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))

OPERAND = """\
    if {x}.__class__ is not Value:
        if {x}.__class__ is float:
            leaf = PlainNumber()
            leaf._data = {x}
            leaf._grad = 0.0
            leaf._x = leaf._other = None
            leaf.rule = CONSTANT
            leaf._label = ""
            {x} = leaf
        elif ({x} := operand({x}, "{op}", {other})) is NotImplemented:
            return NotImplemented"""

NUMBER = """\
    if {n}.__class__ is not float:
        {n} = float({n}) if {n}.__class__ is int and -1000 < {n} < 1000 else fixed({n}, rule, {i})"""

CAREFUL = """\
    try:
        z = {result}
    except UNDEFINED:
        z = ieee({xs})"""

SIGNS: dict[Callable[..., Any], str] = {
    operator.add: "{} + {}",
    operator.sub: "{} - {}",
    operator.mul: "{} * {}",
    operator.truediv: "{} / {}",
    operator.neg: "-{}",
}

NODE = """\
    node = new(Value)
    node._data = z
    node._grad = 0.0
{operands}
    node.rule = rule
    node._label = ""
    node.born = birth()"""


def method_text(rule: Any, *, reflected: bool = False) -> str:
    """Return the text of the method that computes a rule on Values; reflected, its operands come in reverse."""
    operands = list(rule.operands)
    parameters = [*(reversed(operands) if reflected else operands), *rule.fixed]
    lines = [f"def {rule.name}({', '.join(parameters)}):"]
    if len(operands) > 1:
        for x in parameters[len(operands) - 1 :: -1]:
            other = operands[operands[0] == x] if len(operands) == 2 else None
            lines.append(OPERAND.format(x=x, op=rule.name, other=other))
    lines += [NUMBER.format(n=n, i=i) for i, n in enumerate(rule.fixed)]
    floats = {"z": "z"} | {x: f"{x}_data" for x in operands} | {n: n for n in rule.fixed}
    lines += [f"    {floats[x]} = {x}._data" for x in operands]
    lines.append(_computed(rule, [floats[x] for x in (*operands, *rule.fixed)]))
    lines.append(NODE.format(operands=_stored(operands)))
    residuals = [floats[name] for name in rule.keeps]
    if len(residuals) > 2:
        lines.append(f"    node._first = ({', '.join(residuals)})")
    else:
        lines += [f"    node.{place} = {x}" for place, x in zip(("_first", "_second"), residuals)]
    return "\n".join([*lines, "    return node"])


def _stored(operands: list[str]) -> str:
    """Return what puts a node's parents where they lie: see `engine.parents`."""
    x, y = (f"({', '.join(operands)})", "MANY") if len(operands) > 2 else [*operands, "None"][:2]
    return f"    node._x = {x}\n    node._other = {y}"


def _computed(rule: Any, xs: list[str]) -> str:
    """Return what computes the result, by Python's own operator if it can; where that raises, as IEEE 754 has it."""
    python = getattr(rule.scalar, "__wrapped__", rule.scalar)
    result = SIGNS[python].format(*xs) if python in SIGNS else f"python({', '.join(xs)})"
    if python is rule.scalar:
        return f"    z = {result}"
    return CAREFUL.format(result=result, xs=", ".join(xs))


def spread_text(operands: int, residuals: int) -> str:
    """Return the text of a sweep's step through a node: its cotangent goes back, and is added up in its operands."""
    bound = {0: "", 1: "node._first, ", 2: "node._first, node._second, "}.get(residuals, "*node._first, ")
    pulled = f"pullback({bound}node.grad)"
    if not operands:
        lines = [f"    for x, g in zip(node.parents, {pulled}):", "        x.grad += g"]
    else:
        gs = [f"g{i}" for i in range(operands)]
        xs = ["node._x", "node._other"][:operands] if operands < 3 else [f"x{i}" for i in range(operands)]
        lines = [f"    {', '.join(gs)}, = {pulled}"]
        lines += [f"    {', '.join(xs)} = node._x"] * (operands > 2)
        lines += [f"    {x}.grad += {g}" for x, g in zip(xs, gs)]
    return "\n".join(["def spread(node):", *lines])


def compiled(text: str, names: dict[str, Any], called: str) -> Callable[..., Any]:
    """Return the function that a text defines, which a traceback shows; `names` is what it refers to."""
    file = os.path.join(FOLDER, f"<{called}>")
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    namespace = dict(names)
    exec(compile(text, file, "exec"), namespace)
    function: Callable[..., Any] = namespace[text[4 : text.index("(")]]
    return function
