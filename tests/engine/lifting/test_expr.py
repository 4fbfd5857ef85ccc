"""Expressions: printed with no bracket for nothing, simplified, and turned into operations, each once."""

from __future__ import annotations

import operator as o

import numpy as np
import pytest

from engine.lifting.expr import Expr, emit_operations, show, suffixed

x, y, z = Expr("x"), Expr("y"), Expr("z")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (x + (y + z), "x + y + z"),
        (x - (y - z), "x - (y - z)"),
        (x - (y + z), "x - (y + z)"),
        (x / (y * z), "x / (y * z)"),
        (x * (y / z), "x * (y / z)"),
        (-(x + y), "-(x + y)"),
        (-x * y, "-x * y"),
        (Expr(None, "negative", (x * y,)), "-(x * y)"),
        (Expr(None, "power", (-x, y)), "(-x) ** y"),
        (Expr(None, "power", (x, -y)), "x ** -y"),
        (Expr(None, "power", (Expr(None, "power", (x, y)), z)), "(x ** y) ** z"),
        (Expr(None, "power", (x, Expr(None, "power", (y, z)))), "x ** y ** z"),
        (x @ suffixed(y, ".T") * z, "x @ y.T * z"),
        (x @ (y @ z), "x @ (y @ z)"),
        (suffixed(x * y, ".sum(axis=0)"), "(x * y).sum(axis=0)"),
        ((x < y).where(x, y), "where(x < y, x, y)"),
    ],
)
def test_brackets_are_where_python_needs_them(expr, text):
    assert show(expr) == text
    numbers = {"x": np.full((2, 2), 1.5), "y": np.full((2, 2), 2.0), "z": np.full((2, 2), 0.5), "where": np.where}
    np.testing.assert_allclose(eval(text, dict(numbers)), evaluated(expr, numbers))


def evaluated(expr, numbers):
    """Return what a tree computes."""
    if not expr.op:
        return numbers[expr.leaf]
    args = [evaluated(a, numbers) for a in expr.args]
    if expr.op == "suffix":
        return args[0].T if expr.leaf == ".T" else args[0].sum(axis=0)
    functions = {
        "add": o.add,
        "subtract": o.sub,
        "multiply": o.mul,
        "divide": o.truediv,
        "power": o.pow,
        "matmul": o.matmul,
    }
    functions |= {"negative": o.neg, "less": o.lt, "where": np.where}
    return functions[expr.op](*args)


SIMPLIFIED = {
    "a product with one": (x * 1.0, "x"),
    "one times": (1.0 * x, "x"),
    "minus one times": (-1.0 * x, "-x"),
    "two numbers": ((3.0 * x) * 4.0, "12.0 * x"),
    "a quotient by one": (x / 1.0, "x"),
    "a sign of a sign": (Expr.call("negative", -x), "x"),
    "a square": (x**2.0, "square(x)"),
    "a square root": (x**0.5, "sqrt(x)"),
    "a number out of the range of floats": (1e200 * (1e200 * x), "1e+200 * (1e+200 * x)"),
}


@pytest.mark.parametrize("case", SIMPLIFIED)
def test_what_is_simplified(case):
    expr, text = SIMPLIFIED[case]
    assert show(expr) == text


def test_operations_come_operands_first_and_equal_ones_once():
    calls = []

    def emit(op, operands, last):
        calls.append((op, operands, last))
        return f"r{len(calls)}"

    assert emit_operations(x * y + x * y, emit, {}) == "r2"
    assert calls == [("multiply", ("x", "y"), False), ("add", ("r1", "r1"), True)]


def test_the_root_is_emitted_though_it_is_known_and_zeros_of_either_sign_are_two():
    emitted, done = [], {}

    def emit(op, operands, last):
        emitted.append(operands)
        return len(emitted)

    emit_operations(x * y, emit, done)
    emit_operations(x * y, emit, done)  # into another place
    products = [Expr(None, "multiply", (x, Expr(zero))) for zero in (0.0, -0.0)]
    emit_operations(Expr(None, "add", tuple(products)), emit, done)
    assert len(emitted) == 5


def test_a_leaf_alone_is_no_operation():
    assert emit_operations(x, lambda *_: pytest.fail("an operation"), {}) == "x"
