r"""Formulas as LaTeX: the printer of all formulas, with another spelling.

>>> from engine.lifting.expr import suffixed
>>> z, W = Expr("z1"), Expr("W")
>>> print(show(Expr(None, "matmul", (z, suffixed(W, ".T"))) / Expr("N"), LATEX))
\frac{z_{1} \, W^{\top}}{N}
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.lifting.emit.equations import Line
from engine.lifting.expr import Expr, Spelling, show

TIMES = r"\,"
SYMBOLS = {"@": r"\,", "%": r"\bmod", "<=": r"\le", "==": "=", "<": "<", "+": "+", "-": "-"}
FORMS = {
    "divide": r"\frac{%s}{%s}",
    "floor_divide": r"\left\lfloor\frac{%s}{%s}\right\rfloor",
    "sqrt": r"\sqrt{%s}",
    "abs": r"\left|%s\right|",
}
FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min")
NUMBERED = re.compile(r"(.*?[^\d_])_?(\d+)")  # z1, a_2
GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "sigma", "rho", "phi", "omega", "tau")


class Latex(Spelling):
    """Fractions, roots, sums with their ranges below, indices as subscripts; `times` is the product of two elements."""

    def __init__(self, times: str) -> None:
        self.times = times

    def leaf(self, leaf: object) -> str:
        """Write a name with its number below, or a number with its power of ten."""
        text = str(leaf)
        if text[:1].isdigit() or text.startswith("."):
            mantissa, _, exponent = text.partition("e")
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else text
        if not text.isidentifier():
            return rf"\mathtt{{{_escaped(text)}}}" if "=" in text else _escaped(text)
        numbered = NUMBERED.fullmatch(text)
        stem, below = (numbered[1], f"_{{{numbered[2]}}}") if numbered else (text, "")
        return (rf"\{stem}" if stem in GREEK else stem if len(stem) == 1 else rf"\mathit{{{_escaped(stem)}}}") + below

    def suffix(self, x: str, suffix: str) -> str:
        """Write a transposition, an index, or a method."""
        if suffix == ".T":
            return f"{{{x}}}^{{\\top}}" if "_" in x or "^" in x else f"{x}^{{\\top}}"
        return f"{{{x}}}_{{{suffix[1:-1]}}}" if suffix.startswith("[") else rf"{{{x}}}\mathtt{{{_escaped(suffix)}}}"

    def subscript(self, array: str, places: Sequence[str]) -> str:
        """Write an element."""
        return f"{{{array}}}_{{{', '.join(places)}}}"

    def range(self, name: str, low: str, sign: str, stop: str) -> str:
        """Write a range."""
        upper = f"{self.leaf(name)} {SYMBOLS[sign]} {stop}"
        return upper if low == "0" else rf"{low} \le {upper}"

    def over(self, op: str, ranges: Sequence[str], body: str) -> str:
        """Write a sum, or a word with what it is over below."""
        word = {"sum": r"\sum", "max": r"\max"}.get(op, rf"\operatorname*{{{op}}}")
        below = r",\; ".join(ranges)
        return f"{word}_{{{below}}} {body}"

    def call(self, op: str, args: Sequence[Expr]) -> str:
        """Write a function."""
        name = rf"\{op}" if op in FUNCTIONS else rf"\operatorname{{{_escaped(op)}}}"
        return rf"{name}\left({', '.join([show(arg, self) for arg in args])}\right)"

    def infix(self, symbol: str, left: str, right: str) -> str:
        """Write an operator."""
        if symbol == "*":
            return f"{left} {self.times if not left[:1].isdigit() else TIMES} {right}"
        return f"{{{left}}}^{{{right}}}" if symbol == "**" else f"{left} {SYMBOLS[symbol]} {right}"

    def special(self, expr: Expr) -> str | None:
        """Write a fraction, a root or a size; the product with a number has a point."""
        form = FORMS.get(expr.op)
        return form and form % tuple([show(arg, self) for arg in expr.args])

    def bracketed(self, x: str) -> str:
        """Write brackets as high as what is in them."""
        return rf"\left({x}\right)"


LATEX, OF_ELEMENTS = Latex(r"\odot"), Latex(TIMES)


def latex(parts: Sequence[Sequence[Line]]) -> str:
    """Return equations, aligned, a gap between the forward and the backward ones."""
    rows = [[_row(line) for line in part] for part in parts if part]
    return "\\begin{aligned}\n" + " \\\\[1em]\n".join([" \\\\\n".join(part) for part in rows]) + "\n\\end{aligned}"


def _row(line: Line) -> str:
    sign = {"=": "=", "+=": r"\mathrel{+}=", "-=": r"\mathrel{-}="}[line.sign]
    by = OF_ELEMENTS if line.ranges else LATEX
    ranges = r",\; ".join([show(x, by) for x in line.ranges])
    return f"{show(line.left, by)} &{sign} {show(line.right, by)}" + (rf" \qquad {ranges}" if ranges else "")


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")
