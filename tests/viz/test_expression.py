"""Expressions are arithmetic, and what is not is pointed at."""

from __future__ import annotations

import pytest

import viz
from viz.expression import evaluate


def test_expressions_agree_with_python():
    result, names = evaluate("exp(-x**2/2) * maximum(w, 1) + 2**3", {"x": 0.5, "w": 3.0})
    result.backward()
    assert result.data == pytest.approx(8 + 3 * 2.718281828459045**-0.125)
    assert names["w"].grad == pytest.approx(2.718281828459045**-0.125)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x + yy", "'yy' has no value; add yy=1.0:\n  x + yy\n      ^"),
        (" x + yy", "'yy' has no value; add yy=1.0:\n  x + yy\n      ^"),
        ("(x +\n  yy)", "'yy' has no value; add yy=1.0:\n  (x +   yy)\n         ^"),
        ("(x +\n* x)", "This is not an expression:\n  (x + * x)\n       ^"),
        ("字 + x", "'字' has no value; add 字=1.0:\n  字 + x\n  ^"),
        ("x + '字' + y", "Only numbers are constants here:\n  x + '字' + y\n      ^"),
        (
            "tanh(x) * cosh(x) ** exp(yy)",
            "'yy' has no value; add yy=1.0:\n  tanh(x) * cosh(x) ** exp(yy)\n" + " " * 27 + "^",
        ),
        ("x < 2", "Only numbers, names, + - * / // % **, and the engine's functions are read here:\n  x < 2\n  ^"),
        ("x if x else x", "Only numbers, names"),
        ("[x]", "Only numbers, names"),
        ("x\0", "null character|not an expression"),
        ("x" * 20_000, "The expression has 20,000 characters; at most 10,000 are read."),
        ("1e400**2 + (x, x)", "Only numbers, names, + - * / // % **, and the engine's functions are read here"),
        ("9" * 400, "too large for a float"),
        ("x +* 2", "This is not an expression:\n  x +* 2\n     ^"),
        ("__import__('os')", "This is not a function here"),
        ("x.real", "Only numbers, names"),
        ("(lambda: 1)()", "This is not a function here"),
        ("tanh(x, x)", "tanh takes 1 argument:\n  tanh(x, x)\n  ^"),
        ("tanh", "'tanh' is a function; call it as tanh(x)"),
        ("'a' * x", "Only numbers are constants here"),
        ("(" * 300 + "x" + ")" * 300, "nested|expression"),
        ("-" * 200 + "x", "nested more than 100 deep"),
        ("é + x + ß", "'é' has no value"),
        ("", "This is not an expression"),
    ],
)
def test_what_is_not_arithmetic_is_pointed_at(text, message):
    with pytest.raises(viz.ExpressionError) as caught:
        evaluate(text, {"x": 1.0})
    assert any(part in str(caught.value) for part in message.split("|"))


def test_quotients_and_remainders_are_pythons():
    assert evaluate("x % 2 + x // 2 * 10 + floor(-x) % 3", {"x": 7.5})[0].data == 7.5 % 2 + 7.5 // 2 * 10 + -8 % 3
    assert evaluate("1 % 0", {})[0].data != evaluate("1 % 0", {})[0].data


def test_plain_numbers_follow_ieee_rules():
    assert evaluate("1/0", {})[0].data == float("inf")
    assert evaluate("10.0**400", {})[0].data == float("inf")


def test_a_long_expression_is_shown_about_the_mistake():
    with pytest.raises(viz.ExpressionError) as caught:
        evaluate("x + " * 40 + "y" + " + x" * 40, {"x": 1.0})
    _, shown, caret = str(caught.value).splitlines()
    assert len(shown) <= 102
    assert shown[caret.index("^")] == "y"
