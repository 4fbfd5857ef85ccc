"""Expressions as Python's text, with the brackets that keep the order of their operations, and functions by name.

>>> x, y = Expr("x"), Expr("y")
>>> Printer(set()).text(x - (y - x) * (-y / x)), Printer(set()).text(Expr.call("power", x, y))
('x - (y - x) * (-y / x if x else divided(-y, x))', 'power(x, y)')
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.lifting.emit.expressions import SYMBOLS
from engine.lifting.emit.writer import NAMES, number_text
from engine.lifting.expr import ATOM, NEGATIVE, Expr, show
from engine.lifting.straight.choices import CHOICES, deciding, outcomes, with_names
from engine.lifting.straight.local_rules import substituted

CONDITIONAL = 0  # precedence of "x if c else y"
BUILT_IN = ("float",)


@dataclass
class Printer:
    """What prints expressions.

    Attributes
    ----------
    taken
        Names that no function may have.
    functions
        What the text calls the functions that it has needed so far.
    named
        How many divisors and numbers that decide have had a name.
    """

    taken: set[str]
    functions: dict[str, str] = field(default_factory=dict)
    named: int = 0

    def text(self, expr: Expr) -> str:
        """Return an expression as text."""
        return self._printed(expr)[0]

    def _printed(self, expr: Expr) -> tuple[str, int]:
        """Return the text and its precedence."""
        if not expr.op:
            return _leaf(expr)
        if expr.op == "negative":
            return f"-{self._bracketed(expr.args[0], NEGATIVE)}", NEGATIVE
        if expr.op == "divide" and not _divides(expr.args[1]):
            return self._divided(*expr.args), CONDITIONAL
        if expr.op in CHOICES:
            return self._chosen(expr), CONDITIONAL
        if expr.op in SYMBOLS:
            symbol, precedence = SYMBOLS[expr.op]
            left, right = expr.args
            chained = precedence <= SYMBOLS["less"][1]  # a < b < c is another comparison
            return (
                f"{self._bracketed(left, precedence + chained)} {symbol} {self._bracketed(right, precedence + 1)}",
                precedence,
            )
        return self._called(expr), ATOM

    def _called(self, expr: Expr) -> str:
        """Return a call; a choice within a choice, which is seldom come to, is one as well."""
        within = CHOICES if expr.op in CHOICES else ()
        arguments = [self._called(arg) if arg.op in within else self.text(arg) for arg in expr.args]
        return f"{self._function(expr.op)}({', '.join(arguments)})"

    def _divided(self, x: Expr, y: Expr) -> str:
        """Return a quotient: where the divisor is zero, by the function that has IEEE's answer."""
        above, (tested, below) = self._bracketed(x, SYMBOLS["divide"][1]), self._first(y)
        return f"{above} / {below} if {tested} else {self._function('divide')}({self.text(x)}, {below})"

    def _chosen(self, expr: Expr) -> str:
        """Return a choice: by the two numbers that decide it where these differ, else by its function."""
        begun: dict[str, Expr] = {}
        names: dict[str, Expr] = {}
        for x in deciding(expr):
            if x.op and show(x) not in names:
                first, name = self._first(x)
                begun[name], names[show(x)] = Expr(first), Expr(name)
        expr = with_names(expr, names)
        text = ""
        for condition, outcome in outcomes(expr):
            tested = condition if text else substituted(condition, begun)
            text += f"{self._bracketed(outcome, CONDITIONAL + 1)} if {self.text(tested)} else "
        return text + self._called(expr)

    def _first(self, x: Expr) -> tuple[str, str]:
        """Return how a number that is used several times is written first, and from then on."""
        text = self.text(x)
        if not x.op:
            return text, text
        self.named += 1
        return f"(q{self.named} := {text})", f"q{self.named}"

    def _bracketed(self, expr: Expr, precedence: int) -> str:
        text, own = self._printed(expr)
        return text if own >= precedence else f"({text})"

    def _function(self, op: str) -> str:
        """Return what a function is called."""
        if op in BUILT_IN:
            return op
        if op not in self.functions:
            name = "divided" if op == "divide" else NAMES.get(op, op)
            while name in self.taken:
                name += "_"
            self.functions[op] = name
        return self.functions[op]

    def imports(self) -> str:
        """Return the line that imports the functions; none where there are none."""
        forms = [rule if rule == name else f"{rule} as {name}" for rule, name in self.functions.items()]
        return f"from engine.scalar_forms import {', '.join(sorted(forms))}\n" if forms else ""


def _leaf(expr: Expr) -> tuple[str, int]:
    text = number_text(expr.leaf) if isinstance(expr.leaf, float) else expr.leaf
    return text, NEGATIVE if text.startswith("-") else ATOM


def _divides(x: Expr) -> bool:
    """Whether a divisor is a number that is not zero."""
    number = x.number() if not x.op else None
    if number is None and not x.op and x.leaf[:1] in "-0123456789":
        number = float(x.leaf)
    return number is not None and number != 0.0
