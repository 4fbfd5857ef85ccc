"""What rules run on to become array operations, and text.

An Expr stands for an array that a program will hold.  Arithmetic on it builds a tree; `emit_operations` turns the tree
into one step per operation.  Running a rule's pullback on Exprs is how lifting differentiates:

>>> from engine.rules import RULES
>>> z, g = Expr("z"), Expr("g")
>>> print(*RULES["tanh"].bind(z, [Expr("x")])(g))
g * (1.0 - z * z)
>>> print(*RULES["divide"].bind(z, [Expr("x"), Expr("y")])(g), sep="; ")
g / y; -g * (z / y)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from engine.lifting.exact import fold, negated
from engine.rules import RULES

INFIX = {rule.name: rule.infix for rule in RULES.values() if rule.infix}
UFUNCS = {"absolute": "abs", "true_divide": "divide", "greater": "less", "greater_equal": "less_equal"}
SWAPPED = ("greater", "greater_equal")
ATOM = 9


class Expr:
    """A named operand, a number, or an operation on Exprs."""

    __slots__ = ("args", "leaf", "op")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, leaf: Any, op: str = "", args: tuple[Expr, ...] = ()) -> None:
        self.leaf, self.op, self.args = leaf, op, args

    @staticmethod
    def call(op: str, *args: Any) -> Expr:
        """Return the operation `op` on `args`, or what it simplifies to."""
        exprs = tuple(a if isinstance(a, Expr) else Expr(float(a)) for a in args)
        return _simplified(op, exprs) or Expr(None, op, exprs)

    def number(self) -> float | None:
        """Return the number this is, if it is one."""
        return self.leaf if isinstance(self.leaf, float) else None

    def where(self, x: Any, y: Any) -> Expr:
        """Choose `x` where this holds, else `y`."""
        return Expr.call("where", self, x, y)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Expr:
        op = UFUNCS.get(ufunc.__name__, ufunc.__name__)
        return Expr.call(op, *(reversed(inputs) if ufunc.__name__ in SWAPPED else inputs))

    def __add__(self, other: Any) -> Expr:
        return Expr.call("add", self, other)

    def __radd__(self, other: Any) -> Expr:
        return Expr.call("add", other, self)

    def __sub__(self, other: Any) -> Expr:
        return Expr.call("subtract", self, other)

    def __rsub__(self, other: Any) -> Expr:
        return Expr.call("subtract", other, self)

    def __mul__(self, other: Any) -> Expr:
        return Expr.call("multiply", self, other)

    def __rmul__(self, other: Any) -> Expr:
        return Expr.call("multiply", other, self)

    def __truediv__(self, other: Any) -> Expr:
        return Expr.call("divide", self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return Expr.call("divide", other, self)

    def __matmul__(self, other: Any) -> Expr:
        return Expr.call("matmul", self, other)

    def __pow__(self, other: Any) -> Expr:
        return Expr.call("power", self, other)

    def __neg__(self) -> Expr:
        return Expr.call("negative", self)

    def __lt__(self, other: Any) -> Expr:
        return Expr.call("less", self, other)

    def __le__(self, other: Any) -> Expr:
        return Expr.call("less_equal", self, other)

    def __gt__(self, other: Any) -> Expr:
        return Expr.call("less", other, self)

    def __ge__(self, other: Any) -> Expr:
        return Expr.call("less_equal", other, self)

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return Expr.call("equal", self, other)

    def __and__(self, other: Any) -> Expr:
        return Expr.call("multiply", self, other)

    def __or__(self, other: Any) -> Expr:
        return Expr.call("maximum", self, other)

    def __str__(self) -> str:
        return show(self)


RANGE = "range"  # of a loop variable, its leaf: from one expression up to another
SUBSCRIPT = "subscript"  # an element: x[i, j + 1]
OVER = " over"  # how an operation ends that reduces its operand over the ranges that are its leaf
SUFFIX = "suffix"  # the operation whose leaf is written behind its operand: x.T, x.sum(axis=0), x[t]
OPERATORS = INFIX | {"matmul": ("@", INFIX["multiply"][1])}
SUM, PRODUCT = INFIX["add"][1], INFIX["multiply"][1]
NEGATIVE = 6  # precedence of a sign: between products and powers


def suffixed(x: Expr, suffix: str) -> Expr:
    """Return an expression with something written behind it; a matrix that is transposed twice is itself.

    >>> print(suffixed(Expr("x") + Expr("y"), ".T"), suffixed(suffixed(Expr("x"), ".T"), ".T"))
    (x + y).T x
    """
    if suffix == ".T" and x.op == SUFFIX and x.leaf == ".T":
        return x.args[0]
    return Expr(suffix, SUFFIX, (x,))


def subscript(array: Expr, places: Sequence[Expr]) -> Expr:
    """Return an element of an array; the array itself where no places are told.

    >>> print(subscript(Expr("x"), [Expr("i"), Expr("j") + Expr("1")]))
    x[i, j + 1]
    """
    return Expr(None, SUBSCRIPT, (array, *places)) if places else array


class Spelling:
    """How a formula's parts are written, as Python has them; another one has its own."""

    def leaf(self, leaf: Any) -> str:
        """Write a name or a number."""
        return str(leaf)

    def suffix(self, x: str, suffix: str) -> str:
        """Write what stands behind an expression."""
        return x + suffix

    def subscript(self, array: str, places: Sequence[str]) -> str:
        """Write an element of an array."""
        return f"{array}[{', '.join(places)}]"

    def range(self, name: str, low: str, sign: str, stop: str) -> str:
        """Write the range of a variable; its beginning is not told where that is 0."""
        upper = f"{self.leaf(name)} {sign} {stop}"
        return upper if low == "0" else f"{low} <= {upper}"

    def over(self, op: str, ranges: Sequence[str], body: str) -> str:
        """Write what reduces an expression over ranges."""
        return f"{op}{OVER} {', '.join(ranges)} of {body}"

    def call(self, op: str, args: Sequence[Expr]) -> str:
        """Write a function of expressions."""
        return f"{op}({', '.join([show(arg, self) for arg in args])})"

    def sum(self, terms: Sequence[tuple[bool, str]]) -> str:
        """Write terms, each with whether it is taken away."""
        return "".join([f" {'-' if k[0] else '+'} {k[1]}" if i else k[1] for i, k in enumerate(terms)])

    def infix(self, symbol: str, left: str, right: str) -> str:
        """Write an operator between expressions."""
        return f"{left} {symbol} {right}"

    def special(self, expr: Expr) -> str | None:
        """Write what has no operator and no call; None for all that has."""
        return None

    def bracketed(self, x: str) -> str:
        """Write brackets."""
        return f"({x})"


