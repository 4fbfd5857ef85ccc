"""Sums of expressions: a term with a sign is subtracted, a term that comes once more is doubled."""

from __future__ import annotations

from engine.lifting.emit.elements import Picked, Runs, same_elements
from engine.lifting.expr import Expr


def added(x: Expr, y: Expr) -> Expr:
    """Return a sum; a difference where one of a product's factors has a sign, twice what is added once more."""
    rest, last = (x.args[0], x.args[1]) if x.op == "add" else (None, x)
    if _same(last, y):
        double = Expr(None, "multiply", (Expr("2"), y))
        return double if rest is None else Expr(None, "add", (rest, double))
    positive = without_sign(y)
    return Expr(None, "add", (x, y)) if positive is None else Expr(None, "subtract", (x, positive))


def _same(x: Expr, y: Expr) -> bool:
    """Whether two expressions are the same."""
    if isinstance(x.leaf, Runs):
        return False
    leaf = same_elements(x.leaf, y.leaf) if isinstance(x.leaf, Picked) else x.leaf == y.leaf
    return leaf and x.op == y.op and len(x.args) == len(y.args) and all(map(_same, x.args, y.args))


def without_sign(expr: Expr) -> Expr | None:
    """Return a product or quotient that begins with a sign without it; None if it begins with none."""
    if expr.op == "negative":
        return expr.args[0]
    first = without_sign(expr.args[0]) if expr.op in ("multiply", "divide") else None
    return None if first is None else Expr(None, expr.op, (first, expr.args[1]))
