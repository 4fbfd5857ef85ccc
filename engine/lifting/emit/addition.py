"""Sums of expressions, which are one expression of any number of terms: what comes once more is doubled."""

from __future__ import annotations

from engine.lifting.emit.elements import Picked, Runs, same_elements
from engine.lifting.expr import Expr


def added(x: Expr, y: Expr) -> Expr:
    """Return a sum, of as many terms as there are; twice what is added once more."""
    terms = x.args if x.op == "add" else (x,)
    if _same(terms[-1], y):
        terms, y = terms[:-1], Expr(None, "multiply", (Expr("2"), y))
    return Expr(None, "add", (*terms, y)) if terms else y


def _same(x: Expr, y: Expr) -> bool:
    """Whether two expressions are the same."""
    if isinstance(x.leaf, Runs):
        return False
    leaf = same_elements(x.leaf, y.leaf) if isinstance(x.leaf, Picked) else x.leaf == y.leaf
    return leaf and x.op == y.op and len(x.args) == len(y.args) and all(map(_same, x.args, y.args))