PYTHON = Spelling()


def show(expr: Expr, spelling: Spelling = PYTHON) -> str:
    """Return an expression as a formula: operators where there are any, else calls, and no bracket for nothing.

    >>> x, y = Expr("x"), Expr("y")
    >>> print(show(x - (y - x) * -y), show(Expr("dz") @ suffixed(Expr("W"), ".T") * (1.0 - x * x)), sep="; ")
    x - (y - x) * -y; dz @ W.T * (1.0 - x * x)
    """
    return _shown(expr, spelling)[0]


def _shown(expr: Expr, by: Spelling) -> tuple[str, int]:
    """Return the printed form and its precedence."""
    if not expr.op:
        return by.leaf(expr.leaf), ATOM
    special = by.special(expr)
    if special is not None:
        return special, ATOM
    if expr.op == SUFFIX:
        return by.suffix(_bracketed(expr.args[0], ATOM, by), expr.leaf), ATOM
    if expr.op == SUBSCRIPT:
        return by.subscript(_bracketed(expr.args[0], ATOM, by), [show(x, by) for x in expr.args[1:]]), ATOM
    if expr.op.startswith(RANGE):
        low, stop = (show(x, by) for x in expr.args)
        return by.range(expr.leaf, low, expr.op.removeprefix(RANGE).strip(), stop), ATOM
    if expr.op.endswith(OVER):
        body = _bracketed(expr.args[0], PRODUCT, by)
        return by.over(expr.op.removesuffix(OVER), [show(x, by) for x in expr.leaf], body), SUM
    if expr.op == "negative":
        return f"-{_bracketed(expr.args[0], NEGATIVE, by)}", NEGATIVE
    if expr.op in ("add", "subtract") and len(expr.args) > 1:
        return by.sum(_terms(expr, by)), SUM
    if expr.op not in OPERATORS or len(expr.args) != 2:
        return by.call(expr.op, expr.args), ATOM
    return _infix(expr, by)


