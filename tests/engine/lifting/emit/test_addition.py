"""Sums: signs are subtracted, what comes twice is doubled."""

from __future__ import annotations

from engine.lifting.emit.addition import added
from engine.lifting.expr import Expr, show, without_sign

X, Y = Expr("x"), Expr("y")


def test_sums_are_written_as_people_do():
    assert show(added(X, -Y)) == "x - y"
    assert show(added(added(X, Y), Y)) == "x + 2 * y"
    assert show(added(X, Expr(None, "multiply", (-Y, X)))) == "x - y * x"
    assert without_sign(X) is None
