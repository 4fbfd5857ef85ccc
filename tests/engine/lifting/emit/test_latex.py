"""LaTeX: the same expressions, typeset; matplotlib's mathematics, where it is installed, can set the words."""

from __future__ import annotations

import pytest

import engine
from engine.lifting.emit.latex import LATEX, OF_ELEMENTS
from engine.lifting.expr import INFIX, Expr, show, subscript

X, Y = Expr("x"), Expr("y1")
SPELT = {
    r"\frac{x}{y_{1}} + x": X / Y + X,
    r"x \odot \left(x - y_{1}\right)": X * (X - Y),
    r"{y_{1}}^{2}": Expr(None, "power", (Y, Expr("2"))),
    r"0.5 \, x": Expr(None, "multiply", (Expr("0.5"), X)),
    r"\mathit{attn\_wq}": Expr("attn_wq"),
    r"1 \cdot 10^{-5}": Expr("1e-05"),
    r"\alpha_{2}": Expr("alpha_2"),
    r"\tanh\left(x\right)": Expr(None, "tanh", (X,)),
}


@pytest.mark.parametrize("text", SPELT)
def test_expressions_are_spelt_as_mathematics(text):
    assert show(SPELT[text], LATEX) == text


def test_sums_have_their_ranges_below():
    k = Expr("k", "range <=", (Expr("0"), Expr("i")))
    total = Expr((k,), "sum over", (Expr(None, "multiply", (subscript(X, [Expr("k")]), Y)),))
    assert show(total, OF_ELEMENTS) == r"\sum_{k \le i} {x}_{k} \, y_{1}"


def test_a_program_shows_its_formulas_in_a_notebook():
    program = engine.lift(lambda x, w: engine.tanh(engine.dot(w, x)))
    assert "text/latex" not in program._repr_mimebundle_()
    program.value_and_grad([1.0, 2.0], [0.5, 0.25], wrt="all")
    text = program.formulas(latex=True)
    assert text.startswith(r"\begin{aligned}") and text.count(r"\left") == text.count(r"\right")
    assert text.count("{") == text.count("}")
    assert program._repr_mimebundle_()["text/latex"] == program.formulas()._repr_latex_()
    assert text in program._repr_latex_()


@pytest.mark.parametrize("op", INFIX)
def test_every_sign_is_spelt(op):
    text = show(Expr(None, op, (Expr("x"), Expr("y"))), LATEX)
    assert text.count("{") == text.count("}") and "x" in text and "y" in text
    assert not {"//", "%", "**"} & {part for part in ("//", "%", "**") if part in text}