def _infix(expr: Expr, by: Spelling) -> tuple[str, int]:
    symbol, precedence = OPERATORS[expr.op]
    left, right = expr.args
    if expr.op == "power":  # x ** y ** z is x ** (y ** z), and a sign needs no bracket
        return by.infix(symbol, _bracketed(left, precedence + 1, by), _bracketed(right, NEGATIVE, by)), precedence
    second = _bracketed(right, precedence + 1, by)
    return by.infix(symbol, _bracketed(left, precedence, by), second), precedence


def _terms(expr: Expr, by: Spelling) -> list[tuple[bool, str]]:
    """Return the terms of a sum, which may be one of two or of any number, and whether each is taken away."""
    terms: list[tuple[bool, str]] = []
    while expr.op in ("add", "subtract") and len(expr.args) > 1:
        for term in reversed(expr.args[1:]):
            positive = without_sign(term)
            negative = (expr.op == "subtract") != (positive is not None)
            terms.append(
                (negative, _bracketed(term if positive is None else positive, PRODUCT if negative else SUM, by))
            )
        expr = expr.args[0]
    return [(False, _bracketed(expr, SUM, by)), *reversed(terms)]


def without_sign(expr: Expr) -> Expr | None:
    """Return a product or quotient that begins with a sign without it; None if it begins with none."""
    if expr.op == "negative":
        return expr.args[0]
    first = without_sign(expr.args[0]) if expr.op in ("multiply", "divide") else None
    return None if first is None else Expr(None, expr.op, (first, expr.args[1]))


def _bracketed(expr: Expr, precedence: int, by: Spelling) -> str:
    text, own = _shown(expr, by)
    return text if own >= precedence else by.bracketed(text)


def _simplified(op: str, args: tuple[Expr, ...]) -> Expr | None:
    """Fold numbers, drop factors of one, and turn a fixed power into what one would write."""
    numbers = [a.number() for a in args]
    if op == "multiply":
        x, y = args
        if numbers[0] == 1.0:
            return y
        if numbers[1] == 1.0:
            return x
        if numbers[0] == -1.0:
            return Expr.call("negative", y)
        inner = x.args[0].number() if x.op == "multiply" else None
        if (
            numbers[1] is not None
            and inner is not None
            and (product := fold("multiply", numbers[1], inner)) is not None
        ):
            return Expr.call("multiply", Expr(product), x.args[1])
    if op == "divide" and numbers[1] == 1.0:
        return args[0]
    if op == "negative" and args[0].op == "negative":
        return args[0].args[0]
    if op == "negative" and numbers[0] is not None:
        return Expr(negated(numbers[0]))
    if op in ("multiply", "add", "subtract") and numbers[0] is not None and numbers[1] is not None:
        folded = fold(op, numbers[0], numbers[1])
        return None if folded is None else Expr(folded)
    if op == "power" and numbers[1] in _POWERS:
        return _POWERS[numbers[1]](args[0])
    return None


_POWERS: dict[float | None, Callable[[Expr], Expr]] = {
    0.0: lambda x: Expr(1.0),  # of any x; JAX's derivative of its power is NaN at 0
    0.5: lambda x: Expr.call("sqrt", x),
    1.0: lambda x: x,
    2.0: lambda x: Expr.call("square", x),
    3.0: lambda x: x * Expr.call("square", x),
    -1.0: lambda x: Expr.call("reciprocal", x),
}


def emit_operations(
    expr: Expr,
    emit: Callable[[str, tuple[Any, ...], bool], Any],
    done: dict[Hashable, Any],
    last: bool = True,
) -> Any:
    """Turn a tree into operations by calling `emit(op, operands, last)`, operands first, each once.

    `last` is true for the root only: its result may have a place waiting for it.
    """
    if not expr.op:
        return expr.leaf
    operands = tuple([emit_operations(a, emit, done, False) for a in expr.args])
    key = (expr.op, *[(repr(x), getattr(x, "fraction", None)) if isinstance(x, float) else id(x) for x in operands])
    if key not in done or last:
        done[key] = emit(expr.op, operands, last)
    return done[key]
