"""Single numbers as expressions of Python: what is used once is written where it is used, all else has a name.

>>> x = SingleNumber("x.item(0)", hint="x_0", own_line=True)
>>> s = SingleNumber(op="add", args=(x, SingleNumber("1.0", literal=True)), hint="s")
>>> z = SingleNumber(op="multiply", args=(s, x), hint="z", name="z")
>>> for number in (x, s, z):
...     for arg in number.args:
...         arg.uses += 1
>>> written_out([x, s, z], {}, lambda hint: hint)
>>> print(*[line for line in map(str, (x, s, z)) if line], sep="; ")
x_0 = x.item(0); z = (x_0 + 1.0) * x_0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.lifting.expr import ATOM, INFIX, NEGATIVE

LONGEST = 6  # operations of an expression that is written inside another
RAISING = ("power", "floor_divide", "remainder")  # whose signs raise where the rules have IEEE's answer
SYMBOLS = {op: infix for op, infix in INFIX.items() if op not in RAISING}


@dataclass(eq=False, slots=True)
class SingleNumber:
    """One number; as a line of text, the one that gives it its name, where it has one.

    Attributes
    ----------
    text
        How it is written in an expression; of an operation, once it is settled.
    op, args
        The operation that gives it, a rule's name or "float"; empty where the text says it.
    hint
        What it would be called.
    literal
        Whether it is written out.
    own_line
        Whether it must be computed where it stands, since it reads an array.
    name
        What it is called; empty where nobody needs a name.
    uses
        In how many places it is used.
    backward
        Whether it is computed in the backward pass.
    """

    text: str = ""
    op: str = ""
    args: tuple[SingleNumber, ...] = ()
    hint: str = ""
    literal: bool = False
    own_line: bool = False
    name: str = ""
    uses: int = 0
    backward: bool = False
    precedence: int = ATOM
    weight: int = 0
    line: str = ""

    def __str__(self) -> str:
        return self.line


@dataclass(eq=False)
class StoreLine:
    """A number that goes into an array's element, as a line of text."""

    place: str
    number: SingleNumber

    def __str__(self) -> str:
        return f"{self.place} = {self.number.text}"


def written_out(numbers: Sequence[SingleNumber], functions: Mapping[str, str], fresh: Callable[[str], str]) -> None:
    """Give each number its text, in the order in which they are computed.

    Parameters
    ----------
    numbers
        All that are no literals; those whose name is known already have a line in any case.
    functions
        What the text calls each operation that is a function.
    fresh
        Returns a name that nothing has yet.
    """
    for number in reversed(numbers):
        if not number.uses and not number.name:
            for arg in number.args:
                arg.uses -= 1
    for number in numbers:
        if number.uses or number.name:
            _write_out(number, functions, fresh)


def _write_out(number: SingleNumber, functions: Mapping[str, str], fresh: Callable[[str], str]) -> None:
    if number.op:
        number.weight = 1 + sum([arg.weight for arg in number.args])
        number.text, number.precedence = _expression(number, functions)
    if number.uses == 1 and not number.name and not number.own_line and number.weight <= LONGEST:
        return
    number.name = number.name or fresh(number.hint)
    number.line = f"{number.name} = {number.text}"
    number.text, number.precedence, number.weight = number.name, ATOM, 0


def _expression(number: SingleNumber, functions: Mapping[str, str]) -> tuple[str, int]:
    """Return an operation's text and its precedence."""
    if number.op == "negative":
        return f"-{_bracketed(number.args[0], NEGATIVE)}", NEGATIVE
    if number.op in SYMBOLS and number.op not in functions:
        symbol, precedence = SYMBOLS[number.op]
        left, right = number.args
        chained = precedence <= SYMBOLS["less"][1]  # a < b < c is another comparison
        return f"{_bracketed(left, precedence + chained)} {symbol} {_bracketed(right, precedence + 1)}", precedence
    name = functions.get(number.op, number.op)
    return f"{name}({', '.join([arg.text for arg in number.args])})", ATOM


def _bracketed(x: SingleNumber, precedence: int) -> str:
    return x.text if x.precedence >= precedence else f"({x.text})"
